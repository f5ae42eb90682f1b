// The checks of VM entry on controls, host state and guest state (SDM vol. 3, 27.2 and 27.3.1): tables in the
// manual's order, one for each subsection, of rules that look and change nothing.
#pragma once

#include <span>
#include <string_view>

#include "sim/arch/vmx.hpp"
#include "sim/arch/vmx_exit.hpp"
#include "sim/cpu/cpu.hpp"

namespace hvlab::vmx {

/// What a rule looks at. `cpu` is still in root operation, with the host's registers; of memory the rules
/// read the virtual-APIC page, the region that the VMCS link pointer names and the guest's PDPTEs.
struct EntryState {
  const cpu::Cpu& cpu;
  const arch::vmx::Vmcs& vmcs;
  const arch::vmx::Controls& controls;  // controls_of(vmcs)
  u64 current;                          // the current-VMCS pointer: where `vmcs` lies
};

/// The five words of controls of `vmcs`; without "activate secondary controls" the secondary ones count as 0.
arch::vmx::Controls controls_of(const arch::vmx::Vmcs& vmcs);

/// What the checks say.
struct Verdict {
  enum class Kind : u8 {
    Pass,
    FailValid,  // VMfailValid with `error`, behind the instruction
    FailEntry   // a VM exit to the host for a failed entry (27.8): basic reason 33, with `qualification`, or
                // 34
  };
  Kind kind = Kind::Pass;
  arch::vmx::Error error{};
  u64 qualification = 0;
  // Which rule it was, for people: the manual's section, what it asks, the register if it is one of several.
  std::string_view section{}, rule{}, segment{};

  bool pass() const { return kind == Kind::Pass; }
};

/// Exit qualifications of a VM-entry failure for guest state (27.8).
namespace entry_failure {
inline constexpr u8 kOther = 0, kPdptes = 2, kNmiInjection = 3, kLinkPointer = 4;
}

/// Controls and host state (27.2.1 to 27.2.4). The manual leaves the order open; here the controls come
/// first, as its numbers do.
Verdict check_controls_and_host(const EntryState& e);
/// Guest state (27.3.1), once the above has passed.
Verdict check_guest(const EntryState& e);

// --- the tables ---

struct Check {
  std::string_view rule;
  bool (*holds)(const EntryState&);
  u8 qualification = entry_failure::kOther;
};

/// The fields of one segment register of the guest.
struct SegmentFields {
  unsigned number = 0;  // arch::Segment, then LDTR, TR
  u16 selector = 0;
  u64 base = 0;
  u32 limit = 0, rights = 0;

  bool usable() const { return !test_bit(rights, 16); }
  u32 type() const { return rights & 0xF; }
  u32 dpl() const { return (rights >> 5) & 3; }
  u32 rpl() const { return selector & 3u; }
};
inline constexpr unsigned kLdtr = 6, kTr = 7, kSegments = 8;
SegmentFields segment_of(const arch::vmx::Vmcs& vmcs, unsigned number);

struct SegmentCheck {
  u8 segments;  // bit n: applies to segment register n
  std::string_view rule;
  bool (*holds)(const EntryState&, const SegmentFields&);
};

std::span<const Check> execution_control_checks();       // 27.2.1.1
std::span<const Check> exit_control_checks();            // 27.2.1.2
std::span<const Check> entry_control_checks();           // 27.2.1.3
std::span<const Check> host_register_checks();           // 27.2.2
std::span<const Check> host_segment_checks();            // 27.2.3
std::span<const Check> address_space_checks();           // 27.2.4
std::span<const Check> guest_register_checks();          // 27.3.1.1
std::span<const SegmentCheck> guest_segment_checks();    // 27.3.1.2
std::span<const Check> guest_descriptor_table_checks();  // 27.3.1.3
std::span<const Check> guest_rip_rflags_checks();        // 27.3.1.4
std::span<const Check> guest_non_register_checks();      // 27.3.1.5
std::span<const Check> guest_pdpte_checks();             // 27.3.1.6

}  // namespace hvlab::vmx
