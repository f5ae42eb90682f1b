#include "sim/views/skew.hpp"

#include <algorithm>
#include <map>

namespace hvlab::views {

namespace {

using record::Entry;
using record::LaneType;
using record::TraceReader;
using record::VcpuState;
namespace what = record::what;

constexpr u16 time_in(VcpuState state) { return static_cast<u16>(what::kTime + static_cast<u16>(state)); }

// What a virtual processor did in one step.
struct Step {
  Picoseconds ran = 0, halted = 0, waited = 0;
  bool wants() const { return ran + waited != 0; }
};

Step& operator+=(Step& step, const Entry& entry) {
  switch (entry.what) {
    case time_in(VcpuState::Running):
    case time_in(VcpuState::Handling): step.ran += entry.value; break;
    case time_in(VcpuState::Blocked):
    case time_in(VcpuState::Halted): step.halted += entry.value; break;
    default: step.waited += entry.value;
  }
  return step;
}

// One step of all of a machine: who runs makes progress, who has nothing to do is dragged along by who runs,
// who waits falls behind.
void move_on(std::vector<Picoseconds>& progress, const std::vector<Step>& steps) {
  Picoseconds most = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    progress[i] += steps[i].ran;
    if (steps[i].ran != 0) most = std::max(most, progress[i]);
  }
  for (size_t i = 0; i < steps.size(); ++i)
    if (progress[i] < most) progress[i] = std::min(most, progress[i] + steps[i].halted);
}

void note_leads(SkewCurve& curve, const std::vector<Picoseconds>& progress, const std::vector<Step>& steps) {
  Picoseconds least = kNever;
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps[i].wants()) least = std::min(least, progress[i]);
  for (size_t i = 0; i < steps.size(); ++i) {
    const Picoseconds lead = steps[i].wants() ? progress[i] - least : 0;
    curve.lead[i].push_back(lead);
    curve.most = std::max(curve.most, lead);
  }
}

SkewCurve curve_of(const TraceReader& trace, unsigned machine,
                   const std::vector<std::pair<unsigned, u16>>& vcpus) {
  const record::SummaryLevel& finest = trace.levels().front();
  SkewCurve curve{.machine = machine, .lanes = {}, .shift = finest.shift, .lead = {}};
  std::vector<std::vector<Step>> all;  // by virtual processor and step
  size_t count = 0;
  for (const auto& [number, lane] : vcpus) {
    curve.lanes.push_back(lane);
    std::vector<Step>& steps = all.emplace_back();
    const auto [begin, end] = std::ranges::equal_range(finest.entries, lane, {}, &Entry::lane);
    for (auto entry = begin; entry != end; ++entry) {
      if (entry->what < what::kTime || entry->what >= what::kExits) continue;
      if (entry->bucket >= steps.size()) steps.resize(size_t{entry->bucket} + 1);
      steps[entry->bucket] += *entry;
    }
    count = std::max(count, steps.size());
  }
  curve.lead.resize(vcpus.size());
  std::vector<Picoseconds> progress(vcpus.size());
  std::vector<Step> now(vcpus.size());
  for (size_t n = 0; n < count; ++n) {
    for (size_t i = 0; i < all.size(); ++i) now[i] = n < all[i].size() ? all[i][n] : Step{};
    move_on(progress, now);
    note_leads(curve, progress, now);
  }
  return curve;
}

}  // namespace

std::vector<SkewCurve> skew_curves(const TraceReader& trace) {
  std::map<unsigned, std::vector<std::pair<unsigned, u16>>> machines;
  for (const auto& [lane, info] : trace.lanes())
    if (info.type == LaneType::Vcpu) machines[info.vm].emplace_back(info.number, lane);
  std::vector<SkewCurve> curves;
  for (auto& [machine, vcpus] : machines) {
    if (vcpus.size() < 2) continue;
    std::ranges::sort(vcpus);
    curves.push_back(curve_of(trace, machine, vcpus));
  }
  return curves;
}

std::vector<std::vector<Picoseconds>> skew_columns(const SkewCurve& curve, const Columns& columns) {
  std::vector<std::vector<Picoseconds>> most;
  for (const std::vector<Picoseconds>& lead : curve.lead) {
    std::vector<Picoseconds>& row = most.emplace_back(columns.count);
    for (u32 column = 0; column < columns.count; ++column) {
      const PicosecondDelta begin = columns.begin(column), end = columns.begin(column + 1);
      if (end <= 0) continue;
      const u64 first = static_cast<u64>(std::max<PicosecondDelta>(begin, 0)) >> curve.shift;
      const u64 last = static_cast<u64>(end - 1) >> curve.shift;
      for (u64 step = first; step <= last && step < lead.size(); ++step)
        row[column] = std::max(row[column], lead[step]);
    }
  }
  return most;
}

std::vector<Picoseconds> skew_at(const SkewCurve& curve, PicosecondDelta time) {
  std::vector<Picoseconds> leads;
  leads.reserve(curve.lead.size());
  for (const std::vector<Picoseconds>& lead : curve.lead) {
    const u64 step = time < 0 ? lead.size() : static_cast<u64>(time) >> curve.shift;
    leads.push_back(step < lead.size() ? lead[step] : 0);
  }
  return leads;
}

}  // namespace hvlab::views
