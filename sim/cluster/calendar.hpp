// What is going to happen, earliest first: a heap of plain events, with no SystemC in sight.
#pragma once

#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

/// What happens: each has one function in the table of simulation.cpp.
enum class EventKind : u8 {
  LoadStep,       // demands are looked at anew (load.hpp)
  TaskEnds,       // of task `subject`
  FlowEnds,       // of flow `subject` (flows.hpp)
  MigrationStep,  // of migration `subject` (migration.hpp)
  StartUpEnds,    // of virtual machine `subject` (life.hpp)
  HaStage,        // of host `subject`: a step of what the others think of it (availability.hpp)
  HaAlone,        // of host `subject`: a step of what it thinks of itself
  HaRetry,        // virtual machines that found no host are tried again
  Balance,        // the scheduler of resources looks (balancing.hpp)
  FaultHappens,   // `subject` of the list of faults (faults.hpp)
  OrderComes,     // `subject` of the list of orders (orders.hpp)
  RepairPart,     // part `subject` of a pooled disk was away for long (pool.hpp)
  HostBoots,      // `subject` is on again (power_saving.hpp)
  HaElection,     // a step of the election of version `version` (availability.hpp)
  WindowEdge,     // edge `subject` of a window that is counted for itself (account.hpp)
  ServiceEnds,    // `subject` of the list of services (service.hpp)
  MoveTooLong,    // of migration `subject`: it was not done in time (migration.hpp)
  TasksCome,      // `subject` of the list of assignments (tasks.hpp)
  Count
};

/// 32 bytes. Nothing is taken out of the calendar: an event whose `version` is no longer its subject's is
/// passed over by its function.
struct Event {
  Nanoseconds at = 0;
  u64 order = 0;  // of being added: what is due at the same time happens in this order
  u32 subject = 0;
  u32 version = 0;
  EventKind kind = EventKind::LoadStep;
};

class Calendar {
 public:
  /// The time of the event that happens, or the end of the last run.
  Nanoseconds now() const { return now_; }
  /// Adds an event `after` from now.
  void add(Nanoseconds after, EventKind kind, u32 subject = 0, u32 version = 0);
  /// When the earliest is due; kForever if there is none.
  Nanoseconds next() const { return events_.empty() ? kForever : events_.front().at; }
  /// Takes the earliest out; its time is now. There is one.
  Event take();
  /// Lets time pass until `time`, by which nothing is due.
  void pass(Nanoseconds time);
  size_t size() const { return events_.size(); }
  /// How many were taken so far.
  u64 taken() const { return taken_; }
  void reserve(size_t events) { events_.reserve(events); }

 private:
  std::vector<Event> events_;  // a heap
  Nanoseconds now_ = 0;
  u64 added_ = 0;
  u64 taken_ = 0;
};

}  // namespace hvlab::cluster
