// What was recorded of many hosts over time, as plain data. docs/cluster-trace.md tells the file byte by
// byte.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::record {

/// A point of simulated time, or a span of it, in nanoseconds since the run's beginning.
using ClusterTime = u64;
inline constexpr ClusterTime kClusterNever = ~ClusterTime{0};

/// Hosts, machines and datastores are told by their places in the lists of ClusterFacts; this is none of
/// them.
inline constexpr u32 kNobody = ~u32{0};

enum class HostCondition : u8 { On, Maintenance, Off, Failed, Booting, Count };
/// What the other hosts think of a host (high availability).
enum class HostWatch : u8 { Heard, Silent, Unreachable, Lives, Dead, Count };
enum class MachineCondition : u8 {
  Off,
  Starting,
  Running,
  Stopped,  // for the last part of a migration
  Frozen,   // its disk is away
  Count
};
enum class MoveStage : u8 { Waiting, Disk, Rounds, LastCopy, SwitchOver, Done, Failed, Count };

const char* name(HostCondition condition);
const char* name(HostWatch watch);
const char* name(MachineCondition condition);
const char* name(MoveStage stage);

struct HostFacts {
  std::string name;
  u32 cores = 1;
  u32 core_mhz = 1000;
  u32 memory = 0;  // MiB
  u32 cards = 0;
  u32 mbps = 0;     // of a card
  u32 idle_mw = 0;  // power with nothing to do
  u32 full_mw = 0;  // with all its processors busy
  u32 capacity() const { return cores * core_mhz; }
};

struct MachineFacts {
  std::string name;
  std::string way;       // that it is virtualized
  std::string priority;  // of being restarted
  u32 processors = 1;
  u32 memory = 0;       // MiB
  u32 disk = 0;         // GiB
  u32 reservation = 0;  // MHz
};

struct StoreFacts {
  std::string name;
  std::string kind;
  u32 host = kNobody;  // of a local one
  u32 disks = 0;
  u32 capacity = 0;   // GiB
  u32 bandwidth = 0;  // MB/s
};

/// How an event is called and what its `value` is: "bytes", "ns", "refusal", "fault", "permille", "reason",
/// or nothing.
struct EventKindFacts {
  std::string name;
  std::string value;
};

/// A figure that was assumed rather than measured or published, and what is said of its source.
struct AssumedFigure {
  std::string what;
  std::string source;
};

/// How machines are moved.
struct PolicyFacts {
  std::string name, source;
  ClusterTime downtime_goal = 0;  // 0: none
  u64 few_bytes = 0;              // so little left is copied with the machine stopped
  u32 most_rounds = 0;
  ClusterTime switch_over = 0;
  std::string no_progress;  // "stop-anyway", "give-up", "go-on"; "slow-down" if it does that before
};

/// What does not change during a run, and the names of what its numbers mean.
struct ClusterFacts {
  std::vector<HostFacts> hosts;
  std::vector<MachineFacts> machines;
  std::vector<StoreFacts> stores;
  std::vector<EventKindFacts> events;
  std::vector<std::string> reasons, rules, refusals, faults;
  std::vector<AssumedFigure> assumed;
  PolicyFacts policy;
  bool ha = false, balancing = false, power_saving = false;
  std::string ha_timings;       // by name
  u32 imbalance_threshold = 0;  // thousandths, that the balancer leaves alone
  ClusterTime load_step = 0;    // demands were looked at so often
  ClusterTime until = 0;        // the run was to end then
  std::string manager;          // the machine that it is; empty: hardware of its own
};

/// What is numbered so; `otherwise` for a number of none, that a damaged file says.
template <class Kind>
constexpr Kind known_or(u64 number, Kind otherwise) {
  return number < static_cast<u64>(Kind::Count) ? static_cast<Kind>(number) : otherwise;
}

// What changes. All members are numbers of 32 bits, so that one table of them is the whole codec.

struct HostSample {
  u32 condition = 0;  // HostCondition
  u32 watch = 0;      // HostWatch
  u32 isolated = 0;   // 1: says so of itself
  u32 watches = 0;    // 1: the others
  u32 wanted = 0;     // MHz by its machines
  u32 lacks = 0;      // MHz of these that they do not get
  u32 served = 0;     // MHz for migrations
  u32 committed = 0;  // MiB
  u32 power = 0;      // mW
  u32 given() const { return wanted - lacks; }
  HostCondition is() const { return known_or(condition, HostCondition::Off); }
  HostWatch seen() const { return known_or(watch, HostWatch::Heard); }
  bool operator==(const HostSample&) const = default;
};

