// SystemC's event kernel under a calendar: the only place of the cluster tier that knows it.
#pragma once

#include <functional>

#include "sim/cluster/calendar.hpp"

namespace hvlab::cluster {

using Fire = std::function<void(const Event&)>;

/// Lets everything of `calendar` happen that is due until `until` (inclusive), calling `fire` for each event;
/// then it is `until`. SystemC's time follows: it waits once for each time at which something happens,
/// however much that is. May be called again, and for other calendars: the kernel's time goes on, each
/// calendar's own begins at 0. Not in a process with a simulated machine (SystemC elaborates once).
void carry(Calendar& calendar, Nanoseconds until, const Fire& fire);

/// The same without SystemC, to measure what it costs and to see that nothing depends on it.
void carry_plainly(Calendar& calendar, Nanoseconds until, const Fire& fire);

}  // namespace hvlab::cluster
