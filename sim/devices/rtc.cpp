#include "sim/devices/rtc.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"

namespace hvlab::devices {

using namespace rtc;

namespace {

constexpr u64 kCrystalHertz = 32'768;
// MC146818A, figure 12: the update takes 1984 us, UIP precedes it by at least 244 us.
constexpr Picoseconds kUpdateTime = (1984 + 244) * kMicrosecond;
constexpr u8 kFlags = kPeriodicEnable | kAlarmEnable | kUpdateEnable;

u32 days_in_month(u32 month, u32 year) {
  constexpr std::array<u8, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0;  // as the chip does it: two digits, every fourth year
  return month == 2 && leap ? 29 : kDays[(month - 1) % 12];
}

// Log2 of the divider taps' period in crystal cycles, 0 = no periodic interrupt (table 5: rates 1 and 2 are
// 256, 128 Hz).
unsigned rate_shift(u8 register_a) {
  const unsigned rate = register_a & kRateMask;
  if (rate == 0) return 0;
  return rate <= 2 ? rate + 6 : rate - 1;
}

}  // namespace

Rtc::Rtc(Clock& clock, InterruptLine& irq8, u64 start_unix_seconds, observe::DeviceProbe probe)
    : clock_(clock),
      irq8_(irq8),
      probe_(probe),
      event_(clock.add_event("rtc", [this] { update_irq(); })),
      ports_(2, *this, &Rtc::read_port, &Rtc::write_port),
      extended_ports_(2, *this, &Rtc::read_extended, &Rtc::write_extended) {
  state_.ram[kRegisterA] = kDividerRuns | 6;
  state_.ram[kRegisterB] = k24Hours;
  state_.ram[kRegisterD] = kValidRamAndTime;
  set_time(start_unix_seconds);
}

void Rtc::reset() {
  catch_up();
  state_.ram[kRegisterB] &= static_cast<u8>(~(kFlags | 0x08));
  state_.flags = 0;
  state_.flags_since = clock_.now();
  state_.index = state_.extended_index = 0;
  state_.nmi_masked = false;
  update_irq();
}

// --- Time: 00h-09h and the century
// ---------------------------------------------------------------------------------

u8 Rtc::decode(u8 index) const {
  const u8 value = state_.ram[index];
  const bool binary = (state_.ram[kRegisterB] & kBinary) != 0;
  return static_cast<u8>(binary ? value : (value >> 4) * 10 + (value & 15));
}

void Rtc::encode(u8 index, u32 value) {
  const bool binary = (state_.ram[kRegisterB] & kBinary) != 0;
  state_.ram[index] = static_cast<u8>(binary ? value : ((value / 10 % 10) << 4) | (value % 10));
}

u32 Rtc::hour() const {
  if ((state_.ram[kRegisterB] & k24Hours) != 0) return decode(kHours);
  const bool pm = (state_.ram[kHours] & kPm) != 0;
  const State& s = state_;
  const u8 low = s.ram[kHours] & 0x7F;
  const u32 hour12 = (s.ram[kRegisterB] & kBinary) != 0 ? low : (low >> 4) * 10u + (low & 15u);
  return hour12 % 12 + (pm ? 12 : 0);
}

void Rtc::set_hour(u32 hour24) {
  if ((state_.ram[kRegisterB] & k24Hours) != 0) return encode(kHours, hour24);
  encode(kHours, hour24 % 12 == 0 ? 12 : hour24 % 12);
  if (hour24 >= 12) state_.ram[kHours] |= kPm;
}

void Rtc::set_time(u64 unix_seconds) {
  const u64 days = unix_seconds / 86'400;
  const u32 second = static_cast<u32>(unix_seconds % 86'400);
  encode(kSeconds, second % 60);
  encode(kMinutes, second / 60 % 60);
  set_hour(second / 3600);
  encode(kDayOfWeek, static_cast<u32>((days + 4) % 7 + 1));  // 1 January 1970 was a Thursday
  // Civil date from days since 1970, in years that begin on 1 March: 146 097 days make 400 years.
  const u64 shifted = days + 719'468;
  const u64 era = shifted / 146'097, day_of_era = shifted % 146'097;
  const u64 year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const u64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const u64 month_from_march = (5 * day_of_year + 2) / 153;
  const u64 month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const u64 year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
  encode(kDayOfMonth, static_cast<u32>(day_of_year - (153 * month_from_march + 2) / 5 + 1));
  encode(kMonth, static_cast<u32>(month));
  encode(kYear, static_cast<u32>(year % 100));
  state_.ram[kCentury] = static_cast<u8>(((year / 1000 % 10) << 4) | (year / 100 % 10));
}

void Rtc::update_time() {
  const auto carry = [this](u8 index, u32 last, u32 first) {
    const u32 value = decode(index);
    encode(index, value >= last ? first : value + 1);
    return value >= last;
  };
  if (!carry(kSeconds, 59, 0) || !carry(kMinutes, 59, 0)) return;
  const u32 next_hour = hour() + 1;
  set_hour(next_hour >= 24 ? 0 : next_hour);
  if (next_hour < 24) return;
  carry(kDayOfWeek, 7, 1);
  if (!carry(kDayOfMonth, days_in_month(std::max<u32>(decode(kMonth), 1), decode(kYear)), 1)) return;
  if (!carry(kMonth, 12, 1) || !carry(kYear, 99, 0)) return;
  const u8 century = state_.ram[kCentury];
  state_.ram[kCentury] = static_cast<u8>((century & 15) == 9 ? (century & 0xF0) + 0x10 : century + 1);
}

bool Rtc::alarm_matches() const {
  const auto matches = [this](u8 alarm, u8 time) {
    return state_.ram[alarm] >= kAlarmDontCare || state_.ram[alarm] == state_.ram[time];
  };
  return matches(kSecondsAlarm, kSeconds) && matches(kMinutesAlarm, kMinutes) && matches(kHoursAlarm, kHours);
}

// --- The divider chain
// ---------------------------------------------------------------------------------------------

bool Rtc::divider_runs() const { return (state_.ram[kRegisterA] & kDividerMask) == kDividerRuns; }

bool Rtc::updates_run() const { return divider_runs() && (state_.ram[kRegisterB] & kSet) == 0; }

// Carries out the updates whose time has come. While SET holds them back, the divider chain runs on.
void Rtc::catch_up() {
  if (!divider_runs()) return;
  for (; state_.next_update <= clock_.now(); state_.next_update += kSecond) {
    if (!updates_run()) continue;
    update_time();
    state_.flags |= kUpdateEnable;
    if (alarm_matches()) state_.flags |= kAlarmEnable;
  }
}

bool Rtc::update_in_progress() const {
  return updates_run() && clock_.now() + kUpdateTime >= state_.next_update;
}

// How often the divider tap of period 2^shift crystal cycles has fallen by `time`. Taps are in step with the
// seconds.
u64 Rtc::divider_edges(Picoseconds time, unsigned shift) const {
  return scale(time + kSecond - state_.next_update % kSecond, kCrystalHertz, kSecond) >> shift;
}

bool Rtc::periodic_flag() const {
  if ((state_.flags & kPeriodicEnable) != 0) return true;
  const unsigned shift = rate_shift(state_.ram[kRegisterA]);
  if (shift == 0 || !divider_runs()) return false;
  return divider_edges(clock_.now(), shift) != divider_edges(state_.flags_since, shift);
}

Picoseconds Rtc::next_periodic_edge() const {
  const unsigned shift = rate_shift(state_.ram[kRegisterA]);
  if (shift == 0 || !divider_runs()) return kNever;
  const u64 edge = divider_edges(clock_.now(), shift) + 1;
  return scale_up(edge << shift, kSecond, kCrystalHertz) + state_.next_update % kSecond - kSecond;
}

// Register C's flags as they stand now.
u8 Rtc::flags() const { return static_cast<u8>(state_.flags | (periodic_flag() ? kPeriodicEnable : 0)); }

void Rtc::update_irq() {
  catch_up();
  const u8 enables = state_.ram[kRegisterB] & kFlags;
  const bool level = (flags() & enables) != 0;
  if (level != irq_level_) {
    irq_level_ = level;
    if (level) probe_.report(observe::EventKind::LineInterrupt, 8, 1);
    irq8_.set(level);
  }
  // The calendar is needed only for what can interrupt.
  Picoseconds next = kNever;
  if ((enables & (kUpdateEnable | kAlarmEnable)) != 0 && updates_run()) next = state_.next_update;
  if ((enables & kPeriodicEnable) != 0 && !periodic_flag()) next = std::min(next, next_periodic_edge());
  next == kNever ? clock_.disarm(event_) : clock_.arm(event_, next);
}

// --- Registers
// -----------------------------------------------------------------------------------------------------

void Rtc::write_a(u8 value) {
  const bool ran = divider_runs();
  state_.flags = flags();  // by the rate so far
  state_.flags_since = clock_.now();
  state_.ram[kRegisterA] = value & static_cast<u8>(~kUpdateInProgress);
  if (divider_runs() && !ran)
    state_.next_update = clock_.now() + kSecond / 2;  // data sheet, "Divider control"
}

void Rtc::write_b(u8 value) {
  if ((value & kSet) != 0) value &= static_cast<u8>(~kUpdateEnable);  // SET clears UIE
  state_.ram[kRegisterB] = value;
}

u8 Rtc::read_c() {
  u8 value = flags();
  if ((value & state_.ram[kRegisterB] & kFlags) != 0) value |= kInterruptRequest;
  state_.flags = 0;
  state_.flags_since = clock_.now();
  return value;
}

u8 Rtc::read_register(u8 index) {
  catch_up();
  u8 value = state_.ram[index];
  if (index == kRegisterA && update_in_progress()) value |= kUpdateInProgress;
  if (index == kRegisterC) {
    value = read_c();
    update_irq();
  }
  return value;
}

void Rtc::write_register(u8 index, u8 value) {
  catch_up();
  switch (index) {
    case kRegisterA: write_a(value); break;
    case kRegisterB: write_b(value); break;
    case kRegisterC:
    case kRegisterD: return;  // read-only
    default: state_.ram[index] = value; return;
  }
  update_irq();
}

u8 Rtc::read_port(u32 offset) { return offset == 0 ? 0xFF : read_register(state_.index); }

void Rtc::write_port(u32 offset, u8 value) {
  if (offset != 0) return write_register(state_.index, value);
  state_.index = value & 0x7F;
  state_.nmi_masked = test_bit(value, 7);
}

u8 Rtc::read_extended(u32 offset) {
  return offset == 0 ? state_.extended_index : state_.ram[0x80 | state_.extended_index];
}

void Rtc::write_extended(u32 offset, u8 value) {
  if (offset == 0) {
    state_.extended_index = value & 0x7F;
  } else {
    state_.ram[0x80 | state_.extended_index] = value;
  }
}

// --- What firmware stores
// ------------------------------------------------------------------------------------------

void Rtc::set_cmos(u8 index, u8 value) {
  HVLAB_CHECK(index > kRegisterD);
  state_.ram[index] = value;
  update_checksum();
}

void Rtc::set_memory_size(u64 below_4g, u64 above_4g) {
  constexpr u64 kMiB = 1 << 20;
  const auto store = [this](u8 index, u64 value, unsigned bytes) {
    value = std::min(value, low_mask(8 * bytes));
    for (unsigned i = 0; i < bytes; ++i) state_.ram[index + i] = static_cast<u8>(value >> (8 * i));
  };
  const auto above = [&](u64 start) { return below_4g > start ? below_4g - start : 0; };
  store(kBaseMemory, 640, 2);
  store(kExtendedMemory, above(kMiB) >> 10, 2);
  store(kExtendedMemory2, above(kMiB) >> 10, 2);
  store(kMemoryAbove16M, above(16 * kMiB) >> 16, 2);
  store(kMemoryAbove4G, above_4g >> 16, 3);
  update_checksum();
}

void Rtc::update_checksum() {
  u32 sum = 0;
  for (u8 index = 0x10; index < kChecksum; ++index) sum += state_.ram[index];
  state_.ram[kChecksum] = static_cast<u8>(sum >> 8);
  state_.ram[kChecksum + 1] = static_cast<u8>(sum);
}

}  // namespace hvlab::devices
