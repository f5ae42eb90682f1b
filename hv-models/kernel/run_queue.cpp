#include "hv-models/kernel/run_queue.hpp"

namespace hvlab::kernel {

void RunQueue::insert(RunEntry& entry) {
  RunEntry* next = entries_.front();
  while (next != nullptr && next->virtual_time <= entry.virtual_time) next = entries_.after(*next);
  entries_.insert_before(entry, next);
  ++size_;
}

void RunQueue::add(RunEntry& entry, u64 base_there) {
  // What it had beyond the others there, it has beyond the others here; what less, within limits.
  const u64 ahead = entry.virtual_time > base_there ? entry.virtual_time - base_there : 0;
  const u64 behind = base_there > entry.virtual_time ? base_there - entry.virtual_time : 0;
  const u64 credit = behind < kSleeperBonus ? behind : kSleeperBonus;
  entry.virtual_time = base_ + ahead > credit ? base_ + ahead - credit : 0;
  insert(entry);
}

void RunQueue::advance(u64 virtual_time) {
  const RunEntry* first = entries_.front();
  const u64 least =
      first != nullptr && first->virtual_time < virtual_time ? first->virtual_time : virtual_time;
  if (least > base_) base_ = least;
}

void RunQueue::put_back(RunEntry& entry) { insert(entry); }

}  // namespace hvlab::kernel
