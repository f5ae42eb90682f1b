#include "sim/views/exits.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "sim/base/user_error.hpp"

namespace hvlab::views {

using record::TraceReader;

namespace {

ExitRow row_of(const TraceReader& trace, u16 lane, u64 reason, observe::ExitClass exit_class) {
  ExitRow row;
  row.lane = lane;
  row.reason = reason;
  row.exit_class = exit_class;
  row.reason_name = trace.name(record::NameTable::ExitReason, reason);
  if (const auto found = trace.lanes().find(lane); found != trace.lanes().end()) {
    row.vm = found->second.type == record::LaneType::Vcpu ? found->second.vm : 0;
    row.vcpu = found->second.number;
  }
  return row;
}

using Rows = std::map<std::tuple<u16, u64, observe::ExitClass>, ExitRow>;

ExitRow& row_at(Rows& rows, const TraceReader& trace, u16 lane, u64 reason, observe::ExitClass exit_class) {
  const std::tuple key(lane, reason, exit_class);
  const auto found = rows.find(key);
  if (found != rows.end()) return found->second;
  return rows.emplace(key, row_of(trace, lane, reason, exit_class)).first->second;
}

ExitSummary summary_of(const TraceReader& trace, Picoseconds from, Picoseconds until, Rows&& rows) {
  ExitSummary summary{
      .from = from, .until = until, .frequency_hz = trace.frequency_hz(), .rows = {}, .problem = {}};
  for (auto& [key, row] : rows) summary.rows.push_back(std::move(row));
  return summary;
}

}  // namespace

u64 ExitRow::percentile(unsigned percent) const { return std::min(costs.percentile(percent), most); }

void ExitRow::add(u64 cost) {
  least = handled == 0 ? cost : std::min(least, cost);
  most = std::max(most, cost);
  cycles += cost;
  ++handled;
  costs.add(cost);
}

void ExitRow::merge(const ExitRow& other) {
  if (other.handled != 0) {
    least = handled == 0 ? other.least : std::min(least, other.least);
    most = std::max(most, other.most);
  }
  count += other.count;
  handled += other.handled;
  cycles += other.cycles;
  costs.merge(other.costs);
}

ExitSummary sum_exits(const TraceReader& trace, Picoseconds from, Picoseconds until, Progress* progress) {
  Rows rows;
  std::string problem;
  try {
    each_exit(trace, from, until, progress, [&](const Exit& exit) {
      ExitRow& row = row_at(rows, trace, exit.lane, exit.reason, exit.exit_class());
      ++row.count;
      if (exit.entered) row.add(exit.cycles(trace.frequency_hz()));
    });
  } catch (const UserError& error) {
    problem = error.what();
  }
  ExitSummary summary = summary_of(trace, from, until, std::move(rows));
  summary.problem = std::move(problem);
  return summary;
}

ExitSummary count_exits(const TraceReader& trace, Picoseconds from, Picoseconds until) {
  std::map<u64, u64> codes;  // by the reasons' numbers in summaries
  for (const auto& [code, entry] : trace.names(record::NameTable::ExitReason)) codes[entry.value] = code;
  Rows rows;
  if (from < until) {
    std::vector<u16> lanes;
    for (const auto& [lane, info] : trace.lanes())
      if (info.type == record::LaneType::Vcpu || info.type == record::LaneType::Core) lanes.push_back(lane);
    for (const record::Entry& entry : trace.sums(from, until, lanes)) {
      if (entry.what < record::what::kExits) continue;
      const auto code = codes.find(entry.what - record::what::kExits);
      if (code == codes.end()) continue;
      row_at(rows, trace, entry.lane, code->second, observe::exit_class(code->second)).count += entry.value;
    }
  }
  return summary_of(trace, from, until, std::move(rows));
}

const char* name(ExitBy by) {
  constexpr std::array<const char*, static_cast<size_t>(ExitBy::Count)> kNames = {
      "reason", "class", "machine", "vcpu", "vcpu-reason"};
  return kNames[static_cast<size_t>(by)];
}

std::vector<ExitRow> grouped(const std::vector<ExitRow>& rows, ExitBy by) {
  const bool of_class = by == ExitBy::Class;
  const bool vm = by != ExitBy::Reason && !of_class;
  const bool vcpu = by == ExitBy::Vcpu || by == ExitBy::VcpuAndReason;
  const bool reason = by == ExitBy::Reason || by == ExitBy::VcpuAndReason;
  constexpr auto kAny = observe::ExitClass::Unknown;
  std::map<std::tuple<unsigned, unsigned, u64, observe::ExitClass>, ExitRow> sums;
  for (const ExitRow& row : rows) {
    const std::tuple key(vm ? row.vm : 0, vcpu ? row.vcpu : 0, reason ? row.reason : 0,
                         of_class || reason ? row.exit_class : kAny);
    auto sum = sums.find(key);
    if (sum == sums.end()) {
      sum = sums.emplace(key, ExitRow()).first;
      sum->second.lane = row.lane;
      ExitRow& made = sum->second;
      std::tie(made.vm, made.vcpu, made.reason, made.exit_class) = key;
      if (reason) made.reason_name = row.reason_name;
      if (of_class) made.reason_name = name(row.exit_class);
    }
    sum->second.merge(row);
  }
  std::vector<ExitRow> list;
  list.reserve(sums.size());
  for (auto& [key, row] : sums) list.push_back(std::move(row));
  std::ranges::stable_sort(list, std::greater<>(),
                           [](const ExitRow& row) { return std::pair(row.cycles, row.count); });
  return list;
}

ExitRow total(const std::vector<ExitRow>& rows) {
  ExitRow all;
  for (const ExitRow& row : rows) all.merge(row);
  return all;
}

std::vector<ExitRow> filtered(const std::vector<ExitRow>& rows, const ExitFilter& filter) {
  std::vector<ExitRow> list;
  std::ranges::copy_if(rows, std::back_inserter(list), [&](const ExitRow& row) {
    return (!filter.vm || row.vm == *filter.vm) && (!filter.vcpu || row.vcpu == *filter.vcpu) &&
           (!filter.reason || row.reason == *filter.reason) &&
           (!filter.exit_class || row.exit_class == *filter.exit_class);
  });
  return list;
}

namespace {

// Whether an exit fits, its lane looked up once.
class Sieve {
 public:
  Sieve(const TraceReader& trace, const ExitFilter& filter) : trace_(trace), filter_(filter) {}

