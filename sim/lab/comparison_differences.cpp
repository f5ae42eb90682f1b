#include "sim/lab/comparison_differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/lab/comparison_density.hpp"
#include "sim/lab/comparison_table.hpp"
#include "sim/lab/difference_words.hpp"
#include "sim/lab/io_report.hpp"
#include "sim/lab/text_table.hpp"
#include "sim/observe/io_request.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;
using What = Difference::What;

namespace {

constexpr double kLeastRatio = 1.05;
constexpr double kLeastShare = 0.001;

struct WhatRow {
  What what;
  const char *name, *unit;
  size_t shown;  // in the text, at most
};
constexpr WhatRow kWhats[] = {
    {What::Workload, "workload.time", "s", 1},   {What::Phase, "phase.time", "s", 3},
    {What::Start, "start.time", "s", 1},         {What::Memory, "memory.each", "bytes", 1},
    {What::Exits, "exits.rate", "1/s", 1},       {What::Request, "request.time", "s", 2},
    {What::Copied, "request.copied", "bytes", 1}};

const WhatRow& row_of(What what) { return *std::ranges::find(kWhats, what, &WhatRow::what); }

/// Collects the differences of one run to one other.
struct Pair {
  const MeasuredRun& run;
  const MeasuredRun& base;
  std::vector<Difference>& all;

  Difference difference(What what, double value, double reference, double share) const {
    Difference made;
    made.what = what;
    made.run = &run;
    made.base = &base;
    made.value = value;
    made.reference = reference;
    made.share = std::clamp(share, 0.0, 1.0);
    made.side_by_side = instances(run) != instances(base);
    return made;
  }

  void add(Difference made) const {
    const double off = ratio(made).value_or(kMostRatio);
    if (made.share >= kLeastShare && std::max(off, 1 / off) >= kLeastRatio) all.push_back(std::move(made));
  }
};

double larger_share(double part, double whole, double other_part, double other_whole) {
  return std::max(whole > 0 ? part / whole : 0, other_whole > 0 ? other_part / other_whole : 0);
}

void take_window(Difference& made, const RunWindow& window, const RunWindow& base) {
  const unsigned processors = made.run->processors;
  made.exits = exit_evidence(window, processors);
  made.base_exits = exit_evidence(base, processors);
  if (made.side_by_side) return;
  made.parts = account_parts(window, base, processors);
  made.window_extra = window.seconds - base.seconds;
}

void add_phases(const Pair& pair) {
  const double whole = workload_seconds(pair.run), base_whole = workload_seconds(pair.base);
  if (whole <= 0 || base_whole <= 0) return;
  Difference workload = pair.difference(What::Workload, whole, base_whole, 1);
  for (const PhaseResult& phase : pair.base.log.phases) {
    const double value = phase_seconds(pair.run, phase.name);
    const double reference = phase_seconds(pair.base, phase.name);
    if (value <= 0 || reference <= 0) continue;
    workload.phases.push_back({phase.name, value - reference});
    Difference made =
        pair.difference(What::Phase, value, reference, larger_share(value, whole, reference, base_whole));
    made.subject = phase.name;
    const RunWindow* window = phase_window(pair.run, phase.name);
    const RunWindow* base = phase_window(pair.base, phase.name);
    if (window != nullptr && base != nullptr) take_window(made, *window, *base);
    pair.add(std::move(made));
  }
  std::ranges::stable_sort(workload.phases, std::ranges::greater(), &Part::extra);
  take_window(workload, pair.run.work, pair.base.work);
  pair.add(std::move(workload));
}

void add_start(const Pair& pair) {
  const double value = power_on_seconds(pair.run), reference = power_on_seconds(pair.base);
  if (value <= 0 || reference <= 0) return;
  Difference made =
      pair.difference(What::Start, value, reference, value / (value + workload_seconds(pair.run)));
  const double kernel = start_seconds(pair.run), base_kernel = start_seconds(pair.base);
  if (kernel > 0 && base_kernel > 0 && !made.side_by_side) {
    made.parts = {{"before-kernel", value - kernel - (reference - base_kernel)},
                  {"kernel", kernel - base_kernel}};
    std::ranges::stable_sort(made.parts, std::ranges::greater(), &Part::extra);
    made.window_extra = value - reference;
  }
  pair.add(std::move(made));
}

void add_exits(const Pair& pair) {
  const RunWindow &work = pair.run.work, &base_work = pair.base.work;
  if (work.seconds <= 0 || base_work.seconds <= 0) return;
  const auto exits = exit_evidence(work, pair.run.processors);
  const auto base = exit_evidence(base_work, pair.base.processors);
  const auto rate = [](const auto& evidence) { return evidence ? evidence->per_second : 0; };
  const auto share = [](const auto& evidence) { return evidence ? evidence->share_of_time : 0; };
  if (rate(exits) == 0 && rate(base) == 0) return;
  Difference made =
      pair.difference(What::Exits, rate(exits), rate(base), std::max(share(exits), share(base)));
  made.exits = exits;
  made.base_exits = base;
  pair.add(std::move(made));
}

double requests_share(const MeasuredRun& run, const Json& group) {
  return run.work.seconds > 0 ? group.at("picoseconds").get<double>() * 1e-12 / run.work.seconds : 0;
}

void add_request(const Pair& pair, const std::string& operation) {
  const Json* group = innermost_io(pair.run.io, operation);
  const Json* base = innermost_io(pair.base.io, operation);
  if (group == nullptr || base == nullptr || group->value("bytes", u64{0}) != base->value("bytes", u64{0}))
    return;
  const double share = std::max(requests_share(pair.run, *group), requests_share(pair.base, *base));
  Difference made = pair.difference(What::Request, request_seconds(*group), request_seconds(*base), share);
  made.subject = operation;
  made.parts = request_parts(*group, *base);
  made.window_extra = made.value - made.reference;
  made.request_exits = request_exits(*group);
  made.base_request_exits = request_exits(*base);
  pair.add(std::move(made));

  const auto copied = request_copied(*group), base_copied = request_copied(*base);
  if (!copied || !base_copied || (*copied == 0 && *base_copied == 0)) return;
  Difference copies = pair.difference(What::Copied, *copied, *base_copied, share);
  copies.subject = operation;
  copies.request_bytes = group->value("bytes", 0.0);
  pair.add(std::move(copies));
}

/// Against the first run with as many processors in which memory is counted.
void add_memory(const std::vector<MeasuredRun>& runs, const MeasuredRun& run, std::vector<Difference>& all) {
  const auto counted = [&](const MeasuredRun& other) {
    return other.processors == run.processors && other.failure.empty() && instance_memory(other) > 0;
  };
  const auto base = std::ranges::find_if(runs, counted);
  const double value = instance_memory(run);
  if (base == runs.end() || &*base == &run || value <= 0) return;
  const Pair pair{run, *base, all};
  const double reference = instance_memory(*base);
  pair.add(pair.difference(What::Memory, value, reference,
                           larger_share(value, run.memory, reference, base->memory)));
}

}  // namespace

