// What people tell the cluster to do, and when.
#pragma once

#include <string_view>
#include <vector>

#include "sim/cluster/refusal.hpp"
#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

enum class OrderKind : u8 {
  PowerOn,           // `machine`, at `host` (kNone: where most is free)
  PowerOff,          // `machine`
  Move,              // `machine` to `host`, and its disk to `datastore` unless that is kNone
  MoveDisk,          // `machine`'s disk to `datastore`; it stays where it is
  EnterMaintenance,  // `host`
  LeaveMaintenance,  // `host`
  Resize,            // `machine` has reservation, limit and shares `values` from now on (kNone: as before)
  Snapshot,          // of `machine`'s disk
  Service,           // `host` is emptied, off for `lasts`, and used again
  CancelMove,        // `machine` stays where it is
  Count
};

std::string_view name(OrderKind kind);

struct Order {
  Nanoseconds at = 0;
  OrderKind kind = OrderKind::PowerOn;
  Index machine = kNone;
  Index host = kNone;
  Index datastore = kNone;
  u32 values[3] = {kNone, kNone, kNone};
  Nanoseconds lasts = 0;
};

/// Carries it out now; what is refused is in the log as well.
Refusal carry_out(Simulation& sim, const Order& order);

}  // namespace hvlab::cluster
