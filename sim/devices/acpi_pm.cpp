#include "sim/devices/acpi_pm.hpp"

#include <utility>

#include "sim/base/check.hpp"

namespace hvlab::devices {

using namespace acpi;

namespace {

/// The register that holds byte `offset`, or nullptr.
const Layout* layout_of(u32 offset) {
  for (const Layout& r : kLayout) {
    if (offset >= r.offset && offset < r.offset + u32{r.bytes}) return &r;
  }
  return nullptr;
}

}  // namespace

AcpiPm::AcpiPm(Clock& clock, Outputs outputs, unsigned timer_bits, observe::DeviceProbe probe)
    : clock_(clock),
      outputs_(std::move(outputs)),
      timer_bits_(timer_bits),
      probe_(probe),
      event_(clock.add_event("acpi.timer", [this] { update_sci(); })),
      registers_(kBankSize, *this, &AcpiPm::read, &AcpiPm::write),
      command_ports_(2, *this, &AcpiPm::read_command, &AcpiPm::write_command),
      reset_control_(1, *this, &AcpiPm::read_reset, &AcpiPm::write_reset) {
  HVLAB_CHECK(timer_bits == 24 || timer_bits == 32);
}

void AcpiPm::reset() {
  state_ = State{};
  state_.timer_half_periods = half_periods();
  update_sci();
}

u16 AcpiPm::word(u8 offset) const {
  return static_cast<u16>(state_.registers[offset] | state_.registers[offset + 1] << 8);
}

void AcpiPm::set_word(u8 offset, u16 value) {
  state_.registers[offset] = static_cast<u8>(value);
  state_.registers[offset + 1] = static_cast<u8>(value >> 8);
}

// --- PM timer
// ------------------------------------------------------------------------------------------------------

u32 AcpiPm::timer() const { return static_cast<u32>(ticks_.at(clock_.now()) & low_mask(timer_bits_)); }

u64 AcpiPm::half_periods() const { return ticks_.at(clock_.now()) >> (timer_bits_ - 1); }

// TMROF_STS is set whenever the timer's top bit changes (ACPI 4.8.3.3).
void AcpiPm::catch_up() {
  const u64 passed = half_periods();
  if (passed == state_.timer_half_periods) return;
  state_.timer_half_periods = passed;
  set_word(kPm1Status, word(kPm1Status) | kTimer);
}

// --- Events
// --------------------------------------------------------------------------------------------------------

void AcpiPm::update_sci() {
  catch_up();
  const u16 status = word(kPm1Status), enable = word(kPm1Enable);
  const bool pending = (status & enable) != 0 || (word(kGpeStatus) & word(kGpeEnable)) != 0;
  const bool level = pending && (word(kPm1Control) & kSciEnable) != 0;
  if (level != sci_level_) {
    sci_level_ = level;
    probe_.report(observe::EventKind::LineInterrupt, 9, level);
    outputs_.sci.set(level);
  }
  if ((enable & kTimer) != 0 && (status & kTimer) == 0) {
    clock_.arm(event_, ticks_.time_of((half_periods() + 1) << (timer_bits_ - 1)));
  } else {
    clock_.disarm(event_);
  }
}

void AcpiPm::press_power_button() {
  set_word(kPm1Status, word(kPm1Status) | kPowerButton);
  update_sci();
}

void AcpiPm::general_event(unsigned n) {
  HVLAB_CHECK(n < 16);
  set_word(kGpeStatus, static_cast<u16>(word(kGpeStatus) | 1u << n));
  update_sci();
}

void AcpiPm::enable_acpi() {
  set_word(kPm1Control, word(kPm1Control) | kSciEnable);
  update_sci();
}

// --- Registers
// -----------------------------------------------------------------------------------------------------

u8 AcpiPm::read(u32 offset) {
  catch_up();
  if (offset >= kPmTimer && offset < kPmTimer + 4u)
    return static_cast<u8>(timer() >> (8 * (offset - kPmTimer)));
  return state_.registers[offset];  // PLVL2 and PLVL3 read zero: the processor stays in C1
}

void AcpiPm::write(u32 offset, u8 value) {
  const Layout* layout = layout_of(offset);
  if (layout == nullptr) return;
  catch_up();
  const unsigned shift = 8 * (offset - layout->offset);
  const u8 writable = static_cast<u8>(layout->writable >> shift);
  const u8 clears = static_cast<u8>(layout->write_one_clears >> shift);
  u8& byte = state_.registers[offset];
  byte = static_cast<u8>(((byte & ~writable) | (value & writable)) & ~(value & clears));
  update_sci();
  const bool sleep = offset == kPm1Control + 1u && (value & kSleepEnable >> 8) != 0;
  if (sleep && bits(word(kPm1Control), kSleepTypeShift + 2, kSleepTypeShift) == kSoftOff &&
      outputs_.power_off) {
    outputs_.power_off();
  }
}

u8 AcpiPm::read_command(u32 offset) { return offset == 0 ? state_.command : state_.command_status; }

// A write of port B2h raises an SMI; the two commands that the FADT names are carried out here in firmware's
// stead.
void AcpiPm::write_command(u32 offset, u8 value) {
  if (offset != 0) {
    state_.command_status = value;
    return;
  }
  state_.command = value;
  if (value == kAcpiEnableCommand) enable_acpi();
  if (value == kAcpiDisableCommand) {
    set_word(kPm1Control, static_cast<u16>(word(kPm1Control) & ~kSciEnable));
    update_sci();
  }
}

void AcpiPm::write_reset(u32, u8 value) {
  const bool rise = (value & ~state_.reset_control & kResetProcessor) != 0;
  state_.reset_control = value & (kSystemReset | kResetProcessor);
  if (rise && outputs_.reset) outputs_.reset();
}

}  // namespace hvlab::devices
