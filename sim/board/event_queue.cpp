#include "sim/board/event_queue.hpp"

#include <utility>

#include "sim/base/check.hpp"

namespace hvlab::board {

EventId EventQueue::add_event(std::string name, std::function<void()> fire) {
  for (const Event& event : events_) HVLAB_CHECK(event.name != name);
  events_.push_back({std::move(name), std::move(fire)});
  state_.deadlines.push_back(kNever);
  return static_cast<EventId>(events_.size() - 1);
}

void EventQueue::arm(EventId event, Picoseconds deadline) {
  HVLAB_CHECK(event < events_.size());
  state_.deadlines[event] = deadline;
  if (deadline < next_) {
    next_ = deadline;
    next_event_ = event;
    keeper_.deadline_brought_forward(deadline);
  } else if (event == next_event_) {
    find_next();
  } else if (deadline == next_ && event < next_event_) {
    next_event_ = event;
  }
}

void EventQueue::disarm(EventId event) {
  HVLAB_CHECK(event < events_.size());
  if (state_.deadlines[event] == kNever) return;
  state_.deadlines[event] = kNever;
  if (event == next_event_) find_next();
}

void EventQueue::fire_due(Picoseconds time) {
  while (next_ <= time && next_ != kNever) {
    const EventId event = next_event_;
    state_.deadlines[event] = kNever;
    find_next();
    events_[event].fire();
  }
}

void EventQueue::restore(EventQueueState state) {
  HVLAB_CHECK(state.deadlines.size() == events_.size());
  state_ = std::move(state);
  find_next();
}

void EventQueue::find_next() {
  next_ = kNever;
  next_event_ = 0;
  for (EventId event = 0; event < state_.deadlines.size(); ++event) {
    if (state_.deadlines[event] < next_) {
      next_ = state_.deadlines[event];
      next_event_ = event;
    }
  }
}

}  // namespace hvlab::board
