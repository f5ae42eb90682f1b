// The calendar: every deadline of the machine, as plain data that can be saved and restored.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/ports/clock.hpp"

namespace hvlab::board {

/// Where the calendar learns the time, and whom it tells that a run in progress must end earlier.
class TimeKeeper {
 public:
  virtual ~TimeKeeper() = default;
  /// The simulated time of the access or event in progress.
  virtual Picoseconds now() const = 0;
  /// The earliest deadline has moved to `deadline`, which is earlier than it was.
  virtual void deadline_brought_forward(Picoseconds deadline) = 0;
};

/// Every deadline, by event id; kNever where there is none. All of the calendar's state.
struct EventQueueState {
  std::vector<Picoseconds> deadlines;
};

class EventQueue final : public Clock {
 public:
  explicit EventQueue(TimeKeeper& keeper) : keeper_(keeper) {}

  // Clock
  Picoseconds now() const override { return keeper_.now(); }
  EventId add_event(std::string name, std::function<void()> fire) override;
  void arm(EventId event, Picoseconds deadline) override;
  void disarm(EventId event) override;

  /// The earliest deadline, or kNever.
  Picoseconds next() const { return next_; }

  /// Fires, in the order of (deadline, event id), everything whose deadline is not after `time`, including
  /// what the fired events arm. An event is disarmed before it is fired.
  void fire_due(Picoseconds time);

  /// The name `event` was registered with ("pit.channel0"), unique within the machine.
  const std::string& event_name(EventId event) const { return events_[event].name; }
  size_t size() const { return events_.size(); }

  const EventQueueState& state() const { return state_; }
  /// Puts the deadlines of a saved calendar in place; it must come from a machine with the same events.
  void restore(EventQueueState state);

 private:
  struct Event {
    std::string name;
    std::function<void()> fire;
  };

  void find_next();

  TimeKeeper& keeper_;
  std::vector<Event> events_;
  EventQueueState state_;
  // A machine has some tens of events, so finding the next one is a scan, made when the earliest changes.
  Picoseconds next_ = kNever;
  EventId next_event_ = 0;
};

}  // namespace hvlab::board
