// Namespaces and limits: what a group of processes may see and use. A container is one of each; the system
// itself is a container without limits.
#pragma once

#include "hv-models/kernel/reference.hpp"
#include "hv-models/runtime/spin_lock.hpp"
#include "sim/base/types.hpp"

namespace hvlab::kernel {

struct Process;
class NetworkSpace;

inline constexpr unsigned kMostLevels = 4;  // of process-number spaces inside each other

/// The numbers by which processes of a container know each other, from 1. A process has a number in the space
/// of its container and in each space around it.
struct PidSpace : Counted {
  Ref<PidSpace> parent;
  unsigned level = 0;
  u32 next = 1;
  Process* first = nullptr;  // whoever is number 1: gets orphans, and takes all with it when it ends
};

/// 0 means no limit, except for the weight.
struct Limits {
  u64 weight = 1024;  // share of the processors while others want them too
  u64 quota = 0;      // nanoseconds of all processors in each period of 100 ms
  u64 pages = 0;      // of memory of programs
  u64 processes = 0;
};

class Container : public Counted {
 public:
  static constexpr u64 kPeriod = 100'000'000;
  static constexpr u64 kSlice = 4'000'000, kShortestSlice = 250'000;

  Limits limits;
  Ref<Container> parent;
  Ref<PidSpace> pids;
  Ref<NetworkSpace> network;

  Container();
  ~Container();

  // Memory and processes: false if a limit, its own or of a container around it, would be passed.
  bool take_pages(u64 pages);
  void give_back_pages(u64 pages);
  bool take_process();
  void give_back_process();
  u64 pages() const { return pages_; }
  u64 most_pages() const { return most_pages_; }

  // Processor time, under the scheduler's lock.
  /// One of its threads had the processor for so long, until `now`; returns what that counts in virtual time.
  u64 charge(u64 nanoseconds, u64 now);
  /// How long one of its threads may run while others wait: less for one of little weight, so that it does not get
  /// far beyond its share at once.
  u64 slice() const;
  /// False while its quota is used up.
  bool may_run(u64 now);
  /// So many more of its threads can run, or fewer.
  void add_ready(int threads);
  static u64 next_period(u64 now) { return (now / kPeriod + 1) * kPeriod; }
  u64 processor_time() const { return total_; }

 private:
  void begin_period(u64 now);
  runtime::SpinLock lock_;
  u64 pages_ = 0, most_pages_ = 0, processes_ = 0;
  u64 price(u64 nanoseconds) const;
  unsigned ready_ = 0;  // threads that run or could, in containers inside it too
  u64 period_ = 0, used_ = 0, total_ = 0;
};

}  // namespace hvlab::kernel
