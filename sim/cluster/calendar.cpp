#include "sim/cluster/calendar.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace hvlab::cluster {

namespace {

struct Later {
  bool operator()(const Event& one, const Event& other) const {
    return one.at != other.at ? one.at > other.at : one.order > other.order;
  }
};

}  // namespace

void Calendar::add(Nanoseconds after, EventKind kind, u32 subject, u32 version) {
  if (after >= kForever - now_) return;  // it never happens
  events_.push_back({now_ + after, added_++, subject, version, kind});
  std::ranges::push_heap(events_, Later{});
}

Event Calendar::take() {
  HVLAB_CHECK(!events_.empty());
  std::ranges::pop_heap(events_, Later{});
  const Event event = events_.back();
  events_.pop_back();
  HVLAB_CHECK(event.at >= now_);
  now_ = event.at;
  ++taken_;
  return event;
}

void Calendar::pass(Nanoseconds time) {
  HVLAB_CHECK(time >= now_ && time <= next());
  now_ = time;
}

}  // namespace hvlab::cluster
