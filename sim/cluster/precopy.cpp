#include "sim/cluster/precopy.hpp"

#include <algorithm>

namespace hvlab::cluster {

namespace {

constexpr u64 kMegabit = 1'000'000 / 8;
constexpr u32 kSlowest = 10;

u32 slower(u32 speed) { return speed == 1000 ? 800 : std::max(kSlowest, speed - std::min(speed, 100u)); }

bool brought_nothing(const PrecopyPolicy& policy, const Round& round) {
  return Sum{round.written} * 1000 >= Sum{round.sent} * policy.no_progress_part;
}

/// Two rounds one after the other brought nothing at the machine's present speed.
bool stuck(const PrecopyPolicy& policy, const std::vector<Round>& rounds) {
  if (rounds.size() < 3) return false;  // the first round sends everything: it says nothing
  const Round& last = rounds.back();
  const Round& before = rounds[rounds.size() - 2];
  return last.speed == before.speed && brought_nothing(policy, last) && brought_nothing(policy, before);
}

u64 written_per_second(const Round& round) {
  return round.lasted == 0 ? 0 : saturated(Sum{round.written} * kSeconds / round.lasted);
}

Decision without_progress(const PrecopyPolicy& policy, u32 speed) {
  const u64 rate = policy.most_bandwidth;
  if (policy.slows_down && speed > kSlowest) return {NextStep::AnotherRound, rate, slower(speed)};
  switch (policy.no_progress) {
    case NoProgress::GiveUp: return {NextStep::GiveUp, 0, speed};
    case NoProgress::StopAnyway: return {NextStep::StopAndCopy, 0, speed};
    case NoProgress::GoOn: break;
  }
  return {NextStep::AnotherRound, rate, speed};
}

u64 lesser(u64 rate, u64 most) { return most == 0 ? rate : rate == 0 ? most : std::min(rate, most); }

// Nothing that the next decision looks at will change any more.
bool repeats(const PrecopyPolicy& policy, const std::vector<Round>& rounds) {
  if (rounds.size() < 2 || policy.no_progress != NoProgress::GoOn || policy.most_rounds != 0) return false;
  const Round &last = rounds.back(), &before = rounds[rounds.size() - 2];
  return last.sent == before.sent && last.written == before.written && last.speed == before.speed &&
         (!policy.slows_down || last.speed == kSlowest);
}

}  // namespace

const std::vector<PrecopyPolicy>& precopy_policies() {
  static const std::vector<PrecopyPolicy> kPolicies = {
      {.name = "xen-2005",
       .source = "Clark et al., NSDI 2005: rates adapt from 100 to 500 Mbit/s in steps of 50, stop below 256 "
                 "KiB; at most 29 rounds; switch-over assumed",
       .first_rate = 100 * kMegabit,
       .rate_step = 50 * kMegabit,
       .most_rate = 500 * kMegabit,
       .few_bytes = 256 << 10,
       .most_rounds = 29,
       .no_progress_part = 1000,
       .switch_over = 50 * kMilliseconds},
      {.name = "kvm",
       .source = "QEMU 7.2, migration/migration.c: stopped when what is left is at most bandwidth times "
                 "downtime-limit, 300 ms; no bound on rounds, no throttling unless asked for; max-bandwidth "
                 "lifted as libvirt does (QEMU's own is 128 MiB/s); switch-over assumed",
       .downtime_goal = 300 * kMilliseconds,
       .most_rounds = 0,
       .no_progress = NoProgress::GoOn,
       .switch_over = 20 * kMilliseconds},
      {.name = "kvm-auto-converge",
       .source = "QEMU 7.2, the same with auto-converge: throttled by cpu-throttle-initial 20 %, then "
                 "-increment 10 % up to max-cpu-throttle 99 %, after two rounds in which more than "
                 "throttle-trigger-threshold 50 % of what was sent was written; switch-over assumed",
       .downtime_goal = 300 * kMilliseconds,
       .most_rounds = 0,
       .no_progress = NoProgress::GoOn,
       .slows_down = true,
       .switch_over = 20 * kMilliseconds},
      {.name = "vmotion",
       .source = "assumed: switch-over within a second, slowed down during page send if it does not converge",
       .downtime_goal = 500 * kMilliseconds,
       .most_rounds = 100,
       .no_progress_part = 700,
       .slows_down = true,
       .switch_over = 100 * kMilliseconds},
  };
  return kPolicies;
}

PrecopyPolicy changed(PrecopyPolicy policy, const PrecopyChanges& changes) {
  if (changes.downtime_goal != 0) policy.downtime_goal = changes.downtime_goal;
  if (changes.most_bandwidth != 0) policy.most_bandwidth = changes.most_bandwidth;
  if (changes.patience != 0) policy.patience = changes.patience;
  return policy;
}

std::optional<PrecopyPolicy> find_precopy_policy(std::string_view name) {
  const auto found = std::ranges::find(precopy_policies(), name, &PrecopyPolicy::name);
  return found == precopy_policies().end() ? std::nullopt : std::optional(*found);
}

Decision next_step(const PrecopyPolicy& policy, const std::vector<Round>& rounds, u64 path_rate) {
  const u64 most = policy.most_bandwidth;
  if (rounds.empty()) return {NextStep::AnotherRound, lesser(policy.first_rate, most), 1000};
  const Round& last = rounds.back();
  if (last.written <= policy.few_bytes) return {NextStep::StopAndCopy, 0, last.speed};
  // What a round gets is what is known of the path.
  if (policy.downtime_goal != 0 && duration(last.written, lesser(path_rate, most)) <= policy.downtime_goal)
    return {NextStep::StopAndCopy, 0, last.speed};
  if (policy.most_rounds != 0 && rounds.size() >= policy.most_rounds)
    return {policy.no_progress == NoProgress::GiveUp ? NextStep::GiveUp : NextStep::StopAndCopy, 0,
            last.speed};
  if (policy.rate_step != 0) {
    const u64 rate = std::max(policy.first_rate, written_per_second(last) + policy.rate_step);
    if (rate > policy.most_rate) return {NextStep::StopAndCopy, 0, last.speed};
    return {NextStep::AnotherRound, lesser(rate, most), last.speed};
  }
  if (stuck(policy, rounds)) return without_progress(policy, last.speed);
  return {NextStep::AnotherRound, most, last.speed};
}

PrecopyResult precopy(u64 memory_bytes, const DirtyProcess& process, const PrecopyPolicy& policy,
                      u64 path_rate) {
  PrecopyResult result;
  u64 left = memory_bytes;
  while (true) {
    const Decision decision = next_step(policy, result.rounds, path_rate);
    result.given_up =
        decision.step == NextStep::GiveUp ||
        (decision.step == NextStep::AnotherRound && policy.patience != 0 && result.total >= policy.patience);
    result.endless = !result.given_up && decision.step == NextStep::AnotherRound && policy.patience == 0 &&
                     repeats(policy, result.rounds);
    if (result.given_up || result.endless) return result;
    if (decision.step == NextStep::StopAndCopy) break;
    const u64 rate = decision.rate == 0 ? path_rate : std::min(decision.rate, path_rate);
    const Nanoseconds lasted = duration(left, rate);
    const u64 written = pages_written(process, lasted, decision.speed) * kPageBytes;
    result.rounds.push_back({lasted, left, written, decision.speed});
    result.total += lasted;
    result.sent += left;
    left = written;
  }
  result.downtime = duration(left, path_rate) + policy.switch_over;
  result.total += result.downtime;
  result.sent += left;
  return result;
}

}  // namespace hvlab::cluster
