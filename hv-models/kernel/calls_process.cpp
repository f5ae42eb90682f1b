// Calls about processes, threads and the processors they run on.
#include "hv-models/kernel/bridge.hpp"
#include "hv-models/kernel/futex.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/network_space.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/scheduler.hpp"
#include "hv-models/kernel/system_calls.hpp"
#include "hv-models/kernel/user_time.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/processors.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::kernel {
namespace {

// CLONE_*
constexpr u64 kShareMemory = 0x100, kThread = 0x10000, kSetTls = 0x80000, kParentSetId = 0x10'0000,
              kChildClearId = 0x20'0000, kChildSetId = 0x100'0000, kSignalMask = 0xff;

constexpr size_t kMostArgumentBytes = 4096;
constexpr u64 kMostArguments = 128;

// A list of pointers to strings, ended by a null pointer, of a program.
int copy_strings(AddressSpace& space, u64 list, Strings& to) {
  for (u64 pointer = 0; list != 0; list += sizeof pointer) {
    if (space.copy_in(&pointer, list, sizeof pointer) < 0) return kFault;
    if (pointer == 0) return 0;
    if (to.count == kMostArguments || to.length == kMostArgumentBytes) return kTooBig;
    const int result = space.copy_in_text(to.bytes + to.length, pointer, kMostArgumentBytes - to.length);
    if (result < 0) return result == kNameTooLong ? int{kTooBig} : result;
    to.length += strlen(to.bytes + to.length) + 1;
    ++to.count;
  }
  return 0;
}

}  // namespace

i64 call_fork(const Arguments& c) { return fork_process(c.frame, 0, 0); }

// clone(flags, stack, parent_id, child_id, tls): a thread of this process, or a process of its own.
i64 call_clone(const Arguments& c) {
  const u64 flags = c.a[0];
  runtime::TrapFrame frame = c.frame;
  if (c.a[1] != 0) frame.rsp = c.a[1];
  const u64 clear = (flags & kChildClearId) != 0 ? c.a[3] : 0;
  if ((flags & kShareMemory) == 0) {
    constexpr u64 kKnown = kChildClearId | kChildSetId | kSignalMask;
    if ((flags & ~kKnown) != 0) return kInvalid;
    return fork_process(frame, clear, (flags & kChildSetId) != 0 ? c.a[3] : 0);
  }
  if ((flags & kThread) == 0) return kInvalid;
  const u64 fs_base = (flags & kSetTls) != 0 ? c.a[4] : current_thread().fs_base;
  if (fs_base >= runtime::kUserEnd)
    return kNotPermitted;  // WRMSR refuses what is not canonical, in the kernel
  return start_thread(frame, fs_base, clear, (flags & kParentSetId) != 0 ? c.a[2] : 0);
}

i64 call_execve(const Arguments& c) {
  char path[kLongestPath];
  if (const int result = c.process.space->copy_in_text(path, c.a[0], sizeof path); result < 0) return result;
  char* page = static_cast<char*>(allocate_pages(1));
  if (page == nullptr) return kNoMemory;
  Strings arguments{page}, environment{page + kMostArgumentBytes};
  int result = copy_strings(*c.process.space, c.a[1], arguments);
  if (result == 0) result = copy_strings(*c.process.space, c.a[2], environment);
  if (result == 0) result = execute(path, arguments, environment, c.frame);
  free_pages(page);
  return result;
}

i64 call_exit(const Arguments& c) {
  const Thread* first = c.process.threads.front();
  if (first == &current_thread() && c.process.threads.after(current_thread()) == nullptr) {
    end_process(c.process, (c.number(0) & 0xff) << 8);
  }
  end_current_thread();
}

i64 call_exit_group(const Arguments& c) {
  end_process(c.process, (c.number(0) & 0xff) << 8);
  end_current_thread();
}

i64 call_wait4(const Arguments& c) {
  constexpr u64 kNoWait = 1;
  int status = 0;
  const i64 id = wait_for_child(c.number(0), (c.a[2] & kNoWait) != 0, status);
  if (id > 0 && c.a[1] != 0 && c.process.space->copy_out(c.a[1], &status, sizeof status) < 0) return kFault;
  return id;
}

