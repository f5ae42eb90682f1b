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
  switch (policy.no_progress) {
    case NoProgress::GiveUp: return {NextStep::GiveUp, 0, speed};
    case NoProgress::StopAnyway: return {NextStep::StopAndCopy, 0, speed};
    case NoProgress::SlowDown: break;
  }
  if (speed == kSlowest) return {NextStep::StopAndCopy, 0, speed};
  return {NextStep::AnotherRound, 0, slower(speed)};
}

}  // namespace

const std::vector<PrecopyPolicy>& precopy_policies() {
  static const std::vector<PrecopyPolicy> kPolicies = {
      {"xen-2005",
       "Clark et al., NSDI 2005: rates adapt from 100 to 500 Mbit/s in steps of 50, stop below 256 KiB; at "
       "most "
       "29 rounds; switch-over assumed",
       100 * kMegabit, 50 * kMegabit, 500 * kMegabit, 256 << 10, 0, 29, 1000, NoProgress::StopAnyway,
       50 * kMilliseconds},
      {"kvm", "QEMU 7.2: downtime-limit 300 ms; switch-over assumed", 0, 0, 0, 0, 300 * kMilliseconds, 1000,
       500, NoProgress::GiveUp, 20 * kMilliseconds},
      {"kvm-auto-converge",
       "QEMU 7.2: downtime-limit 300 ms, cpu-throttle-initial 20 %, -increment 10 %, trigger threshold 50 %; "
       "switch-over assumed",
       0, 0, 0, 0, 300 * kMilliseconds, 1000, 500, NoProgress::SlowDown, 20 * kMilliseconds},
      {"vmotion",
       "assumed: switch-over within a second, slowed down during page send if it does not converge", 0, 0, 0,
       0, 500 * kMilliseconds, 100, 700, NoProgress::SlowDown, 100 * kMilliseconds},
  };
  return kPolicies;
}

std::optional<PrecopyPolicy> find_precopy_policy(std::string_view name) {
  const auto found = std::ranges::find(precopy_policies(), name, &PrecopyPolicy::name);
  return found == precopy_policies().end() ? std::nullopt : std::optional(*found);
}

Decision next_step(const PrecopyPolicy& policy, const std::vector<Round>& rounds, u64 path_rate) {
  if (rounds.empty()) return {NextStep::AnotherRound, policy.first_rate, 1000};
  const Round& last = rounds.back();
  if (last.written <= policy.few_bytes) return {NextStep::StopAndCopy, 0, last.speed};
  if (policy.downtime_goal != 0 && duration(last.written, path_rate) <= policy.downtime_goal)
    return {NextStep::StopAndCopy, 0, last.speed};
  if (rounds.size() >= policy.most_rounds)
    return {policy.no_progress == NoProgress::GiveUp ? NextStep::GiveUp : NextStep::StopAndCopy, 0,
            last.speed};
  if (policy.rate_step != 0) {
    const u64 rate = std::max(policy.first_rate, written_per_second(last) + policy.rate_step);
    if (rate > policy.most_rate) return {NextStep::StopAndCopy, 0, last.speed};
    return {NextStep::AnotherRound, rate, last.speed};
  }
  if (stuck(policy, rounds)) return without_progress(policy, last.speed);
  return {NextStep::AnotherRound, 0, last.speed};
}

PrecopyResult precopy(u64 memory_bytes, const DirtyProcess& process, const PrecopyPolicy& policy,
                      u64 path_rate) {
  PrecopyResult result;
  u64 left = memory_bytes;
  while (true) {
    const Decision decision = next_step(policy, result.rounds, path_rate);
    if (decision.step == NextStep::GiveUp) {
      result.given_up = true;
      return result;
    }
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
