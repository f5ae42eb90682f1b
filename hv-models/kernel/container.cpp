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
  // Who is in several containers pays the price of the dearest: a container inside gains nothing outside its
  // own.
  u64 most = price(nanoseconds);
  for (const Container* c = parent.get(); c != nullptr && c->parent; c = c->parent.get()) {
    if (const u64 price = c->price(nanoseconds); price > most) most = price;
  }
  return most;
}

// The share is the container's, however many threads it has.
u64 Container::price(u64 nanoseconds) const {
  const u64 threads = ready_ > 0 ? ready_ : 1;
  return nanoseconds * threads * Limits{}.weight / limits.weight;
}

u64 Container::slice() const {
  if (limits.weight >= Limits{}.weight) return kSlice;
  const u64 slice = kSlice * limits.weight / Limits{}.weight;
  return slice < kShortestSlice ? kShortestSlice : slice;
}

// The system's own container has no share.
void Container::add_ready(int threads) {
  const auto add = [&](Container& c) {
    c.ready_ = static_cast<unsigned>(static_cast<int>(c.ready_) + threads);
  };
  add(*this);
  for (Container* c = parent.get(); c != nullptr && c->parent; c = c->parent.get()) add(*c);
}

bool Container::may_run(u64 now) {
  begin_period(now);
  return (limits.quota == 0 || used_ < limits.quota) && (!parent || parent->may_run(now));
}

}  // namespace hvlab::kernel
