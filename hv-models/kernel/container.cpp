#include "hv-models/kernel/container.hpp"

#include "hv-models/kernel/network_space.hpp"

namespace hvlab::kernel {

using runtime::Hold;

Container::Container() = default;
Container::~Container() = default;

bool Container::take_pages(u64 pages) {
  if (parent && !parent->take_pages(pages)) return false;
  {
    const Hold hold(lock_);
    if (limits.pages == 0 || pages_ + pages <= limits.pages) {
      pages_ += pages;
      if (pages_ > most_pages_) most_pages_ = pages_;
      return true;
    }
  }
  if (parent) parent->give_back_pages(pages);
  return false;
}

void Container::give_back_pages(u64 pages) {
  {
    const Hold hold(lock_);
    pages_ -= pages;
  }
  if (parent) parent->give_back_pages(pages);
}

bool Container::take_process() {
  if (parent && !parent->take_process()) return false;
  {
    const Hold hold(lock_);
    if (limits.processes == 0 || processes_ < limits.processes) {
      ++processes_;
      return true;
    }
  }
  if (parent) parent->give_back_process();
  return false;
}

void Container::give_back_process() {
  {
    const Hold hold(lock_);
    --processes_;
  }
  if (parent) parent->give_back_process();
}

void Container::begin_period(u64 now) {
  if (now / kPeriod == period_) return;
  period_ = now / kPeriod;
  used_ = 0;
}

u64 Container::charge(u64 nanoseconds, u64 now) {
  begin_period(now);
  used_ += nanoseconds;
  total_ += nanoseconds;
  if (parent) parent->charge(nanoseconds, now);
  // The share is the container's, however many threads it has.
  const u64 threads = ready_ > 0 ? ready_ : 1;
  return nanoseconds * threads * Limits{}.weight / limits.weight;
}

u64 Container::slice() const {
  if (limits.weight >= Limits{}.weight) return kSlice;
  const u64 slice = kSlice * limits.weight / Limits{}.weight;
  return slice < kShortestSlice ? kShortestSlice : slice;
}

bool Container::may_run(u64 now) {
  begin_period(now);
  return (limits.quota == 0 || used_ < limits.quota) && (!parent || parent->may_run(now));
}

}  // namespace hvlab::kernel
