// The threads that could run on one processor, in the order of the time that they have had ("virtual time":
// what they had, divided by their weight). The one with the least goes first, so that all get their share.
// Knows no threads, only entries, so that it runs in a test too.
#pragma once

#include "hv-models/kernel/list.hpp"
#include "sim/base/types.hpp"

namespace hvlab::kernel {

struct RunTag {};
struct RunEntry : Link<RunTag> {
  u64 virtual_time = 0;
};

class RunQueue {
 public:
  /// One that slept keeps no claim on the time it let pass, but for half a slice that lets it in soon.
  static constexpr u64 kSleeperBonus = 2'000'000;

  /// `entry` can run again. `base_there`: base() of the queue where it was last, as it is now, so that what
  /// others had there while it slept counts for it.
  void add(RunEntry& entry, u64 base_there);
  /// Whoever runs here has come to `virtual_time`.
  void advance(u64 virtual_time);
  /// Puts back what take() gave, its time charged.
  void put_back(RunEntry& entry);
  void remove(RunEntry& entry) { entries_.remove(entry), --size_; }

  /// Takes the first entry that may_run(entry) allows; nullptr if none.
  template <typename MayRun>
  RunEntry* take(MayRun may_run);

  unsigned size() const { return size_; }
  /// The least virtual time of late; never goes back.
  u64 base() const { return base_; }

 private:
  void insert(RunEntry& entry);
  List<RunEntry, RunTag> entries_;  // ascending
  unsigned size_ = 0;
  u64 base_ = 0;
};

template <typename MayRun>
RunEntry* RunQueue::take(MayRun may_run) {
  for (RunEntry* entry = entries_.front(); entry != nullptr; entry = entries_.after(*entry)) {
    if (!may_run(*entry)) continue;
    remove(*entry);
    if (entry->virtual_time > base_) base_ = entry->virtual_time;
    return entry;
  }
  return nullptr;
}

}  // namespace hvlab::kernel
