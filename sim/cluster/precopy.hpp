// Live migration by pre-copy as arithmetic: rounds, when to stop, what to do if that moment does not come.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/dirty.hpp"

namespace hvlab::cluster {

/// What is done when rounds bring no progress and the machine is not slowed down, or no further.
enum class NoProgress : u8 {
  StopAnyway,  // the machine is stopped and what is left is copied, however long that takes
  GiveUp,      // the migration fails; the machine stays where it is and never noticed
  GoOn,        // rounds follow each other until there is progress, or somebody cancels
};

struct PrecopyPolicy {
  std::string_view name;
  std::string_view source;
  u64 first_rate = 0;  // bytes/s of the first rounds; 0: all that the path gives
  u64 rate_step = 0;   // further rounds: what was written per second in the last one, and so much more
  u64 most_rate = 0;   // with rate_step: rounds that would need more than this are not begun
  u64 few_bytes = 0;   // so little left is copied with the machine stopped
  Nanoseconds downtime_goal = 0;  // as is what the path copies in this time; 0: no such goal
  u32 most_rounds = 30;           // 0: no such bound
  u32 no_progress_part =
      500;  // a round brought none if so many thousandths of what it sent were written anew
  NoProgress no_progress = NoProgress::StopAnyway;
  bool slows_down = false;  // before that the machine's processors are slowed down, step by step
  Nanoseconds switch_over =
      0;                     // downtime besides copying: suspending, device state, disks and addresses moved
  u64 most_bandwidth = 0;    // bytes/s of all rounds, while the machine runs; 0: all that the path gives
  Nanoseconds patience = 0;  // a machine that was not stopped by then stays where it is; 0: no such bound
};

/// What somebody sets in place of a policy's own; 0: the policy's.
struct PrecopyChanges {
  Nanoseconds downtime_goal = 0;
  u64 most_bandwidth = 0;  // bytes/s
  Nanoseconds patience = 0;
};
PrecopyPolicy changed(PrecopyPolicy policy, const PrecopyChanges& changes);

/// The policies that HVLab knows, by name.
const std::vector<PrecopyPolicy>& precopy_policies();
/// Nothing if there is none of that name.
std::optional<PrecopyPolicy> find_precopy_policy(std::string_view name);

struct Round {
  Nanoseconds lasted = 0;
  u64 sent = 0;      // bytes
  u64 written = 0;   // bytes of pages that the machine wrote meanwhile: what the next round has to send
  u32 speed = 1000;  // of the machine's processors, in thousandths
};

enum class NextStep : u8 { AnotherRound, StopAndCopy, GiveUp };

struct Decision {
  NextStep step = NextStep::AnotherRound;
  u64 rate = 0;      // bytes/s at most in that round; 0: all that the path gives
  u32 speed = 1000;  // of the machine in that round
};

/// What comes after `rounds` (none: the first one) on a path of `path_rate` bytes/s.
Decision next_step(const PrecopyPolicy& policy, const std::vector<Round>& rounds, u64 path_rate);

/// A whole migration on a path that nobody else uses.
struct PrecopyResult {
  std::vector<Round> rounds;
  bool given_up = false;
  bool endless = false;  // the last round was as the one before, and so will be all that follow
  Nanoseconds downtime = 0;
  Nanoseconds total = 0;
  u64 sent = 0;  // bytes, those of the stopped machine included
};
PrecopyResult precopy(u64 memory_bytes, const DirtyProcess& process, const PrecopyPolicy& policy,
                      u64 path_rate);

}  // namespace hvlab::cluster
