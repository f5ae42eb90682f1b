// A calendar for device tests: time moves only when the test says so, and deadlines fire in the order the
// Clock port promises (earliest first, equal ones by event id).
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/ports/clock.hpp"

namespace hvlab::test {

class FakeClock final : public Clock {
 public:
  Picoseconds now() const override { return now_; }

  EventId add_event(std::string name, std::function<void()> fire) override {
    events_.push_back({std::move(name), std::move(fire), kNever});
    return static_cast<EventId>(events_.size() - 1);
  }
  void arm(EventId event, Picoseconds deadline) override { events_.at(event).deadline = deadline; }
  void disarm(EventId event) override { events_.at(event).deadline = kNever; }

  /// Every deadline fires this much after its time, as it does where a processor cycle is the finest step.
  void set_lateness(Picoseconds lateness) { lateness_ = lateness; }

  /// Moves time forward by `span`, firing what falls due on the way (deadlines already past fire at once).
  void advance(Picoseconds span) { advance_to(now_ + span); }

  void advance_to(Picoseconds time) {
    for (Entry* next = earliest(); next != nullptr && next->deadline <= time; next = earliest()) {
      const Picoseconds late = next->deadline + lateness_;
      if (late > now_) now_ = late;
      next->deadline = kNever;
      ++fired_;
      next->fire();
    }
    if (time > now_) now_ = time;
  }

  /// The earliest deadline of all, kNever if nothing is armed.
  Picoseconds next_deadline() const {
    Picoseconds next = kNever;
    for (const Entry& entry : events_) next = entry.deadline < next ? entry.deadline : next;
    return next;
  }
  bool armed(EventId event) const { return events_.at(event).deadline != kNever; }
  /// How many deadlines have fired so far.
  u64 fired() const { return fired_; }

 private:
  struct Entry {
    std::string name;
    std::function<void()> fire;
    Picoseconds deadline;
  };

  Entry* earliest() {
    Entry* best = nullptr;
    for (Entry& entry : events_) {
      if (entry.deadline != kNever && (best == nullptr || entry.deadline < best->deadline)) best = &entry;
    }
    return best;
  }

  std::vector<Entry> events_;
  Picoseconds now_ = 0;
  Picoseconds lateness_ = 0;
  u64 fired_ = 0;
};

}  // namespace hvlab::test
