// What the checks of VM entry need not be asked again.
#include "sim/vmx/check_helpers.hpp"

namespace hvlab::vmx {

namespace {

/// Fields that follow each other in the region (sim/arch/vmx_fields.inc).
struct Run {
  Field first;
  unsigned count;
};

/// All fields that the rules on controls and host look at, but for those of event injection; and some between
/// them that seldom change.
constexpr Run kControlsAndHost[] = {
    {Field::Vpid, 2},                // to the posted-interrupt notification vector
    {Field::HostEsSelector, 15},     // to the PML address
    {Field::VirtualApicAddress, 5},  // to the EPT pointer
    {Field::EptpListAddress, 7},     // to the TSC multiplier
    {Field::HostPat, 14},            // to the VM-entry MSR-load count
    {Field::TprThreshold, 2},        // and the secondary controls
    {Field::HostCr0, 12},            // to the host's RIP
};
/// Those that the rules on segment registers look at, but for single bits.
constexpr Run kSegmentRegisters[] = {{Field::GuestEsSelector, 8},
                                     {Field::GuestEsLimit, 8},
                                     {Field::GuestEsAccessRights, 8},
                                     {Field::GuestEsBase, 8}};

template <size_t N>
constexpr unsigned words(const Run (&runs)[N]) {
  unsigned count = 0;
  for (const Run& run : runs) count += run.count;
  return count;
}

constexpr unsigned index(Field f) { return static_cast<unsigned>(f); }
// The runs end where they say that they do.
static_assert(index(Field::Vpid) + 1 == index(Field::PostedInterruptVector));
static_assert(index(Field::HostEsSelector) + 14 == index(Field::PmlAddress));
static_assert(index(Field::VirtualApicAddress) + 4 == index(Field::Eptp));
static_assert(index(Field::EptpListAddress) + 6 == index(Field::TscMultiplier));
static_assert(index(Field::HostPat) + 13 == index(Field::EntryMsrLoadCount));
static_assert(index(Field::TprThreshold) + 1 == index(Field::SecondaryControls));
static_assert(index(Field::HostCr0) + 11 == index(Field::HostRip));

template <const auto& kRuns>
bool same(const arch::vmx::Vmcs& v, const u64* kept) {
  u64 differing = 0;
  for (const Run& run : kRuns) {
    const u64* now = v.field + index(run.first);
    for (unsigned n = 0; n < run.count; ++n) differing |= now[n] ^ *kept++;
  }
  return differing == 0;
}
template <const auto& kRuns>
void keep(const arch::vmx::Vmcs& v, u64* kept) {
  for (const Run& run : kRuns)
    for (unsigned n = 0; n < run.count; ++n) *kept++ = v.field[index(run.first) + n];
}

/// 27.2.4 asks for the mode that VM entry is made in. All else about the processor stays as it is.
u64 mode(In e) { return e.cpu.long_active() ? 1 : 0; }

/// What the rules on segments ask of other fields.
u64 guest_mode(In e) {
  return (guest_rflag(e, arch::flag::kVm) ? 1 : 0) | (guest_cr0(e, arch::cr0::kPe) ? 2 : 0) |
         (has(e, Control::UnrestrictedGuest) ? 4 : 0) | (has(e, Control::Ia32eModeGuest) ? 8 : 0);
}

}  // namespace

bool Settled::controls_and_host(const EntryState& e) const {
  static_assert(words(kControlsAndHost) <= kMost);
  return mode_ == mode(e) && same<kControlsAndHost>(e.vmcs, controls_and_host_);
}
bool Settled::segments(const EntryState& e) const {
  static_assert(words(kSegmentRegisters) <= kMost);
  return guest_mode_ == guest_mode(e) && same<kSegmentRegisters>(e.vmcs, segments_);
}
void Settled::keep_controls_and_host(const EntryState& e) {
  mode_ = mode(e);
  keep<kControlsAndHost>(e.vmcs, controls_and_host_);
}
void Settled::keep_segments(const EntryState& e) {
  guest_mode_ = guest_mode(e);
  keep<kSegmentRegisters>(e.vmcs, segments_);
}

}  // namespace hvlab::vmx
