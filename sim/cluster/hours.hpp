// The busiest hour of everything: means alone hide what people wait for.
#pragma once

#include <vector>

#include "sim/cluster/types.hpp"

namespace hvlab::cluster {

struct Simulation;

/// A part of something, summed over a run, and its extreme among the run's hours.
struct Hourly {
  Sum part = 0, all = 0;                // of the whole run so far
  Sum part_before = 0, all_before = 0;  // when this hour began
  double most = 0, least = 1;           // of the hours that have passed and in which there was anything
  bool any = false;

  double ratio() const { return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all); }
  /// The least of the hours; of a run in which there was nothing at all, what ratio() says.
  double worst() const { return any ? least : ratio(); }
  void close_hour();
};

/// Looks at a run again and again, and keeps sums and each hour's extremes. Of runs under an hour the whole
/// run is one.
class Hours {
 public:
  /// Machines by the groups that `plan` counts them in: so many each, one group after the other.
  Hours(const Simulation& sim, std::vector<u32> group_sizes);

  /// After some more of the run was carried. The more often, the finer what is told of datastores.
  void look(const Simulation& sim);
  /// After the last look.
  void finish();

  Hourly hosts_used;       // of what all offered
  Hourly machines_served;  // of what all wanted
  std::vector<Hourly> host_used;
  std::vector<Hourly> group_served;
  std::vector<Hourly> store_busy;      // of time
  std::vector<Hourly> store_served;    // of requests
  std::vector<Hourly> store_response;  // microseconds, of requests

 private:
  void close_hour();

  std::vector<u32> group_sizes_;
  Nanoseconds looked_ = 0, hour_ = 0;
  bool closed_any_ = false;
};

}  // namespace hvlab::cluster