  bool operator()(const Exit& exit) {
    if (filter_.reason && exit.reason != *filter_.reason) return false;
    if (filter_.exit_class && exit.exit_class() != *filter_.exit_class) return false;
    if (filter_.least != 0 || filter_.most != ~u64{0}) {
      const u64 cycles = exit.cycles(trace_.frequency_hz());
      if (!exit.entered || cycles < filter_.least || cycles > filter_.most) return false;
    }
    if (!filter_.vm && !filter_.vcpu) return true;
    const auto [lane, fresh] = lanes_.try_emplace(exit.lane, false);
    if (fresh) {
      const ExitRow row = row_of(trace_, exit.lane, 0, observe::ExitClass::Unknown);
      lane->second = (!filter_.vm || row.vm == *filter_.vm) && (!filter_.vcpu || row.vcpu == *filter_.vcpu);
    }
    return lane->second;
  }

 private:
  const TraceReader& trace_;
  ExitFilter filter_;
  std::map<u16, bool> lanes_;
};

}  // namespace

ExitList list_exits(const TraceReader& trace, Picoseconds from, Picoseconds until, const ExitFilter& filter,
                    ExitOrder order, size_t offset, size_t limit, Progress* progress) {
  const u64 hz = trace.frequency_hz();
  const auto before = [&](const Exit& a, const Exit& b) {
    const u64 cost_a = order == ExitOrder::Cost ? ~a.cycles(hz) : 0;
    const u64 cost_b = order == ExitOrder::Cost ? ~b.cycles(hz) : 0;
    return std::tuple(cost_a, a.time, a.lane) < std::tuple(cost_b, b.time, b.lane);
  };
  ExitList list;
  Sieve fits(trace, filter);
  try {
    each_exit(trace, from, until, progress, [&](const Exit& exit) {
      if (!fits(exit)) return;
      ++list.matching;
      // A heap with the last one of those that are wanted on top.
      const bool full = list.exits.size() == offset + limit;
      if (full && (list.exits.empty() || !before(exit, list.exits.front()))) return;
      if (full) {
        std::ranges::pop_heap(list.exits, before);
        list.exits.pop_back();
      }
      list.exits.push_back(exit);
      std::ranges::push_heap(list.exits, before);
    });
  } catch (const UserError& error) {
    list.problem = error.what();
  }
  std::ranges::sort(list.exits, before);
  list.exits.erase(list.exits.begin(),
                   list.exits.begin() + static_cast<std::ptrdiff_t>(std::min(offset, list.exits.size())));
  return list;
}

}  // namespace hvlab::views
