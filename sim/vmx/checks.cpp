#include "sim/vmx/checks.hpp"

#include <bit>

namespace hvlab::vmx {

using arch::vmx::Control;
using arch::vmx::Controls;
using arch::vmx::Error;
using arch::vmx::Field;
using arch::vmx::Vmcs;
using arch::vmx::Word;

namespace {

/// Whether all of `checks` hold. If not, the first one that does not makes `v` the failure that `failure` is.
bool passes(Verdict& v, const EntryState& e, std::string_view section, bool (*all)(const EntryState&),
            std::span<const Check> checks, const Verdict& failure) {
  if (all(e)) return true;
  for (const Check& c : checks) {
    if (c.holds(e)) continue;
    v = failure;
    v.section = section;
    v.rule = c.rule;
    v.qualification = c.qualification;
    return false;
  }
  return true;
}

constexpr std::string_view kSegmentNames[kSegments] = {"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR"};

/// By rule first, then by register.
bool segments_pass(Verdict& v, const EntryState& e, const Verdict& failure) {
  if (guest_segments_hold(e)) return true;
  SegmentFields segments[kSegments];
  for (unsigned n = 0; n < kSegments; ++n) segments[n] = segment_of(e.vmcs, n);
  for (const SegmentCheck& c : guest_segment_checks()) {
    for (unsigned left = c.segments; left != 0; left &= left - 1) {
      const SegmentFields& s = segments[std::countr_zero(left)];
      if (c.holds(e, s)) continue;
      v = failure;
      v.section = "27.3.1.2";
      v.rule = c.rule;
      v.segment = kSegmentNames[s.number];
      return false;
    }
  }
  return true;
}

}  // namespace

Controls controls_of(const Vmcs& vmcs) {
  Controls c;
  const auto set = [&](Word w, Field f) { c.word[static_cast<size_t>(w)] = static_cast<u32>(vmcs[f]); };
  set(Word::PinBased, Field::PinBasedControls);
  set(Word::Primary, Field::PrimaryControls);
  set(Word::Exit, Field::ExitControls);
  set(Word::Entry, Field::EntryControls);
  if (c.has(Control::ActivateSecondaryControls)) set(Word::Secondary, Field::SecondaryControls);
  return c;
}

SegmentFields segment_of(const Vmcs& vmcs, unsigned number) {
  using arch::vmx::operator+;
  return {.number = number,
          .selector = static_cast<u16>(vmcs[Field::GuestEsSelector + number]),
          .base = vmcs[Field::GuestEsBase + number],
          .limit = static_cast<u32>(vmcs[Field::GuestEsLimit + number]),
          .rights = static_cast<u32>(vmcs[Field::GuestEsAccessRights + number])};
}

Verdict check_controls_and_host(const EntryState& e, Settled* settled) {
  if (settled != nullptr && settled->controls_and_host(e) && execution_controls_of_memory_hold(e) &&
      entry_controls_hold(e))
    return {};
  const Verdict controls{.kind = Verdict::Kind::FailValid, .error = Error::EntryControls};
  const Verdict host{.kind = Verdict::Kind::FailValid, .error = Error::EntryHostState};
  Verdict v;
  passes(v, e, "27.2.1.1", execution_controls_hold, execution_control_checks(), controls) &&
      passes(v, e, "27.2.1.2", exit_controls_hold, exit_control_checks(), controls) &&
      passes(v, e, "27.2.1.3", entry_controls_hold, entry_control_checks(), controls) &&
      passes(v, e, "27.2.2", host_registers_hold, host_register_checks(), host) &&
      passes(v, e, "27.2.3", host_segments_hold, host_segment_checks(), host) &&
      passes(v, e, "27.2.4", address_space_holds, address_space_checks(), host);
  if (settled != nullptr && v.pass()) settled->keep_controls_and_host(e);
  return v;
}

Verdict check_guest(const EntryState& e, Settled* settled) {
  const Verdict failure{.kind = Verdict::Kind::FailEntry};
  Verdict v;
  if (settled == nullptr || !settled->guest_registers(e)) {
    passes(v, e, "27.3.1.1", guest_registers_hold, guest_register_checks(), failure) &&
        segments_pass(v, e, failure) &&
        passes(v, e, "27.3.1.3", guest_descriptor_tables_hold, guest_descriptor_table_checks(), failure);
    if (!v.pass()) return v;
    if (settled != nullptr) settled->keep_guest_registers(e);
  }
  passes(v, e, "27.3.1.4", guest_rip_rflags_hold, guest_rip_rflags_checks(), failure) &&
      passes(v, e, "27.3.1.5", guest_non_registers_hold, guest_non_register_checks(), failure) &&
      passes(v, e, "27.3.1.6", guest_pdptes_hold, guest_pdpte_checks(), failure);
  return v;
}

}  // namespace hvlab::vmx
