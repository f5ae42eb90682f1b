// Counts what happens on the board, and condenses the stream of events into one number.
#pragma once

#include <array>

#include "sim/board/processors.hpp"
#include "sim/observe/event.hpp"

namespace hvlab::board {

/// How often what happened. Plain data.
struct EventCounts {
  std::array<u64, static_cast<size_t>(observe::EventKind::Count)> kinds{};
  std::array<u64, 256> exceptions{};  // by vector
  std::array<u64, 256> interrupts{};  // by vector
  u64 total = 0;
  /// Depends on every field of every event and on their order: two runs with equal hashes saw the same. Not
  /// cryptographic.
  u64 hash = 0xcbf2'9ce4'8422'2325;
};

/// The machine's one observer: numbers the events, counts them, and passes them on.
class Recorder final : public observe::Observer, public observe::DeviceProbe::Sink {
 public:
  explicit Recorder(const Processors& processors) : processors_(processors) {}

  /// Passes every event on to `next` as well; null for nobody.
  void forward_to(observe::Observer* next) { next_ = next; }

  const EventCounts& counts() const { return counts_; }

  // Observer
  void on_event(const observe::Event& event) override;
  // DeviceProbe::Sink: stamps the time and the processor in whose time the device acts
  void device_event(observe::DeviceId device, observe::EventKind kind, u64 a, u64 b) override;

 private:
  const Processors& processors_;
  observe::Observer* next_ = nullptr;
  EventCounts counts_;
};

}  // namespace hvlab::board
