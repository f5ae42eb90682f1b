// One exit as both vendors' processors report it: the vendor's own name, the class that exits of both have in
// common, and what the information says, by whatever vendor it comes from.
//
// A reason is EventKind::VmExit's `a`: an SVM exit code (APM vol. 2, appendix C), or a VMX exit-reason field
// below arch::vmx::kExitMark (SDM vol. 3, appendix C), or below arch::xen::kExitMark why a paravirtual guest
// was left. info1 is its `b`, EXITINFO1 or the exit qualification; info2 is `a` of VmExitDetail, EXITINFO2
// or, by the reason, VMX's guest-physical address, interruption information or instruction information.
#pragma once

#include <optional>
#include <string>

#include "sim/base/types.hpp"

namespace hvlab::observe {

enum class ExitClass : u8 {
#define EXIT_CLASS(id, name) id,
#include "sim/observe/exit_classes.inc"
#undef EXIT_CLASS
  Count
};

/// "hlt", "nested-page-fault", ...
const char* name(ExitClass exit_class);

/// What an exit is, as far as the processor says it. Where the class depends on more than the reason:
/// - an exception is Nmi (VMX's reason 0 has both), PageFault (vector 14) or Exception;
/// - a fault of the second stage is Mmio if the entry is one that no memory has: VMX's misconfiguration,
/// SVM's
///   reserved bit. That is how hypervisors mark addresses that they emulate. Else it is NestedPageFault:
///   nothing in the fault tells memory that is yet to be given from a device that is not marked, or not
///   marked yet.
/// With `info2` left out, VMX exceptions are all Exception.
ExitClass exit_class(u64 reason, u64 info1, u64 info2 = 0);
/// That of the reason alone, as it is with no information.
ExitClass exit_class(u64 reason);

/// The vendor's name as printed: "hlt", "npf", "write-cr3", "exception-14"; "HLT", "EPT_VIOLATION". Codes
/// that have none as numbers.
std::string exit_label(u64 reason);

/// The reason that is printed so; nothing if none is. Its class by the reason alone ("unknown" if there is
/// none), for runs whose statistics do not say it; whether it is one of VMX's.
std::optional<u64> reason_of_label(const std::string& label);
const char* class_of_label(const std::string& label);
bool is_vmx_label(const std::string& label);

/// True if the exit was between two instructions and is no instruction's: an interrupt, a window, a timer.
bool comes_from_outside(u64 reason, u64 info2);

/// True if the guest wanted to run a guest of its own: VMRUN, VMLAUNCH, VMRESUME.
bool runs_guest(u64 reason);

/// The interrupt that an exit has taken from the interrupt controller (SDM vol. 3, 26.7.1, "acknowledge
/// interrupt on exit"): its handler in the host is not found through the IDT.
std::optional<u8> acknowledged_interrupt(u64 reason, u64 info2);

/// An access to a port (APM vol. 2, 15.10.2; SDM vol. 3, table 28-5, and 28.2.5 for info2).
struct PortAccess {
  u16 port = 0;
  u8 bytes = 0;  // 1, 2, 4
  bool input = false, string = false, repeated = false;
  u8 address_bytes = 8;  // of a string: 2, 4, 8
  u8 segment = 0;        // of OUTS: arch::Segment's number
};
std::optional<PortAccess> port_access(u64 reason, u64 info1, u64 info2);

/// An access that the second stage of paging refused (APM vol. 2, 15.25.6; SDM vol. 3, table 28-7).
struct NestedFault {
  u64 guest_physical = 0;
  bool marked = false;  // the entry is one that no memory has; on VMX nothing more is known then
  bool write = false, fetch = false;
  bool present = false;  // there is a page, but not for this access
  bool tables = false;   // it was for the guest's own page tables
};
std::optional<NestedFault> nested_fault(u64 reason, u64 info1, u64 info2);

/// A move to or from a control, debug or model-specific register; CLTS, LMSW and SMSW move CR0.
struct RegisterAccess {
  std::optional<u8> number;  // of CR and DR; an MSR's is in the guest's ECX
  bool write = false;
};
std::optional<RegisterAccess> register_access(u64 reason, u64 info1);

/// The vector of an exception that left the guest.
std::optional<u8> exception_vector(u64 reason, u64 info2);

/// What information there is, in words: "port 3f8h out, 1 byte", "guest-physical fee000b0h, write, not
/// mapped", "CR3 write", "vector 14". Empty if it says nothing, in hexadecimal if nothing better is known.
std::string exit_text(u64 reason, u64 info1, u64 info2);

}  // namespace hvlab::observe
