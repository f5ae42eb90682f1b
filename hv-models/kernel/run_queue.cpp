#include "hv-models/kernel/run_queue.hpp"

namespace hvlab::kernel {

void RunQueue::insert(RunEntry& entry) {
  RunEntry* next = entries_.front();
  while (next != nullptr && next->virtual_time <= entry.virtual_time) next = entries_.after(*next);
  entries_.insert_before(entry, next);
  ++size_;
}

void RunQueue::add(RunEntry& entry, u64 previous_base) {
  // What it had beyond the others there, it has beyond the others here.
  const u64 ahead = entry.virtual_time > previous_base ? entry.virtual_time - previous_base : 0;
  const u64 behind = previous_base > entry.virtual_time ? previous_base - entry.virtual_time : 0;
  const u64 credit = behind < kSleeperBonus ? behind : kSleeperBonus;
  entry.virtual_time = base_ + ahead > credit ? base_ + ahead - credit : 0;
  insert(entry);
}

void RunQueue::put_back(RunEntry& entry) { insert(entry); }

}  // namespace hvlab::kernel