struct MachineSample {
  u32 host = kNobody;
  u32 condition = 0;  // MachineCondition
  u32 store = kNobody;
  u32 wants = 0;  // MHz
  u32 lacks = 0;  // MHz of these that it does not get
  u32 gets() const { return wants - lacks; }
  MachineCondition is() const { return known_or(condition, MachineCondition::Off); }
  bool operator==(const MachineSample&) const = default;
};

struct StoreSample {
  u32 up = 1;
  u32 failed_disks = 0;
  u32 used = 0;      // GiB
  u32 offered = 0;   // requests a second
  u32 served = 0;    // thousandths of them
  u32 busy = 0;      // thousandths
  u32 response = 0;  // microseconds
  bool operator==(const StoreSample&) const = default;
};

struct ManagerSample {
  u32 works = 1;
  u32 imbalance = 0;  // thousandths
  bool operator==(const ManagerSample&) const = default;
};

/// Everything at one time.
struct ClusterState {
  std::vector<HostSample> hosts;
  std::vector<MachineSample> machines;
  std::vector<StoreSample> stores;
  std::vector<ManagerSample> manager;  // one
};
/// All as it is before anything was said.
ClusterState blank_state(const ClusterFacts& facts);

struct ClusterEvent {
  ClusterTime at = 0;
  u32 what = 0;  // of ClusterFacts::events
  u32 machine = kNobody;
  u32 host = kNobody;
  u32 to = kNobody;  // host
  u32 by = kNobody;  // host that sees it so
  u32 store = kNobody;
  u32 count = 0;  // of moves asked for; 1: a restart
  u64 value = 0;
  bool operator==(const ClusterEvent&) const = default;
};

/// A round of pre-copy.
struct ClusterRound {
  ClusterTime lasted = 0;
  u64 sent = 0;      // bytes
  u64 written = 0;   // bytes of pages that the machine wrote meanwhile
  u64 speed = 1000;  // of its processors, in thousandths
  bool operator==(const ClusterRound&) const = default;
};

struct ClusterMove {
  u64 number = 0;  // counted from 0 as they were asked for
  u64 machine = kNobody;
  u64 from = kNobody;
  u64 to = kNobody;
  u64 store = kNobody;  // that its disk goes to
  u64 stage = 0;        // MoveStage
  u64 refusal = 0;      // of Failed: of ClusterFacts::refusals
  // Why it was asked for.
  u64 reason = 0;            // of ClusterFacts::reasons
  u64 rule = 0;              // of ClusterFacts::rules: the one that was broken; 0: none
  u64 imbalance_before = 0;  // thousandths; of moves that balance, as are the others
  u64 imbalance_after = 0;   // as it would be with this move done
  u64 load_from = 0;         // thousandths of processors that are wanted, before
  u64 load_to = 0;
  u64 benefit = 0;  // MHz x s
  u64 cost = 0;
  // How it went; 0: not yet.
  ClusterTime asked = 0;
  ClusterTime began = 0;
  ClusterTime rounds_began = 0;
  ClusterTime stopped = 0;
  ClusterTime ended = 0;
  u64 sent = 0;      // bytes
  u64 downtime = 0;  // ns
  std::vector<ClusterRound> rounds;

  MoveStage is() const { return known_or(stage, MoveStage::Failed); }
  bool is_over() const { return is() >= MoveStage::Done; }
  bool operator==(const ClusterMove&) const = default;
};

/// Means over spans of equal width: what a picture of the whole run needs.
struct ClusterOverview {
  ClusterTime width = 0;  // of a span; the first begins at 0
  u32 spans = 0;
  /// The means of one host in one span, rounded; those of a span that has not ended are of its part.
  struct HostMeans {
    u32 wanted = 0;     // MHz
    u32 given = 0;      // MHz, migrations' included
    u32 committed = 0;  // MiB
    u32 power = 0;      // mW
    u32 on = 0;         // thousandths of the time
  };
  struct StoreMeans {
    u32 offered = 0;   // requests a second
    u32 busy = 0;      // thousandths
    u32 response = 0;  // microseconds
  };
  std::vector<HostMeans> hosts;    // host h in span s: [h * spans + s]
  std::vector<StoreMeans> stores;  // likewise
};

}  // namespace hvlab::record
