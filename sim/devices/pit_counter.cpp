#include "sim/devices/pit_counter.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::devices {
namespace {

constexpr u32 from_bcd(u32 value) {
  return (value & 15) + 10 * ((value >> 4) & 15) + 100 * ((value >> 8) & 15) + 1000 * (value >> 12);
}
constexpr u32 to_bcd(u32 value) {
  return (value % 10) | (value / 10 % 10) << 4 | (value / 100 % 10) << 8 | (value / 1000 % 10) << 12;
}

}  // namespace

void PitCounter::reset(bool gate) {
  const u64 tick = state_.tick;
  state_ = State{};
  state_.tick = tick;
  state_.gate = gate;
}

// Mode bits x10 and x11 are modes 2 and 3.
unsigned PitCounter::mode() const {
  const unsigned m = (state_.control >> 1) & 7;
  return m >= 6 ? m - 4 : m;
}

void PitCounter::write_control(u8 value) {
  State& s = state_;
  s.control = value & 0x3F;
  s.out = mode() != 0;
  s.loaded = s.armed = s.strobe = s.load_next = false;
  s.writing_high = s.reading_high = s.count_latched = s.status_latched = false;
  s.null_count = true;
  s.written = 0;
}

void PitCounter::write_count(u8 value) {
  State& s = state_;
  switch (access()) {
    case 1: new_count(value); return;
    case 2: new_count(static_cast<u16>(value << 8)); return;
    default: break;
  }
  if (!s.writing_high) {
    s.low_byte = value;
    s.writing_high = true;
    if (mode() == 0) {  // "writing the first byte disables counting; OUT is set low immediately"
      s.out = s.loaded = s.armed = false;
    }
    return;
  }
  s.writing_high = false;
  new_count(static_cast<u16>(value << 8 | s.low_byte));
}

void PitCounter::new_count(u16 value) {
  State& s = state_;
  s.written = (s.control & 1) != 0 ? from_bcd(value) % 10000 : value;
  if (s.written == 0) s.written = modulus();
  s.null_count = true;
  switch (mode()) {
    case 0:
      s.out = false;
      s.load_next = true;
      break;
    case 4: s.load_next = true; break;
    case 2:
    case 3: s.load_next = s.load_next || !s.loaded; break;  // a running period is finished first
    default: break;                                         // 1, 5: at the next trigger
  }
}

void PitCounter::set_gate(bool level) {
  State& s = state_;
  const bool rise = level && !s.gate;
  s.gate = level;
  switch (mode()) {
    case 1:
    case 5: s.load_next = s.load_next || (rise && s.written != 0); break;
    case 2:
    case 3:
      if (!level) s.out = true;
      if (rise && s.written != 0) s.load_next = true;
      break;
    default: break;
  }
}

bool PitCounter::counting() const {
  const unsigned m = mode();
  return state_.loaded && (state_.gate || m == 1 || m == 5);
}

// Mode 3: OUT is high for (N + 1) / 2 pulses and low for (N - 1) / 2, N / 2 each if N is even.
u32 PitCounter::half_length() const { return std::max<u32>((state_.initial + (state_.out ? 1 : 0)) / 2, 1); }

// Pulses until something happens other than counting down: a change of OUT or a reload.
u64 PitCounter::pulses_to_event() const {
  const State& s = state_;
  if (s.strobe) return 1;
  switch (mode()) {
    case 2: return s.count > 1 ? s.count - 1 : 1;
    case 3: return half_length() - s.pulses_in_half;
    default: return s.armed ? s.count : kNoEdge;
  }
}

void PitCounter::elapse(u64 pulses) {
  State& s = state_;
  s.tick += pulses;
  if (mode() == 3) {
    s.pulses_in_half += static_cast<u32>(pulses);
    return;
  }
  const u32 m = modulus();
  s.count = static_cast<u32>((s.count % m + m - pulses % m) % m);
}

// Called when pulses_to_event() pulses have passed.
void PitCounter::event() {
  State& s = state_;
  switch (mode()) {
    case 0:
    case 1:
      s.out = true;
      s.armed = false;
      break;
    case 2:
      if (s.initial == 1 ||
          !s.out) {  // a count of 1 is not allowed here: it reloads at each pulse, OUT stays high
        load();
        s.out = true;
      } else {
        s.out = false;
      }
      break;
    case 3: {
      const bool high = s.initial == 1 || !s.out;
      load();
      s.out = high;
      break;
    }
    default:
      s.out = s.strobe;
      s.strobe = !s.strobe;
      s.armed = false;
      break;
  }
}

void PitCounter::load() {
  State& s = state_;
  s.load_next = false;
  s.null_count = false;
  s.initial = s.count = s.written;
  s.pulses_in_half = 0;
  s.loaded = true;
}

void PitCounter::skip_periods(u64 tick) {
  State& s = state_;
  const unsigned m = mode();
  if ((m == 2 || m == 3) && s.written == s.initial && tick > s.tick) {
    s.tick += (tick - s.tick) / s.initial * s.initial;
  }
}

void PitCounter::advance(u64 tick) {
  State& s = state_;
  while (s.tick < tick) {
    if (s.load_next) {
      ++s.tick;
      load();
      const unsigned m = mode();
      s.armed = m == 0 || m == 1 || m == 4 || m == 5;
      s.strobe = false;
      s.out = m != 0 && m != 1;
      continue;
    }
    if (!counting()) {
      s.tick = tick;
      return;
    }
    const u64 event_after = pulses_to_event();
    if (tick - s.tick < event_after) return elapse(tick - s.tick);
    elapse(event_after);
    event();
    skip_periods(tick);
  }
}

u64 PitCounter::next_edge() const {
  PitCounter ahead = *this;
  const bool out = ahead.out();
  for (int events = 0; events < 4; ++events) {  // a load, then at most a reload that leaves OUT as it is
    u64 pulses = 1;
    if (!ahead.state_.load_next) {
      if (!ahead.counting()) return kNoEdge;
      pulses = ahead.pulses_to_event();
      if (pulses == kNoEdge) return kNoEdge;
    }
    ahead.advance(ahead.state_.tick + pulses);
    if (ahead.out() != out) return ahead.state_.tick;
  }
  return kNoEdge;
}

u16 PitCounter::visible_count() const {
  const State& s = state_;
  u32 value = s.count;
  if (mode() == 3 && s.loaded) value = (s.initial & ~1u) - 2 * std::min(s.pulses_in_half, s.initial / 2);
  return static_cast<u16>((s.control & 1) != 0 ? to_bcd(value % 10000) : value);
}

void PitCounter::latch_count() {
  if (state_.count_latched) return;
  state_.count_latched = true;
  state_.count_latch = visible_count();
}

void PitCounter::latch_status() {
  const State& s = state_;
  if (s.status_latched) return;
  state_.status_latched = true;
  state_.status_latch = static_cast<u8>((s.out ? 0x80 : 0) | (s.null_count ? 0x40 : 0) | s.control);
}

u8 PitCounter::read() {
  State& s = state_;
  if (s.status_latched) {
    s.status_latched = false;
    return s.status_latch;
  }
  const u16 value = s.count_latched ? s.count_latch : visible_count();
  const unsigned how = access();
  const bool high = how == 2 || (how == 3 && s.reading_high);
  if (how == 3) s.reading_high = !s.reading_high;
  if (how != 3 || high) s.count_latched = false;
  return static_cast<u8>(high ? value >> 8 : value);
}

}  // namespace hvlab::devices
