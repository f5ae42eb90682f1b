// Simulated time as devices see it: what time it is, and "call me then".
#pragma once

#include <functional>
#include <string>

#include "sim/base/types.hpp"

namespace hvlab {

/// Names one deadline of one device. Registered once, when the machine is built, so that the calendar itself
/// is plain data (event id, deadline) that can be saved and restored.
using EventId = u32;

class Clock {
 public:
  virtual ~Clock() = default;

  /// The simulated time of the access or event in progress, exact to the processor's cycle.
  virtual Picoseconds now() const = 0;

  /// Registers a deadline by name ("pit.channel0"); `fire` is called when it comes, with now() equal to or,
  /// at the granularity of a processor cycle, just after the deadline. Called while the machine is built, in
  /// a fixed order.
  virtual EventId add_event(std::string name, std::function<void()> fire) = 0;

  /// Sets (or moves) the deadline of `event`. A deadline in the past fires as soon as the running instruction
  /// ends. Equal deadlines fire in the order of their event ids.
  virtual void arm(EventId event, Picoseconds deadline) = 0;

  /// Forgets the deadline of `event`; harmless if it has none.
  virtual void disarm(EventId event) = 0;
};

}  // namespace hvlab
