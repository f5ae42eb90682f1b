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
  // NOLINTNEXTLINE(readability-redundant-member-init): whoever makes one may leave them out
  std::string_view section{}, rule{}, segment{};

  bool pass() const { return kind == Kind::Pass; }
};

/// Exit qualifications of a VM-entry failure for guest state (27.8).
namespace entry_failure {
inline constexpr u8 kOther = 0, kPdptes = 2, kNmiInjection = 3, kLinkPointer = 4;
}

/// What the rules of two groups looked at when they last held. A rule says the same as long as all that it
/// looks at is the same; a hypervisor changes little between two VM entries, and comparing words costs a
/// fraction of asking the rules. The words are compared with those in memory, where anybody may have changed
/// them, at every VM entry.
class Settled {
 public:
  /// True if rules of the group need not be asked. Of controls and host: those of 27.2.1.1 (but for
  /// `reads_memory`), 27.2.1.2, 27.2.2 to 27.2.4.
  bool controls_and_host(const EntryState& e) const;
  /// Those of 27.3.1.1 to 27.3.1.3.
  bool guest_registers(const EntryState& e) const;
  /// The rules of the group have just held.
  void keep_controls_and_host(const EntryState& e);
  void keep_guest_registers(const EntryState& e);

 private:
  static constexpr unsigned kMost = 64;  // fields of a group
  u64 controls_and_host_[kMost] = {}, guest_registers_[kMost] = {};
  // What is looked at besides fields; ~0: nothing is settled.
  u64 mode_ = ~u64{0}, guest_mode_ = ~u64{0};
};

/// Controls and host state (27.2.1 to 27.2.4). The manual leaves the order open; here the controls come
/// first, as its numbers do. With `settled` what it has need not be asked, and it is brought up to date.
Verdict check_controls_and_host(const EntryState& e, Settled* settled = nullptr);
/// Guest state (27.3.1), once the above has passed.
Verdict check_guest(const EntryState& e, Settled* settled = nullptr);

// --- the tables ---

struct Check {
  std::string_view rule;
  bool (*holds)(const EntryState&);
  u8 qualification = entry_failure::kOther;
  bool reads_memory = false;  // besides the VMCS, so that it is asked at every VM entry: see Settled
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

/// A subsection's rules: the table, and whether all of it holds, which is the same asked at once: VM entries
/// seldom fail, and asked rule by rule a table costs several times as much.
std::span<const Check> execution_control_checks();  // 27.2.1.1
bool execution_controls_hold(const EntryState& e);
bool execution_controls_of_memory_hold(const EntryState& e);  // Check::reads_memory
std::span<const Check> exit_control_checks();                 // 27.2.1.2
bool exit_controls_hold(const EntryState& e);
std::span<const Check> entry_control_checks();  // 27.2.1.3
bool entry_controls_hold(const EntryState& e);
std::span<const Check> host_register_checks();  // 27.2.2
bool host_registers_hold(const EntryState& e);
std::span<const Check> host_segment_checks();  // 27.2.3
bool host_segments_hold(const EntryState& e);
std::span<const Check> address_space_checks();  // 27.2.4
bool address_space_holds(const EntryState& e);
std::span<const Check> guest_register_checks();  // 27.3.1.1
bool guest_registers_hold(const EntryState& e);
std::span<const SegmentCheck> guest_segment_checks();  // 27.3.1.2
bool guest_segments_hold(const EntryState& e);
std::span<const Check> guest_descriptor_table_checks();  // 27.3.1.3
bool guest_descriptor_tables_hold(const EntryState& e);
std::span<const Check> guest_rip_rflags_checks();  // 27.3.1.4
bool guest_rip_rflags_hold(const EntryState& e);
std::span<const Check> guest_non_register_checks();  // 27.3.1.5
bool guest_non_registers_hold(const EntryState& e);
std::span<const Check> guest_pdpte_checks();  // 27.3.1.6
bool guest_pdptes_hold(const EntryState& e);

}  // namespace hvlab::vmx
