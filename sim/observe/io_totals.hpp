// Requests by system, operation and size: how many, how long, and where their time went.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "sim/observe/io_request.hpp"

namespace hvlab::observe {

class IoTotals {
 public:
  explicit IoTotals(u64 frequency_hz) : frequency_hz_(frequency_hz) {}

  void add(const IoRequest& request);

  /// Times of many requests, in picoseconds.
  struct Times {
    std::vector<Picoseconds> each;  // of those that spent any
    Picoseconds sum = 0;
    u64 cycles = 0;         // of the sum
    Picoseconds after = 0;  // sum of the times from the requests' begin to the first that it is made of
    void add(Picoseconds time, u64 time_cycles);
    /// The least time that `percent` of `among` requests do not exceed; those that spent none count as 0.
    Picoseconds percentile(unsigned percent, u64 among) const;
  };
  using Key = std::tuple<unsigned, IoOperation, u64>;  // system, operation, bytes
  struct Group {
    u64 requests = 0, complete = 0, called = 0;
    u64 parts = 0;                     // of the machine's own system
    u64 copied = 0, copies_known = 0;  // bytes; requests of which it is known
    std::map<u64, u64> exits;          // by reason
    Times total;                       // from begin to end
    std::map<std::pair<IoStage, IoWhere>, Times> hops;
  };
  const std::map<Key, Group>& groups() const { return groups_; }

  /// The group's hops stage by stage, within a stage in the order in which its requests first meet them.
  using Hop = std::pair<const std::pair<IoStage, IoWhere>, Times>;
  static std::vector<const Hop*> in_order(const Group& group);

 private:
  u64 cycle_of(Picoseconds time) const;

  u64 frequency_hz_;
  std::map<Key, Group> groups_;
};

}  // namespace hvlab::observe
