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
/// Those that the rules on the guest's registers look at, but for RIP and RFLAGS.
constexpr Run kGuestRegisters[] = {
    {Field::GuestEsSelector, 8},                              // to TR's
    {Field::GuestDebugCtl, 9},                                // to IA32_BNDCFGS
    {Field::EntryControls, 1},    {Field::GuestEsLimit, 18},  // limits and access rights
    {Field::GuestCr0, 14},                                    // control registers, base addresses, DR7
    {Field::GuestSysenterEsp, 2},                             // and EIP
};

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

static_assert(index(Field::GuestDebugCtl) + 8 == index(Field::GuestBndcfgs));
static_assert(index(Field::GuestEsLimit) + 17 == index(Field::GuestTrAccessRights));
static_assert(index(Field::GuestCr0) + 13 == index(Field::GuestDr7));
static_assert(index(Field::GuestSysenterEsp) + 1 == index(Field::GuestSysenterEip));

/// Where word `n` of the runs stands in the region.
template <size_t N>
constexpr unsigned place(const Run (&runs)[N], unsigned n) {
  for (const Run& run : runs) {
    if (n < run.count) return index(run.first) + n;
    n -= run.count;
  }
  return 0;
}

/// Without a loop: a VM entry is made of little else.
template <const auto& kRuns>
bool same(const arch::vmx::Vmcs& v, const u64* kept) {
  return [&]<size_t... kWord>(std::index_sequence<kWord...>) {
    return ((v.field[std::integral_constant<unsigned, place(kRuns, kWord)>::value] ^ kept[kWord]) | ...) == 0;
  }(std::make_index_sequence<words(kRuns)>());
}
template <const auto& kRuns>
void keep(const arch::vmx::Vmcs& v, u64* kept) {
  for (unsigned n = 0; n < words(kRuns); ++n) kept[n] = v.field[place(kRuns, n)];
}

/// 27.2.4 asks for the mode that VM entry is made in. All else about the processor stays as it is.
u64 mode(In e) { return e.cpu.long_active() ? 1 : 0; }

/// What the rules on the guest's registers ask of other fields. That secondary controls count is a primary
/// one's matter.
u64 guest_mode(In e) {
  return (guest_rflag(e, arch::flag::kVm) ? 1 : 0) | (has(e, Control::UnrestrictedGuest) ? 2 : 0);
}

}  // namespace

bool Settled::controls_and_host(const EntryState& e) const {
  static_assert(words(kControlsAndHost) <= kMost);
  return mode_ == mode(e) && same<kControlsAndHost>(e.vmcs, controls_and_host_);
}
bool Settled::guest_registers(const EntryState& e) const {
  static_assert(words(kGuestRegisters) <= kMost);
  return guest_mode_ == guest_mode(e) && same<kGuestRegisters>(e.vmcs, guest_registers_);
}
void Settled::keep_controls_and_host(const EntryState& e) {
  mode_ = mode(e);
  keep<kControlsAndHost>(e.vmcs, controls_and_host_);
}
void Settled::keep_guest_registers(const EntryState& e) {
  guest_mode_ = guest_mode(e);
  keep<kGuestRegisters>(e.vmcs, guest_registers_);
}

}  // namespace hvlab::vmx
