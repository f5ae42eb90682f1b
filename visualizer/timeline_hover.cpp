// What is said of the place that the mouse is on.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/record/record_text.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

using observe::EventKind;
using record::Record;
using record::TraceReader;

constexpr size_t kMostLines = 6;

std::string exact(PicosecondDelta time, PicosecondDelta grain) {
  return show_time(time, std::max<PicosecondDelta>(grain / 2, 1));
}

// What holds at the very time.
void say_state(const Timeline& timeline, const TimelineShown& shown, u16 lane, Picoseconds time) {
  const TraceReader& trace = *shown.run->trace();
  const Frame& frame = timeline.frame;
  const auto interval = views::interval_at(trace, lane, time);
  if (!interval) return;
  const Record& record = interval->record;
  const std::string stored = trace.state_name(lane, record.a);
  std::string words = state_words(frame, stored);
  if (const std::string call = record::call_text(trace, record); !call.empty())
    words = frame.say("timeline.in_call", {words, call});
  legend(frame.look, views::style_of(stored), words);
  const auto length = static_cast<PicosecondDelta>(interval->until - record.time);
  const std::string span = show_time(length);
  ImGui::SameLine(0, frame.look.px(10));
  ImGui::TextUnformatted(interval->ends ? span.c_str() : frame.say("timeline.at_least", {span}).c_str());
  ImGui::TextDisabled(
      "%s", frame.say("timeline.since", {exact(shown.run->shared(record.time), length / 100 + 1)}).c_str());
  const auto type = trace.lanes().at(lane).type;
  if (type == record::LaneType::Vcpu || type == record::LaneType::Thread)
    ImGui::TextDisabled("%s", frame.say("timeline.on_core", {std::to_string(record.core)}).c_str());
  if (type == record::LaneType::Device && record.a != 0)
    ImGui::TextDisabled("%s", frame.say("timeline.under_way", {show_count(record.b)}).c_str());
}

// One line of the table of what is in the column.
void say_share(const Frame& frame, const std::string& name, const std::string& value,
               const views::Style* style) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  if (style != nullptr)
    legend(frame.look, *style, name);
  else
    ImGui::TextUnformatted(name.c_str());
  ImGui::TableNextColumn();
  ImGui::TextUnformatted(value.c_str());
}

// What the pixels around the mouse sum up: states by share, exits by reason, other events by kind.
void say_sums(const Timeline& timeline, const TimelineShown& shown, const std::vector<u16>& lanes,
              Picoseconds from, Picoseconds until) {
  const TraceReader& trace = *shown.run->trace();
  const Frame& frame = timeline.frame;
  u64 states = 0;
  const std::vector<views::LaneSums> all = views::measure(trace, from, until, lanes);
  for (const views::LaneSums& lane : all) states += lane.states.size();
  const bool shares = states > 1 && lanes.size() == 1;
  const bool counts = std::ranges::any_of(
      all, [](const views::LaneSums& lane) { return !lane.exits.empty() || !lane.events.empty(); });
  if (!shares && !counts) return;
  ImGui::TextDisabled(
      "%s", frame.say("timeline.around", {show_time(static_cast<PicosecondDelta>(until - from))}).c_str());
  if (!ImGui::BeginTable("sums", 2)) return;
  for (const views::LaneSums& lane : all) {
    for (const views::StateTime& state : lane.states) {
      if (!shares) break;
      const std::string stored = trace.state_name(lane.lane, state.state);
      const views::Style style = views::style_of(stored);
      const double share = 100.0 * static_cast<double>(state.time) / static_cast<double>(until - from);
      say_share(frame, state_words(frame, stored), fmt::format("{:.1f} %", share), &style);
    }
    size_t lines = 0;
    for (const auto& [code, count] : lane.exits)
      if (lines++ < kMostLines)
        say_share(frame, frame.say("timeline.exit", {trace.name(record::NameTable::ExitReason, code)}),
                  show_count(count), nullptr);
    for (const auto& [kind, count] : lane.events)
      if (lines++ < kMostLines && kind != static_cast<u8>(EventKind::VmExit) &&
          shown.kept->ticks.takes_kind(static_cast<u16>(kind)))
        say_share(frame, trace.name(record::NameTable::Kind, kind), show_count(count), nullptr);
  }
  ImGui::EndTable();
}

// The single event that is nearest, if it is under the mouse.
void say_event(const Timeline& timeline, const TimelineShown& shown, u16 lane, PicosecondDelta time) {
  if (!shown.kept->records) return;
  const TraceReader& trace = *shown.run->trace();
  const Frame& frame = timeline.frame;
  const Record* nearest = nullptr;
  PicosecondDelta best = timeline.area.grain() * 6;
  for (const Record& record : *shown.kept->records) {
    if (record.lane != lane || record.kind == record::trace_kind::kState ||
        !shown.kept->ticks.takes_kind(record.kind))
      continue;
    const PicosecondDelta away = std::abs(shown.run->shared(record.time) - time);
    if (away <= best) {
      best = away;
      nearest = &record;
    }
  }
  if (nearest == nullptr) return;
  ImGui::Separator();
  ImGui::PushFont(frame.look.strong);
  ImGui::Text("%s  %s", trace.name(record::NameTable::Kind, nearest->kind).c_str(),
              record::detail_text(trace, *nearest).c_str());
  ImGui::PopFont();
  ImGui::TextDisabled("%s", exact(shown.run->shared(nearest->time), timeline.area.grain()).c_str());
  if (nearest->rip != 0) {
    const std::string symbol = record::symbol_text(trace, *nearest);
    ImGui::Text("RIP %lx  %s", static_cast<unsigned long>(nearest->rip), symbol.c_str());
  }
  if (nearest->kind != static_cast<u8>(EventKind::VmExit)) return;
  if (const auto cycles = views::handling_cycles(trace, *nearest))
    ImGui::TextUnformatted(frame.say("timeline.handled", {show_count(*cycles)}).c_str());
}

