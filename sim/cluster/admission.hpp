// Room that is kept for failures when machines are started for the first time.
#pragma once

#include <utility>
#include <vector>

#include "sim/cluster/explained.hpp"

namespace hvlab::cluster {

/// What is reserved and what is kept, reckoned once and then kept up to date by whoever starts machines; for
/// as long as nothing else changes.
class Admissions {
 public:
  explicit Admissions(const Simulation& sim);

  /// What is missing for one more machine; Nothing: it is admitted.
  Lack lack(Index machine) const;

  /// It was started.
  void started(Index machine);

 private:
  // A slot holds any machine: it has the largest reservation of processor time and the largest memory.
  struct Slot {
    u64 mhz = 0, memory = 1;
    bool operator==(const Slot&) const = default;
  };
  // Hosts alike that take machines.
  struct Kind {
    u64 mhz = 0, memory = 0, hosts = 0;
  };

  Slot with(Slot slot, Index machine) const;
  u64 slots_kept(Slot slot) const;
  Lack lack_of_slots(Index machine) const;
  Lack lack_of_part(Index machine) const;

  const Simulation& sim_;
  std::vector<Kind> kinds_;
  Slot slot_;
  u64 used_ = 0;                                 // slots
  u64 reserved_ = 0, committed_ = 0;             // MHz, MiB
  u64 mhz_ = 0, memory_ = 0;                     // of all hosts that take machines
  mutable std::pair<Slot, u64> kept_ = {{}, 0};  // what was reckoned last
};

/// Tells that a machine is refused for want of spare room, on `host` if that was asked.
void tell_no_spare(Simulation& sim, Index machine, Index host, Lack lack);

}  // namespace hvlab::cluster