const char* name(What what) { return row_of(what).name; }
const char* unit(What what) { return row_of(what).unit; }

std::optional<double> ratio(const Difference& difference) {
  if (difference.reference == 0) return std::nullopt;
  return difference.value / difference.reference;
}

double weight(const Difference& difference) {
  const double off = std::clamp(ratio(difference).value_or(kMostRatio), 1 / kMostRatio, kMostRatio);
  return std::abs(std::log(off)) * difference.share;
}

std::vector<Difference> differences(const std::vector<MeasuredRun>& runs) {
  std::vector<Difference> all;
  for (const MeasuredRun& run : runs) {
    if (!run.failure.empty()) continue;
    add_memory(runs, run, all);
    const MeasuredRun& base = baseline(runs, run);
    if (&base == &run || !base.failure.empty()) continue;
    const Pair pair{run, base, all};
    add_phases(pair);
    add_start(pair);
    add_exits(pair);
    for (size_t i = 0; i < static_cast<size_t>(observe::IoOperation::Count); ++i)
      add_request(pair, observe::name(static_cast<observe::IoOperation>(i)));
  }
  std::ranges::stable_sort(all, std::ranges::greater(), weight);
  return all;
}

Json differences_json(const std::vector<MeasuredRun>& all) {
  const std::vector<MeasuredRun> runs = without_further_instances(all);
  const std::vector<Difference> found = differences(runs);
  Json list = Json::array();
  if (found.empty()) return list;
  const Meanings meanings = read_meanings();
  const Words english = words_of("en", meanings), japanese = words_of("ja", meanings);
  for (const Difference& each : found) {
    const auto off = ratio(each);
    list.push_back({{"what", name(each.what)},
                    {"subject", each.subject},
                    {"run", way_title(*each.run)},
                    {"baseline", way_title(*each.base)},
                    {"processors", each.run->processors},
                    {"place", each.run->place},
                    {"baseline_place", each.base->place},
                    {"value", each.value},
                    {"reference", each.reference},
                    {"unit", unit(each.what)},
                    {"ratio", off ? Json(*off) : Json()},
                    {"weight", weight(each)},
                    {"why", {{"en", why(each, english)}, {"ja", why(each, japanese)}}},
                    {"explain", explained_names(each)}});
  }
  return list;
}

std::string differences_text(const std::vector<MeasuredRun>& all, size_t width) {
  const std::vector<MeasuredRun> runs = without_further_instances(all);
  const std::vector<Difference> found = differences(runs);
  if (found.empty()) return "";
  const Words words = words_of("en", read_meanings());
  std::map<What, size_t> told;
  std::set<std::pair<What, std::string>> subjects;  // one run of each is enough
  std::string text;
  size_t shown = 0;
  for (const Difference& each : found) {
    if (told[each.what] == row_of(each.what).shown) continue;
    if (!subjects.emplace(each.what, each.subject).second) continue;
    ++told[each.what], ++shown;
    text +=
        fold_text(fmt::format("{} ({})", why(each, words), processors_title(each.run->processors)), width, 2);
  }
  return "\nWhat differs most (" + std::to_string(shown) + " of " + std::to_string(found.size()) +
         "; --json tells all)\n" + text;
}

}  // namespace hvlab::lab