void say_faintly(const Frame& frame, const std::string& text) {
  ImGui::PushTextWrapPos(frame.look.px(360));
  ImGui::PushStyleColor(ImGuiCol_Text, frame.look.faint);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
  ImGui::PopTextWrapPos();
}

void hover_row(const Timeline& timeline, const TimelineLine& line, PicosecondDelta time) {
  const TimelineShown& shown = timeline.runs[line.run];
  const views::LaneRow& row = shown.kept->rows[line.index];
  if (!has_picture(row)) return;
  const PicosecondDelta grain = timeline.area.grain();
  const PicosecondDelta own = time + static_cast<PicosecondDelta>(shown.run->origin());
  const Frame& frame = timeline.frame;
  const auto type = shown.run->trace()->lanes().at(row.lanes.front()).type;
  ImGui::BeginTooltip();
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(row_name(frame, row).c_str());
  ImGui::PopFont();
  ImGui::SameLine(0, frame.look.px(12));
  ImGui::TextDisabled("%s", exact(time, grain).c_str());
  if (own >= 0 && type != record::LaneType::Count) {
    const auto from = static_cast<Picoseconds>(std::max<PicosecondDelta>(own - grain, 0));
    if (row.lanes.size() == 1) say_state(timeline, shown, row.lanes.front(), static_cast<Picoseconds>(own));
    if (row.lanes.size() <= 64) {
      const auto until = static_cast<Picoseconds>(own + 2 * grain);
      say_sums(timeline, shown, row.lanes, from, until);
    }
    if (row.lanes.size() == 1) say_event(timeline, shown, row.lanes.front(), time);
  }
  const unsigned finest = shown.run->trace()->levels().front().shift;
  if (shown.run->trace()->level() == record::RecordLevel::Summary && grain >> finest == 0)
    say_faintly(frame, frame.say("timeline.summary_only"));
  ImGui::EndTooltip();
}

void hover_skew(const Timeline& timeline, const TimelineLine& line, PicosecondDelta time) {
  const TimelineShown& shown = timeline.runs[line.run];
  if (!shown.kept->curves) return;
  const views::SkewCurve& curve = (*shown.kept->curves)[line.index];
  const auto leads = views::skew_at(curve, time + static_cast<PicosecondDelta>(shown.run->origin()));
  const Frame& frame = timeline.frame;
  ImGui::BeginTooltip();
  ImGui::TextUnformatted(frame.say("timeline.skew_words").c_str());
  for (size_t i = 0; i < leads.size(); ++i) {
    legend(frame.look, views::style_of_series(static_cast<unsigned>(i)),
           shown.run->trace()->name(record::NameTable::Lane, curve.lanes[i]));
    ImGui::SameLine(0, frame.look.px(12));
    ImGui::TextUnformatted(show_time(static_cast<PicosecondDelta>(leads[i])).c_str());
  }
  ImGui::TextDisabled(
      "%s", frame.say("timeline.skew_most", {show_time(static_cast<PicosecondDelta>(curve.most))}).c_str());
  ImGui::EndTooltip();
}

// The console's line whose flag is under the mouse.
void hover_run(const Timeline& timeline, const TimelineLine& line) {
  const TimelineShown& shown = timeline.runs[line.run];
  if (!shown.kept->marks) return;
  const float mouse = ImGui::GetIO().MousePos.x;
  const views::ConsoleMark* nearest = nullptr;
  float best = timeline.frame.look.px(10);
  for (const views::ConsoleMark& mark : *shown.kept->marks) {
    const float away = std::abs(timeline.area.x(shown.run->shared(mark.time)) - mouse);
    if (away > best) continue;
    best = away;
    nearest = &mark;
  }
  if (nearest == nullptr) return;
  ImGui::BeginTooltip();
  ImGui::TextUnformatted(nearest->text.c_str());
  ImGui::TextDisabled("%s", exact(shown.run->shared(nearest->time), timeline.area.grain()).c_str());
  ImGui::EndTooltip();
}

}  // namespace

void draw_timeline_hover(Timeline& timeline) {
  if (!timeline.pointed || !timeline.pointed_time || !ImGui::IsItemHovered() || ImGui::IsMouseDragging(0))
    return;
  const TimelineLine& line = timeline.lines[*timeline.pointed];
  const TimelineShown& shown = timeline.runs[line.run];
  if (shown.run->trace() == nullptr) return;
  try {
    switch (line.kind) {
      case TimelineLine::Kind::Run: return hover_run(timeline, line);
      case TimelineLine::Kind::Row: return hover_row(timeline, line, *timeline.pointed_time);
      case TimelineLine::Kind::Skew: return hover_skew(timeline, line, *timeline.pointed_time);
      case TimelineLine::Kind::Instructions:
        return hover_timeline_instructions(timeline, line, *timeline.pointed_time);
    }
  } catch (const UserError& error) {
    timeline.frame.status = error.what();
  }
}

}  // namespace hvlab::visualizer