i64 call_kill(const Arguments& c) { return kill_process(c.number(0), c.number(1)); }
i64 call_getpid(const Arguments& c) { return own_id(c.process); }
i64 call_getppid(const Arguments&) { return parent_id(); }
i64 call_gettid(const Arguments&) { return current_thread().id; }
i64 call_identity(const Arguments&) { return 0; }  // getuid and the like: there is one user

i64 call_set_tid_address(const Arguments& c) {
  current_thread().clear_at_end = c.a[0];
  return current_thread().id;
}

i64 call_arch_prctl(const Arguments& c) {
  constexpr u64 kSetFs = 0x1002;
  if (c.a[0] != kSetFs || c.a[1] >= runtime::kUserEnd) return kInvalid;
  current_thread().fs_base = c.a[1];
  runtime::write_msr(arch::msr::kFsBase, c.a[1]);
  return 0;
}

i64 call_futex(const Arguments& c) {
  constexpr u64 kPrivate = 128, kRealTime = 256;
  enum : u64 { kWait = 0, kWake = 1, kWaitBits = 9, kWakeBits = 10 };
  const u64 operation = c.a[1] & ~(kPrivate | kRealTime);
  if (operation == kWake || operation == kWakeBits)
    return wake_futex(*c.process.space, c.a[0], static_cast<u32>(c.a[2]));
  if (operation != kWait && operation != kWaitBits) return kNoCall;
  u64 deadline = runtime::clock::kNever;
  if (c.a[3] != 0) {
    u64 time = 0;
    if (const int result = read_time(*c.process.space, c.a[3], time); result < 0) return result;
    deadline = operation == kWait ? runtime::clock::now() + time : time;  // a span, or a point of time
  }
  return wait_on_futex(*c.process.space, c.a[0], static_cast<u32>(c.a[2]), deadline);
}

i64 call_sched_yield(const Arguments&) {
  yield();
  return 0;
}

i64 call_sched_getaffinity(const Arguments& c) {
  const u64 mask = (u64{1} << runtime::processor_count()) - 1;
  if (c.a[1] < sizeof mask) return kInvalid;
  return c.process.space->copy_out(c.a[2], &mask, sizeof mask) < 0 ? i64{kFault} : i64{sizeof mask};
}

namespace {

// A network of the container's own; with `address`, unless 0, on the bridge.
int make_network(Container& container, u32 address) {
  container.network = Ref<NetworkSpace>::take(new (std::nothrow) NetworkSpace);
  if (!container.network) return kNoMemory;
  return address == 0 ? 0 : connect_space(*container.network, address);
}

}  // namespace

// contain(limits, flags, address): processes that the caller makes from now on are in a new container inside
// its own, the first of them its number 1. Flag 1: with a network of its own, which has the loopback
// interface and, with an address, a card on the bridge; flag 2: as a group with limits alone, without process
// numbers of its own.
i64 call_contain(const Arguments& c) {
  constexpr u64 kOwnNetwork = 1, kSameNumbers = 2;
  Limits limits;
  if (c.process.space->copy_in(&limits, c.a[0], sizeof limits) < 0) return kFault;
  if (limits.weight == 0 || limits.weight > 1'000'000) return kInvalid;
  Ref<Container> container = Ref<Container>::take(new (std::nothrow) Container);
  Ref<PidSpace> pids = c.process.container->pids;
  if ((c.a[1] & kSameNumbers) == 0) {
    if (pids->level + 1 == kMostLevels) return kTooBig;
    pids = Ref<PidSpace>::take(new (std::nothrow) PidSpace);
    if (!pids) return kNoMemory;
    pids->parent = c.process.container->pids;
    pids->level = pids->parent->level + 1;
  }
  if (!container) return kNoMemory;
  container->limits = limits;
  container->parent = c.process.container;
  container->pids = pids;
  container->network = c.process.container->network;
  if ((c.a[1] & kOwnNetwork) != 0) {
    if (const int result = make_network(*container, static_cast<u32>(c.a[2])); result < 0) return result;
  }
  set_children_container(c.process, container);
  return 0;
}

// most_memory(): bytes of programs' pages that the container of the caller's children had at once, at most.
i64 call_most_memory(const Arguments& c) {
  return static_cast<i64>(children_container_of(c.process)->most_pages() * runtime::kPageBytes);
}

}  // namespace hvlab::kernel
