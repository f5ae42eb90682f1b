#include "sim/devices/pit.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::devices {
namespace {

constexpr u64 kRefreshTicks =
    18;  // about 15.1 us between refresh requests, as a PC's counter 1 is programmed

}  // namespace

Pit::Pit(Clock& clock, InterruptLine& irq0, observe::DeviceProbe probe)
    : clock_(clock),
      irq0_(irq0),
      probe_(probe),
      edge_(clock.add_event("pit.counter0", [this] { update_irq(); })),
      ports_(4, *this, &Pit::read, &Pit::write),
      port61_(1, *this, &Pit::read_port61, &Pit::write_port61) {
  reset();
}

void Pit::reset() {
  for (PitCounter& counter : counters_) counter.reset(true);
  counters_[2].reset(false);
  port61_bits_ = 0;
  update_irq();
}

// Counter 0 goes from edge to edge, so that none is lost where several fall into one processor cycle.
void Pit::catch_up() {
  const u64 tick = ticks_.at(clock_.now());
  PitCounter& timer = counters_[0];
  for (u64 edge = timer.next_edge(); edge <= tick; edge = timer.next_edge()) {
    timer.advance(edge);
    drive_irq(timer.out());
  }
  for (PitCounter& counter : counters_) counter.advance(tick);
}

void Pit::drive_irq(bool level) {
  if (level == irq_level_) return;
  irq_level_ = level;
  if (level) probe_.report(observe::EventKind::LineInterrupt, 0, 1);
  irq0_.set(level);
}

void Pit::update_irq() {
  catch_up();
  drive_irq(counters_[0].out());
  const u64 tick = counters_[0].next_edge();
  if (tick == PitCounter::kNoEdge) {
    clock_.disarm(edge_);
  } else {
    clock_.arm(edge_, ticks_.time_of(tick));
  }
}

bool Pit::out(unsigned n) {
  catch_up();
  return counters_.at(n).out();
}

u8 Pit::read(u32 offset) {
  if (offset == 3) return 0xFF;  // "no-operation": the bus floats
  catch_up();
  return counters_[offset].read();
}

void Pit::write(u32 offset, u8 value) {
  catch_up();
  if (offset == 3) {
    write_control(value);
  } else {
    counters_[offset].write_count(value);
  }
  update_irq();
}

void Pit::write_control(u8 value) {
  const unsigned select = value >> 6;
  if (select == 3) return read_back(value);
  if ((value & 0x30) == 0) return counters_[select].latch_count();
  counters_[select].write_control(value);
}

void Pit::read_back(u8 command) {
  for (unsigned n = 0; n < counters_.size(); ++n) {
    if (!test_bit(command, n + 1)) continue;
    if (!test_bit(command, 5)) counters_[n].latch_count();
    if (!test_bit(command, 4)) counters_[n].latch_status();
  }
}

// Bits 7 and 6 would report parity and channel-check errors: there are none.
u8 Pit::read_port61(u32) {
  catch_up();
  const bool refresh = test_bit(ticks_.at(clock_.now()) / kRefreshTicks, 0);
  return static_cast<u8>(port61_bits_ | (refresh ? 0x10 : 0) | (counters_[2].out() ? 0x20 : 0));
}

void Pit::write_port61(u32, u8 value) {
  catch_up();
  port61_bits_ = value & 0x0F;
  counters_[2].set_gate(test_bit(value, 0));
}

}  // namespace hvlab::devices
