#include "visualizer/exits_data.hpp"

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "visualizer/background.hpp"

namespace hvlab::visualizer {

namespace {

constexpr u64 kNoReason = ~u64{0};  // fits no exit

struct KeptExits {
  Background<views::ExitSummary> sums;
  Background<views::FlameNode> flame;
  Background<views::ExitList> list;
  std::string counted_key;
  views::ExitSummary counted;
};

// What is asked for. "To the end" stays the same question while a run grows.
std::string key_of(const RunExits& it) {
  const bool all = it.until >= it.run->trace()->end();
  return std::to_string(it.from) + "|" + (all ? "end" : std::to_string(it.until));
}

views::ExitBy by_of(const Frame& frame) {
  for (unsigned i = 0; i < static_cast<unsigned>(views::ExitBy::Count); ++i)
    if (frame.state.option("exits.by") == name(static_cast<views::ExitBy>(i)))
      return static_cast<views::ExitBy>(i);
  return views::ExitBy::Reason;
}

void take(Frame& frame, RunExits& it) {
  const record::TraceReader* trace = it.run->trace();
  if (trace == nullptr) {
    it.why = it.run->problem().empty() ? frame.say("exits.no_trace") : it.run->problem();
    return;
  }
  KeptExits& kept = frame.kept.of<KeptExits>(*it.run);
  const Picoseconds from = it.from, until = it.until;
  const views::ExitSummary* sums = kept.sums.get(
      key_of(it), it.run->generation(), [now = it.run->snapshot(), from, until](auto& progress) {
        return views::sum_exits(record::TraceReader(*now), from, until, &progress);
      });
  it.costs = sums != nullptr;
  if (sums != nullptr) it.version = kept.sums.version();
  if (sums == nullptr) {
    it.problem = kept.sums.error();
    it.loading = kept.sums.busy() ? kept.sums.fraction() : -1;
    const std::string counted = key_of(it) + "#" + std::to_string(it.run->generation());
    if (kept.counted_key != counted) kept.counted = views::count_exits(*trace, from, until);
    kept.counted_key = counted;
    sums = &kept.counted;
  } else {
    it.problem = sums->problem;
  }
  it.all = sums->rows;
  it.rows = views::grouped(views::filtered(it.all, filter_of(frame, *trace)), by_of(frame));
  if (it.all.empty() && it.loading < 0) it.why = frame.say("exits.none");
}

}  // namespace

views::ExitFilter filter_of(const Frame& frame, const record::TraceReader& trace) {
  views::ExitFilter filter;
  const ViewState& state = frame.state;
  if (const auto vm = number_in(state.option("exits.vm"))) filter.vm = static_cast<unsigned>(*vm);
  if (const auto vcpu = number_in(state.option("exits.vcpu"))) filter.vcpu = static_cast<unsigned>(*vcpu);
  filter.least = number_in(state.option("exits.least")).value_or(0);
  filter.most = number_in(state.option("exits.most")).value_or(~u64{0});
  const std::string& of_class = state.option("exits.class");
  for (size_t i = 0; i < static_cast<size_t>(observe::ExitClass::Count); ++i)
    if (of_class == name(static_cast<observe::ExitClass>(i)))
      filter.exit_class = static_cast<observe::ExitClass>(i);
  const std::string& reason = state.option("exits.reason");
  if (reason.empty()) return filter;
  filter.reason = kNoReason;
  for (const auto& [code, entry] : trace.names(record::NameTable::ExitReason))
    if (entry.text == reason) filter.reason = code;
  return filter;
}

std::vector<RunExits> exits_of(Frame& frame) {
  std::vector<RunExits> list;
  const auto [from, until] = frame.span();
  for (const size_t number : frame.shown_numbers()) {
    RunExits& it = list.emplace_back();
    it.run = frame.runs.runs[number].get();
    it.number = number;
    it.from = it.run->own(from);
    it.until = it.run->own(until);
    try {
      take(frame, it);
    } catch (const UserError& error) {
      it.why = error.what();
    }
    frame.loading |= it.loading >= 0;
    frame.again |= it.costs && it.version != it.run->generation();
  }
  return list;
}

const RunExits* looked_into(const Frame& frame, const std::vector<RunExits>& runs) {
  const long long asked = frame.state.number("exits.run");
  for (const RunExits& it : runs)
    if (static_cast<long long>(it.number) + 1 == asked && it.run->trace() != nullptr) return &it;
  for (const RunExits& it : runs)
    if (!it.all.empty()) return &it;
  for (const RunExits& it : runs)
    if (it.run->trace() != nullptr) return &it;
  return nullptr;
}

const views::FlameNode* flame_of_run(Frame& frame, const RunExits& it) {
  KeptExits& kept = frame.kept.of<KeptExits>(*it.run);
  const auto by =
      frame.state.option("exits.flame") == "machine" ? views::FlameBy::Machine : views::FlameBy::Core;
  const Picoseconds from = it.from, until = it.until;
  const bool idle = frame.state.flag("exits.idle");
  const std::string key = key_of(it) + "|" + frame.state.option("exits.flame") + (idle ? "|idle" : "");
  const auto make = [now = it.run->snapshot(), from, until, by, idle](views::Progress& progress) {
    views::FlameNode root = views::flame_of(record::TraceReader(*now), from, until, by, &progress);
    return idle ? root : views::without_account(root, "idle");
  };
  const auto* flame = kept.flame.get(key, it.run->generation(), make);
  frame.loading |= kept.flame.busy();
  frame.again |= kept.flame.renews();
  return flame;
}

const views::ExitList* list_of_run(Frame& frame, const RunExits& it) {
  KeptExits& kept = frame.kept.of<KeptExits>(*it.run);
  const views::ExitFilter filter = filter_of(frame, *it.run->trace());
  const bool by_cost = frame.state.option("exits.order") == "cost";
  const auto page = static_cast<size_t>(std::max<long long>(frame.state.number("exits.page"), 1)) - 1;
  std::string key = key_of(it) + "|" + (by_cost ? "cost" : "time") + "|" + std::to_string(page);
  for (const char* option :
       {"exits.vm", "exits.vcpu", "exits.reason", "exits.class", "exits.least", "exits.most"})
    key += "|" + frame.state.option(option);
  const auto make = [now = it.run->snapshot(), from = it.from, until = it.until, filter, by_cost,
                     page](views::Progress& progress) {
    const auto order = by_cost ? views::ExitOrder::Cost : views::ExitOrder::Time;
    return views::list_exits(record::TraceReader(*now), from, until, filter, order, page * kListed, kListed,
                             &progress);
  };
  const auto* list = kept.list.get(key, it.run->generation(), make);
  frame.loading |= kept.list.busy();
  frame.again |= kept.list.renews();
  return list;
}

}  // namespace hvlab::visualizer
