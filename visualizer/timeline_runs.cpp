// What is kept of the runs that the timeline shows.
#include <algorithm>

#include "sim/base/user_error.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

using record::NameTable;
using record::TraceReader;

std::set<std::string> parts_of(const std::string& list) {
  std::set<std::string> parts;
  for (size_t at = 0; at < list.size();) {
    const size_t end = std::min(list.find(';', at), list.size());
    if (end > at) parts.insert(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// Lanes that the filter names; of processors those with its numbers.
std::optional<std::set<u16>> lanes_of(const TraceReader& trace, const record::RecordFilter& filter) {
  if (filter.lanes.empty() && filter.cores.empty()) return std::nullopt;
  std::set<u16> lanes;
  for (const auto& [lane, info] : trace.lanes()) {
    const bool named = filter.lanes.empty() || filter.lanes.contains(info.name);
    const bool on_core =
        filter.cores.empty() || info.type != record::LaneType::Core || filter.cores.contains(info.number);
    if (named && on_core) lanes.insert(lane);
  }
  return lanes;
}

views::TickChoice ticks_of(const TraceReader& trace, const record::RecordFilter& filter) {
  views::TickChoice ticks;
  for (const auto& [key, entry] : trace.names(NameTable::Kind))
    if (filter.kinds.contains(entry.text)) ticks.kinds.insert(static_cast<u16>(key));
  for (const auto& [key, entry] : trace.names(NameTable::ExitReason))
    if (filter.reasons.contains(entry.text)) ticks.reasons.insert(static_cast<u16>(entry.value));
  return ticks;
}

void make_rows(const ViewState& state, const TraceReader& trace, TimelineRun& kept) {
  kept.problem.clear();
  kept.rows.clear();
  try {
    const record::RecordFilter filter = views::filter_of(state.option("timeline.filter"));
    const record::RecordChoice fits(trace, filter);  // says what names there are
    kept.ticks = ticks_of(trace, filter);
    kept.rows = views::lane_rows(
        trace, {.toggled = parts_of(state.option("timeline.toggled")), .only = lanes_of(trace, filter)});
  } catch (const UserError& error) {
    kept.problem = error.what();
  }
}

TimelineRun& kept_of(Frame& frame, const views::OpenRun& run) {
  auto& kept = frame.kept.of<TimelineRun>(run);
  if (kept.generation == run.generation()) return kept;
  kept.generation = run.generation();
  kept.choice.reset();
  kept.curves.reset();
  kept.marks.reset();
  kept.records.reset();
  kept.instructions = {};
  kept.painted.clear();
  kept.measured.clear();
  kept.over.clear();
  return kept;
}

bool is_processor(const views::OpenRun& run, const views::LaneRow& row) {
  if (row.heading() || run.trace() == nullptr) return false;
  const auto lane = run.trace()->lanes().find(row.lanes.front());
  return lane != run.trace()->lanes().end() && lane->second.type == record::LaneType::Core;
}

void make_ready(const Frame& frame, const views::OpenRun& run, TimelineRun& kept) {
  if (run.trace() == nullptr) {
    kept.problem = run.problem();
    kept.rows.clear();
    return;
  }
  const std::string choice =
      frame.state.option("timeline.filter") + "\n" + frame.state.option("timeline.toggled");
  if (kept.choice != choice) make_rows(frame.state, *run.trace(), kept);
  kept.choice = choice;
  try {
    if (!kept.curves) kept.curves = views::skew_curves(*run.trace());
    if (!kept.marks) kept.marks = views::console_marks(*run.trace());
  } catch (const UserError& error) {
    kept.problem = error.what();
    kept.curves.emplace();
    kept.marks.emplace();
  }
}

}  // namespace

std::vector<TimelineShown> timeline_runs(Frame& frame) {
  std::vector<TimelineShown> shown;
  for (const size_t number : frame.shown_numbers()) {
    views::OpenRun& run = *frame.runs.runs[number];
    TimelineRun& kept = kept_of(frame, run);
    make_ready(frame, run, kept);
    shown.push_back({&run, number, &kept});
  }
  return shown;
}

std::vector<TimelineLine> timeline_lines(const Frame& frame, const std::vector<TimelineShown>& runs) {
  const Look& look = frame.look;
  std::vector<TimelineLine> lines;
  float y = 0;
  const auto add = [&](TimelineLine::Kind kind, size_t run, size_t index, float height) {
    lines.push_back({kind, run, index, y, std::round(height)});
    y += std::round(height);
  };
  const float lane = static_cast<float>(lane_size(look).height()) + std::round(look.px(2));
  for (size_t r = 0; r < runs.size(); ++r) {
    const TimelineRun& kept = *runs[r].kept;
    add(TimelineLine::Kind::Run, r, 0, look.px(26));
    unsigned machine = 0;
    const auto plot = [&] {
      if (machine == 0 || !kept.curves || !frame.state.flag("timeline.skew")) return;
      for (size_t i = 0; i < kept.curves->size(); ++i)
        if ((*kept.curves)[i].machine == machine) add(TimelineLine::Kind::Skew, r, i, look.px(40));
    };
    for (size_t i = 0; i < kept.rows.size(); ++i) {
      const views::LaneRow& row = kept.rows[i];
      if (row.depth == 0) {
        plot();
        machine = row.kind == views::LaneRow::Kind::Machine && !row.folded ? row.number : 0;
      }
      add(TimelineLine::Kind::Row, r, i, has_picture(row) ? lane : look.px(19));
      if (kept.instructions.wanted && is_processor(*runs[r].run, row))
        add(TimelineLine::Kind::Instructions, r, i, look.px(22));
    }
    plot();
    y += look.px(8);
  }
  return lines;
}

std::string row_name(const Frame& frame, const views::LaneRow& row) {
  using Kind = views::LaneRow::Kind;
  switch (row.kind) {
    case Kind::Processors: return frame.say("timeline.processors");
    case Kind::Machine: return frame.say("timeline.machine", {std::to_string(row.number)});
    case Kind::Processes: return frame.say("timeline.processes", {std::to_string(row.lanes.size())});
    case Kind::Process: return row.name + " " + std::to_string(row.number);
    case Kind::Devices: return frame.say("timeline.devices");
    case Kind::OtherDevices: return frame.say("timeline.other_devices", {std::to_string(row.lanes.size())});
    default: return row.name;
  }
}

std::string state_words(const Frame& frame, const std::string& stored) {
  const std::string key = "timeline.states." + stored;
  return frame.say.has(key) ? frame.say(key) : stored;
}

StateStyles styles_of_row(const TraceReader& trace, const views::LaneRow& row) {
  const auto lane = trace.lanes().find(row.lanes.front());
  StateStyles styles;
  if (lane != trace.lanes().end()) {
    for (const auto& [key, entry] : trace.names(record::states_of(lane->second.type))) {
      if (key >= record::kStateEnded) continue;
      if (key >= styles.size()) styles.resize(key + 1, views::style_of(""));
      styles[key] = views::style_of(entry.text);
    }
  }
  if (styles.empty()) styles.push_back(views::style_of(""));
  return styles;
}

}  // namespace hvlab::visualizer
