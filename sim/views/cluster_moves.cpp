#include "sim/views/cluster_moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/views/cluster_picture.hpp"

namespace hvlab::views {

using record::ClusterMove;
using record::ClusterRound;
using record::ClusterTime;
using record::MoveStage;

namespace {

double part_of(ClusterTime time, ClusterTime from, ClusterTime until) {
  if (until <= from) return time < from ? 0 : 1;
  return std::clamp(static_cast<double>(time - std::min(time, from)) / static_cast<double>(until - from), 0.0,
                    1.0);
}

double per_second(u64 bytes, ClusterTime lasted) {
  return lasted == 0 ? 0 : static_cast<double>(bytes) * 1e9 / static_cast<double>(lasted);
}

MoveProgress in_rounds(const ClusterMove& move, ClusterTime time, MoveProgress progress) {
  ClusterTime begins = move.rounds_began;
  progress.stage = MoveStage::Rounds;
  for (size_t i = 0; i < move.rounds.size(); ++i) {
    const ClusterRound& round = move.rounds[i];
    progress.round = i;
    progress.part = part_of(time, begins, begins + round.lasted);
    if (time < begins + round.lasted) {
      progress.sent += static_cast<u64>(progress.part * static_cast<double>(round.sent));
      return progress;
    }
    progress.sent += round.sent;
    begins += round.lasted;
  }
  // A round that did not end, or what is copied with the machine stopped.
  progress.round = move.rounds.size();
  progress.part = move.stopped != 0 && time >= move.stopped ? part_of(time, move.stopped, move.ended) : 0;
  if (move.stopped != 0 && time >= move.stopped) progress.stage = MoveStage::LastCopy;
  return progress;
}

std::string thousandths(u64 value) { return fmt::format("{:.1f} %", static_cast<double>(value) / 10); }

}  // namespace

bool has_begun(const ClusterMove& move) {
  return move.to != record::kNobody && move.is() != MoveStage::Waiting &&
         !(move.is() == MoveStage::Failed && move.began < move.asked);
}

ClusterTime lasted(const ClusterMove& move) {
  return has_begun(move) && move.ended > move.began ? move.ended - move.began : 0;
}

MoveProgress progress_of(const ClusterMove& move, ClusterTime time) {
  MoveProgress progress;
  if (move.is_over() && time >= move.ended) {
    progress.stage = move.is();
    progress.part = progress.way = 1;
    progress.sent = move.sent;
    return progress;
  }
  if (!has_begun(move) || move.began > time) return progress;
  progress.way = move.ended > move.began ? part_of(time, move.began, move.ended) : 0;
  const bool moves_disk = move.store != record::kNobody;
  const ClusterTime disk_ends = move.rounds_began != 0 ? move.rounds_began : move.ended;
  if (moves_disk && (time < disk_ends || move.rounds_began == 0)) {
    progress.stage = MoveStage::Disk;
    progress.part = part_of(time, move.began, disk_ends);
    return progress;
  }
  return in_rounds(move, time, progress);
}

std::vector<u32> moves_at(const std::vector<ClusterMove>& moves, ClusterTime time) {
  std::vector<u32> begun, waiting;
  for (u32 i = 0; i < moves.size(); ++i) {
    const ClusterMove& move = moves[i];
    if (move.asked > time) break;  // they stand in the order in which they were asked for
    if (move.is_over() && move.ended <= time) continue;
    (has_begun(move) && move.began <= time ? begun : waiting).push_back(i);
  }
  begun.insert(begun.end(), waiting.begin(), waiting.end());
  return begun;
}

double enough_bytes(const record::PolicyFacts& policy, double bandwidth) {
  return std::max(static_cast<double>(policy.few_bytes),
                  bandwidth * static_cast<double>(policy.downtime_goal) * 1e-9);
}

std::vector<RoundPicture> rounds_of(const ClusterMove& move, const record::PolicyFacts& policy) {
  std::vector<RoundPicture> rounds;
  ClusterTime begins = move.rounds_began;
  for (const ClusterRound& round : move.rounds) {
    RoundPicture picture;
    picture.begins = begins;
    picture.ends = begins += round.lasted;
    picture.sent = round.sent;
    picture.written = round.written;
    picture.bandwidth = per_second(round.sent, round.lasted);
    picture.dirtying = per_second(round.written, round.lasted);
    picture.speed = static_cast<double>(round.speed) / 1000;
    const double ratio =
        round.sent == 0 ? 0 : static_cast<double>(round.written) / static_cast<double>(round.sent);
    const double enough = enough_bytes(policy, picture.bandwidth), left = static_cast<double>(round.written);
    if (left <= enough) {
      picture.outlook = Outlook::Enough;
    } else if (round.speed < 1000) {
      picture.outlook = Outlook::SlowedDown;
    } else if (rounds.empty()) {
      picture.outlook = Outlook::First;
    } else if (ratio < 0.9) {
      picture.outlook = Outlook::Converges;
      picture.rounds_left =
          ratio <= 0 || enough <= 0 ? 1 : std::ceil(std::log(enough / left) / std::log(ratio));
    } else {
      picture.outlook = Outlook::Stuck;
    }
    rounds.push_back(picture);
  }
  return rounds;
}

// Each line is a key of the messages, and what is filled in.
std::vector<CardLine> why_lines(const record::ClusterFacts& facts, const ClusterMove& move) {
  std::vector<CardLine> lines;
  const std::string& reason = text_at(facts.reasons, move.reason);
  lines.push_back({"cluster.why." + reason, {host_name(facts, move.from)}});
  if (const std::string& rule = text_at(facts.rules, move.rule); !rule.empty())
    lines.push_back({"cluster.rule." + rule, {machine_name(facts, move.machine)}});
  if (reason == "balance") {
    lines.push_back({"cluster.why.loads",
                     {host_name(facts, move.from), thousandths(move.load_from), host_name(facts, move.to),
                      thousandths(move.load_to)}});
    lines.push_back({"cluster.why.imbalance",
                     {thousandths(move.imbalance_before), thousandths(move.imbalance_after),
                      thousandths(facts.imbalance_threshold)}});
    lines.push_back({"cluster.why.benefit",
                     {fmt::format("{:.1f}", static_cast<double>(move.benefit) / 1000),
                      fmt::format("{:.1f}", static_cast<double>(move.cost) / 1000)}});
  }
  if (move.is() == MoveStage::Failed)
    lines.push_back({"cluster.why.failed", {text_at(facts.refusals, move.refusal)}});
  if (move.is() == MoveStage::Done && !move.rounds.empty())
    lines.push_back(
        {"cluster.why.done",
         {span_text(lasted(move)), span_text(move.downtime), amount_text(static_cast<double>(move.sent))}});
  return lines;
}

Restart restart_of(const record::ClusterReader& reader, size_t event) {
  const auto& events = reader.events();
  Restart restart;
  if (event >= events.size()) return restart;
  for (size_t i = event; i-- > 0;) {
    const record::ClusterEvent& before = events[i];
    if (before.machine != events[event].machine) continue;
    const std::string& what = reader.facts().events[before.what].name;
    if (what != "died" && what != "power-off") continue;
    return {before.host, before.at, what};
  }
  return restart;
}

namespace {

std::string in_powers_of_ten(double value, const char* unit) {
  static constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T"};
  size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < std::size(kPrefixes)) value /= 1000, ++prefix;
  const int digits = prefix == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}{}", value, digits, kPrefixes[prefix], unit);
}

}  // namespace

std::string rate_text(double bytes_per_second) { return in_powers_of_ten(bytes_per_second, "B/s"); }
std::string amount_text(double bytes) { return in_powers_of_ten(bytes, "B"); }

}  // namespace hvlab::views
