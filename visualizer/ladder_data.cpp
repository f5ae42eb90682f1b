#include "visualizer/ladder_data.hpp"

#include <algorithm>
#include <map>

#include "sim/base/user_error.hpp"
#include "sim/views/exit_walk.hpp"
#include "visualizer/background.hpp"

namespace hvlab::visualizer {

using observe::IoOperation;
using observe::IoTotals;
using views::Requests;

namespace {

// What is kept of a run between frames.
struct KeptLadder {
  Background<Requests> requests;
  std::map<IoTotals::Key, std::vector<views::HopTimes>> hops;
  u64 hops_of = 0;  // the version of the requests that `hops` are of
  Background<views::ExitList> exits;
  std::string chosen_key;
  views::Request request;
  views::Exit exit;
  views::Ladder ladder;
  size_t chosen = 0;
  std::string problem;
};

// Tells what was made of one generation of a run from what was made of another.
std::string version_text(u64 version) { return "#" + std::to_string(version); }

std::optional<IoOperation> operation_named(const std::string& text) {
  for (unsigned i = 0; i < static_cast<unsigned>(IoOperation::Count); ++i)
    if (text == observe::name(static_cast<IoOperation>(i))) return static_cast<IoOperation>(i);
  return std::nullopt;
}

// Which of `count` things in the order of their cost `choice` names; nothing: it is a number in time.
std::optional<unsigned> percentile_of(const std::string& choice) {
  static const std::map<std::string, unsigned> kNamed = {
      {"quickest", 0}, {"median", 50}, {"p90", 90}, {"p99", 99}, {"slowest", 100}};
  const auto found = kNamed.find(choice);
  return found == kNamed.end() ? std::nullopt : std::optional(found->second);
}

// What "ladder.group" asks for ("SYSTEM:BYTES"), or the one that stands for the operation.
const Requests::Group* group_of(const Frame& frame, const Requests& requests) {
  const auto operation = operation_named(frame.state.option("ladder.operation"));
  if (!operation) return nullptr;
  const std::string& asked = frame.state.option("ladder.group");
  const size_t colon = asked.find(':');
  if (colon != std::string::npos) {
    const auto system = number_in(asked.substr(0, colon)), bytes = number_in(asked.substr(colon + 1));
    if (system && bytes) {
      const auto* group = requests.find({static_cast<unsigned>(*system), *operation, *bytes});
      if (group != nullptr) return group;
    }
  }
  return requests.innermost(*operation);
}

void choose_request(const Frame& frame, KeptLadder& kept, RunLadder& it) {
  const std::string& choice = frame.state.option("ladder.request");
  const auto& [system, operation, bytes] = it.group->key;
  const std::string key = version_text(kept.requests.version()) + "|" + choice + "|" +
                          std::to_string(system) + "|" + observe::name(operation) + "|" +
                          std::to_string(bytes);
  if (kept.chosen_key != key) {
    const auto percent = percentile_of(choice);
    const std::vector<u32>& by_begin = it.group->by_begin;
    const size_t nth = std::clamp<size_t>(number_in(choice).value_or(1), 1, by_begin.size()) - 1;
    const u32 number = percent ? it.requests->at_percentile(*it.group, *percent) : by_begin[nth];
    kept.request = it.requests->read(number);
    kept.chosen = static_cast<size_t>(std::ranges::find(by_begin, number) - by_begin.begin());
    kept.ladder =
        views::ladder_of(kept.request, it.run->trace() == nullptr ? 0 : it.run->trace()->frequency_hz());
    kept.chosen_key = key;
  }
  it.request = kept.request;
}

void take_request(Frame& frame, KeptLadder& kept, RunLadder& it) {
  const views::OpenRun& run = *it.run;
  const auto file = run.reader().path() / record::kRequestsFile;
  if (!run.reader().has(record::kRequestsFile)) {
    it.why = frame.say("ladder.no_requests");
    return;
  }
  const u64 hz = run.trace() == nullptr ? 0 : run.trace()->frequency_hz();
  it.requests = kept.requests.get("", run.generation(), [file, hz](views::Progress& progress) {
    return Requests::load(file, hz, &progress);
  });
  it.version = kept.requests.version();
  if (it.requests == nullptr) {
    it.why = kept.requests.error();
    it.loading = kept.requests.busy() ? kept.requests.fraction() : -1;
    return;
  }
  it.problem = it.requests->problem();
  it.group = group_of(frame, *it.requests);
  if (it.group == nullptr) {
    it.why = frame.say("ladder.none_of",
                       {frame.say("ladder.operations." + frame.state.option("ladder.operation"))});
    return;
  }
  if (kept.hops_of != it.version) kept.hops.clear();
  kept.hops_of = it.version;
  auto hops = kept.hops.find(it.group->key);
  if (hops == kept.hops.end())
    hops = kept.hops.emplace(it.group->key, views::hop_table(*it.requests, *it.group)).first;
  it.hops = &hops->second;
  it.matching = it.group->by_begin.size();
  choose_request(frame, kept, it);
  it.ladder = kept.ladder;
  it.chosen = kept.chosen;
}

// The reason's code in this run's trace; nothing if no exit had it.
std::optional<u64> code_of(const record::TraceReader& trace, const std::string& reason) {
  for (const auto& [code, entry] : trace.names(record::NameTable::ExitReason))
    if (entry.text == reason) return code;
  return std::nullopt;
}

// So that an exit that is named by its time has its number among those of the span, too.
u64 exits_before(const record::TraceReader& trace, u64 reason, Picoseconds from, Picoseconds until) {
  u64 count = 0;
  for (const views::ExitRow& row : views::count_exits(trace, from, until).rows)
    if (row.reason == reason) count += row.count;
  return count;
}

constexpr size_t kMostExits = 200'000;  // of a reason, that one of them can be chosen from

void take_exit(Frame& frame, KeptLadder& kept, RunLadder& it) {
  const views::OpenRun& run = *it.run;
  const std::string& reason = frame.state.option("ladder.reason");
  const record::TraceReader* trace = run.trace();
  const auto code = trace == nullptr ? std::nullopt : code_of(*trace, reason);
  if (!code) {
    it.why = trace == nullptr ? run.problem() : frame.say("ladder.no_exits", {reason});
    return;
  }
  const auto [shared_from, shared_until] = frame.span();
  const std::string& choice = frame.state.option("ladder.exit");
  const bool next = choice.starts_with("@");
  const Picoseconds begin = run.own(shared_from), until = run.own(shared_until);
  const Picoseconds from =
      next ? std::max(begin, run.own(std::strtoll(choice.c_str() + 1, nullptr, 10))) : begin;
  const std::string end = until >= trace->end() ? "end" : std::to_string(until);
  const std::string question = reason + "|" + std::to_string(from) + "|" + end;
  const auto make = [now = run.snapshot(), code, from, until](views::Progress& progress) {
    views::ExitFilter filter;
    filter.reason = code;
    return views::list_exits(record::TraceReader(*now), from, until, filter, views::ExitOrder::Time, 0,
                             kMostExits, &progress);
  };
  const views::ExitList* list = kept.exits.get(question, run.generation(), make);
  it.version = kept.exits.version();
  const std::string key = question + version_text(it.version);
  if (list == nullptr) {
    it.why = kept.exits.error();
    it.loading = kept.exits.busy() ? kept.exits.fraction() : -1;
    return;
  }
  it.problem = list->problem;
  const u64 before = next ? exits_before(*trace, *code, begin, from) : 0;
  it.matching = before + list->exits.size();
  if (list->exits.empty()) {
    it.why = frame.say("ladder.no_exits", {reason});
    return;
  }
  if (kept.chosen_key != key + "|" + choice) {
    std::vector<size_t> order(list->exits.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto percent = percentile_of(choice);
    const u64 hz = trace->frequency_hz();
    if (percent) std::ranges::stable_sort(order, {}, [&](size_t i) { return list->exits[i].cycles(hz); });
    const size_t rank = percent ? (order.size() * *percent + 99) / 100 : number_in(choice).value_or(1);
    const size_t place = order[std::clamp<size_t>(rank, 1, order.size()) - 1];
    kept.chosen = before + place;
    kept.exit = list->exits[place];
    kept.ladder = views::walk_of(*trace, kept.exit);
    kept.chosen_key = key + "|" + choice;
  }
  it.exit = kept.exit;
  it.ladder = kept.ladder;
  it.chosen = kept.chosen;
}

}  // namespace

std::vector<RunLadder> ladders_of(Frame& frame) {
  const bool exits = frame.state.option("ladder.mode") == "exit";
  std::vector<RunLadder> list;
  for (const size_t number : frame.shown_numbers()) {
    RunLadder& it = list.emplace_back();
    it.run = frame.runs.runs[number].get();
    it.number = number;
    try {
      KeptLadder& kept = frame.kept.of<KeptLadder>(*it.run);
      exits ? take_exit(frame, kept, it) : take_request(frame, kept, it);
    } catch (const UserError& error) {
      it.why = error.what();
    }
    frame.loading |= it.loading >= 0;
    frame.again |= it.version != 0 && it.version != it.run->generation();
  }
  return list;
}

std::vector<IoOperation> operations_of(const std::vector<RunLadder>& ladders) {
  std::vector<IoOperation> found;
  for (unsigned i = 0; i < static_cast<unsigned>(IoOperation::Count); ++i) {
    const auto operation = static_cast<IoOperation>(i);
    const bool any = std::ranges::any_of(ladders, [&](const RunLadder& it) {
      return it.requests != nullptr && it.requests->innermost(operation) != nullptr;
    });
    if (any) found.push_back(operation);
  }
  return found;
}

std::vector<IoTotals::Key> groups_of(const std::vector<RunLadder>& ladders, const std::string& operation) {
  std::vector<IoTotals::Key> found;
  for (const RunLadder& it : ladders) {
    if (it.requests == nullptr) continue;
    for (const Requests::Group& group : it.requests->groups())
      if (observe::name(std::get<1>(group.key)) == operation) found.push_back(group.key);
  }
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

std::vector<std::string> reasons_of(Frame& frame) {
  std::map<std::string, u64> counts;
  for (const views::OpenRun* run : frame.shown()) {
    if (run->trace() == nullptr) continue;
    for (const auto& [code, entry] : run->trace()->names(record::NameTable::ExitReason)) ++counts[entry.text];
  }
  std::vector<std::string> reasons;
  reasons.reserve(counts.size());
  for (const auto& [reason, count] : counts) reasons.push_back(reason);
  std::ranges::stable_sort(reasons, std::greater<>(),
                           [&](const std::string& reason) { return counts[reason]; });
  return reasons;
}

}  // namespace hvlab::visualizer
