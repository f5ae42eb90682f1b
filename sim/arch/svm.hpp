// AMD secure virtual machines: the virtual machine control block and what stands in it (APM vol. 2,
// appendices B and C).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "sim/base/bits.hpp"

namespace hvlab::arch::svm {

/// Why a guest was left. The codes below A0h are at the same time the numbers of the intercept bits: bit N %
/// 32 of Control::intercept[N / 32].
enum class Exit : u64 {
#define SVM_EXIT(code, id, name, exit_class, source) id = (code),
#include "sim/arch/svm_exits.inc"
#undef SVM_EXIT
};

/// The row of svm_exits.inc that `code` is in: its own, or the first of a range's. Nothing if there is none.
std::optional<Exit> exit_row(u64 code);

/// The exit's name as printed ("hlt", "npf", "read-cr0"); ranges of one name carry their number. "?" if there
/// is none.
struct ExitName {
  std::string_view name;
  std::string_view source;  // where the APM describes it
};
ExitName exit_name(u64 code);

inline constexpr unsigned kReadCr = 0x00, kWriteCr = 0x10, kReadDr = 0x20, kWriteDr = 0x30, kException = 0x40;

/// TLB_CONTROL (15.16.1).
enum class TlbControl : u8 { Nothing = 0, FlushAll = 1, FlushGuest = 3, FlushGuestNonGlobal = 7 };

/// The word at 060h: virtual interrupts (15.21).
namespace virtual_interrupt {
inline constexpr u64 kTprMask = 0xFF, kIrq = bit(8), kGif = bit(9), kPriorityMask = 0xF0000,
                     kIgnoreTpr = bit(20), kMasking = bit(24), kGifEnable = bit(25);
inline constexpr unsigned kPriorityShift = 16, kVectorShift = 32;
}  // namespace virtual_interrupt

/// EVENTINJ and EXITINTINFO (15.20, 15.7.2): vector in 7..0, error code in 63..32.
namespace event {
inline constexpr u64 kTypeMask = 0x700, kErrorValid = bit(11), kValid = bit(31);
inline constexpr unsigned kTypeShift = 8, kErrorShift = 32;
enum class Type : u8 { Interrupt = 0, Nmi = 2, Exception = 3, Software = 4 };
}  // namespace event

/// EXITINFO1 of a nested page fault, above the bits of a page fault's error code (15.25.6).
namespace npf {
inline constexpr u64 kFinal = bit(32), kTables = bit(33);
}

/// EXITINFO1 of a port access (15.10.2).
namespace ioio {
inline constexpr u64 kInput = bit(0), kString = bit(2), kRepeated = bit(3);
inline constexpr unsigned kSizeShift = 4, kAddressShift = 7, kSegmentShift = 10, kPortShift = 16;
}  // namespace ioio

inline constexpr u64 kNestedPaging = bit(0);       // at 090h
inline constexpr u64 kLbrVirtualization = bit(0);  // at 0B8h
inline constexpr u64 kInterruptShadow = bit(0);    // at 068h
inline constexpr u64 kMovCr = bit(63);             // EXITINFO1: the access was a MOV (decode assists, 15.8.1)

inline constexpr u32 kIoMapBytes = 8 * 1024 + 1, kMsrMapBytes = 8 * 1024;  // 64 K + 3 bits; 15.11

/// A segment register: attributes are descriptor bits 55..52 and 47..40 as one 12-bit word; the limit is in
/// bytes.
struct SegmentArea {
  u16 selector, attributes;
  u32 limit;
  u64 base;
};

struct ControlArea {
  u32 intercept[6];
  u8 reserved1[0x3C - 0x18];
  u16 pause_threshold, pause_count;
  u64 io_map, msr_map, tsc_offset;
  u32 asid;
  u8 tlb_control, reserved2[3];
  u64 interrupt;  // virtual_interrupt
  u64 shadow;
  u64 exit_code, exit_info1, exit_info2, exit_interrupt_info;
  u64 nested_control;
  u8 reserved3[0xA8 - 0x98];
  u64 event_injection, nested_root, lbr_control;
  u32 clean, reserved4;
  u64 next_rip;
  u8 fetched, instruction[15];
  u8 reserved5[0x400 - 0xE0];
};

struct SaveArea {
  SegmentArea es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
  u8 reserved1[0xCB - 0xA0];
  u8 cpl;
  u32 reserved2;
  u64 efer;
  u8 reserved3[0x148 - 0xD8];
  u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
  u8 reserved4[0x1D8 - 0x180];
  u64 rsp;
  u8 reserved5[0x1F8 - 0x1E0];
  u64 rax, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip, cr2;
  u8 reserved6[0x268 - 0x248];
  u64 gpat, debug_ctl, last_branch_from, last_branch_to, last_interrupt_from, last_interrupt_to;
  u8 reserved7[0xC00 - 0x298];
};

struct Vmcb {
  ControlArea control;
  SaveArea save;
};

static_assert(sizeof(Vmcb) == 4096 && offsetof(Vmcb, save) == 0x400);
static_assert(offsetof(ControlArea, pause_threshold) == 0x3C && offsetof(ControlArea, io_map) == 0x40);
static_assert(offsetof(ControlArea, asid) == 0x58 && offsetof(ControlArea, tlb_control) == 0x5C);
static_assert(offsetof(ControlArea, interrupt) == 0x60 && offsetof(ControlArea, exit_code) == 0x70);
static_assert(offsetof(ControlArea, nested_control) == 0x90 &&
              offsetof(ControlArea, event_injection) == 0xA8);
static_assert(offsetof(ControlArea, nested_root) == 0xB0 && offsetof(ControlArea, clean) == 0xC0);
static_assert(offsetof(ControlArea, next_rip) == 0xC8 && offsetof(ControlArea, fetched) == 0xD0);
static_assert(offsetof(SaveArea, tr) == 0x90 && offsetof(SaveArea, cpl) == 0xCB &&
              offsetof(SaveArea, efer) == 0xD0);
static_assert(offsetof(SaveArea, cr4) == 0x148 && offsetof(SaveArea, rip) == 0x178 &&
              offsetof(SaveArea, rsp) == 0x1D8);
static_assert(offsetof(SaveArea, rax) == 0x1F8 && offsetof(SaveArea, cr2) == 0x240 &&
              offsetof(SaveArea, gpat) == 0x268);

}  // namespace hvlab::arch::svm
