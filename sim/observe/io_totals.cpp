#include "sim/observe/io_totals.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::observe {

void IoTotals::Times::add(Picoseconds time, u64 time_cycles) {
  each.push_back(time);
  sum += time;
  cycles += time_cycles;
}

Picoseconds IoTotals::Times::percentile(unsigned percent, u64 among) const {
  if (among == 0 || each.empty()) return 0;
  const u64 rank = (among * percent + 99) / 100;  // 1 is the least
  const u64 none = among - each.size();
  if (rank <= none) return 0;
  std::vector<Picoseconds> sorted = each;
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(rank - none - 1);
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

u64 IoTotals::cycle_of(Picoseconds time) const { return scale_up(time, frequency_hz_, kSecond); }

void IoTotals::add(const IoRequest& request) {
  Group& group = groups_[{request.system, request.operation, request.bytes}];
  ++group.requests;
  group.complete += request.complete();
  group.called += request.saw(IoStage::Call) || request.awaited;
  group.parts += request.parts;
  group.copies_known += request.copy_known;
  if (request.copy_known) group.copied += request.copied;
  for (const auto& [reason, count] : request.exits) group.exits[reason] += count;
  group.total.add(request.end - request.begin, cycle_of(request.end) - cycle_of(request.begin));
  // A request may be in the same place several times in a stage: one hop of the ladder.
  std::map<std::pair<IoStage, IoWhere>, std::pair<Picoseconds, u64>> hops;
  for (const IoPiece& piece : request.pieces) {
    const std::pair key{piece.stage, piece.where};
    if (!hops.contains(key)) group.hops[key].after += piece.begin - request.begin;
    auto& hop = hops[key];
    hop.first += piece.end - piece.begin;
    hop.second += cycle_of(piece.end) - cycle_of(piece.begin);
  }
  for (const auto& [key, hop] : hops) group.hops[key].add(hop.first, hop.second);
}

std::vector<const IoTotals::Hop*> IoTotals::in_order(const Group& group) {
  std::vector<const Hop*> list;
  list.reserve(group.hops.size());
  for (const Hop& hop : group.hops) list.push_back(&hop);
  std::ranges::stable_sort(list, [](const Hop* a, const Hop* b) {
    const IoStage stage_a = a->first.first, stage_b = b->first.first;
    if (stage_a != stage_b) return stage_a < stage_b;
    return a->second.after / a->second.each.size() < b->second.after / b->second.each.size();
  });
  return list;
}

}  // namespace hvlab::observe
