#include "sim/board/recorder.hpp"

namespace hvlab::board {

using observe::Event;
using observe::EventKind;

namespace {

// One step of a multiplicative hash: the product spreads low bits upwards, the shift brings high bits down.
constexpr u64 mix(u64 hash, u64 value) {
  hash = (hash ^ value) * 0x9e37'79b9'7f4a'7c15;
  return hash ^ (hash >> 29);
}

}  // namespace

void Recorder::on_event(const Event& event) {
  // Where somebody looks is no happening of the machine: the count and the hash are the same without it.
  if (event.kind == EventKind::Probe) {
    if (next_ != nullptr) next_->on_event(event);
    return;
  }
  EventCounts& counts = counts_;
  ++counts.kinds[static_cast<size_t>(event.kind)];
  if (event.kind == EventKind::Exception) ++counts.exceptions[event.a & 0xff];
  if (event.kind == EventKind::Interrupt) ++counts.interrupts[event.a & 0xff];
  const u64 what = static_cast<u64>(event.kind) | u64{event.core} << 8 | u64{event.device} << 16;
  counts.hash = mix(mix(mix(mix(mix(counts.hash, event.time), event.a), event.b), event.rip), what);
  ++counts.total;
  if (next_ == nullptr) return;
  Event numbered = event;
  numbered.sequence = static_cast<u32>(counts.total);
  next_->on_event(numbered);
}

void Recorder::device_event(observe::DeviceId device, EventKind kind, u64 a, u64 b) {
  on_event(Event{.time = processors_.now(),
                 .a = a,
                 .b = b,
                 .rip = 0,
                 .kind = kind,
                 .core = static_cast<u8>(processors_.running()),
                 .device = device,
                 .sequence = 0});
}

}  // namespace hvlab::board
