// What happened between A and B: the panel at the right, and the same as tables.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/base/user_error.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

using record::NameTable;
using record::TraceReader;

constexpr size_t kMostReasons = 4;

std::vector<u16> lanes_shown(const TimelineRun& kept) {
  std::set<u16> lanes;
  for (const views::LaneRow& row : kept.rows)
    if (row.kind == views::LaneRow::Kind::Lane || row.kind == views::LaneRow::Kind::Group)
      lanes.insert(row.lanes.front());
  return {lanes.begin(), lanes.end()};
}

// Measured anew only if the span, the lanes or the run are others.
const std::vector<views::LaneSums>& sums_of(const TimelineShown& shown, PicosecondDelta a,
                                            PicosecondDelta b) {
  TimelineRun& kept = *shown.kept;
  const auto origin = static_cast<PicosecondDelta>(shown.run->origin());
  const std::string what = fmt::format("{} {} {}", a + origin, b + origin, kept.choice.value_or(""));
  if (kept.measured == what) return kept.sums;
  kept.sums.clear();
  kept.measured = what;
  if (shown.run->trace() != nullptr)
    kept.sums = views::measure(*shown.run->trace(), shown.run->own(a), shown.run->own(b), lanes_shown(kept));
  std::map<u16, size_t> order;
  for (size_t i = 0; i < kept.rows.size(); ++i)
    if (!kept.rows[i].lanes.empty()) order.emplace(kept.rows[i].lanes.front(), i);
  std::ranges::stable_sort(kept.sums, {}, [&](const views::LaneSums& lane) { return order[lane.lane]; });
  return kept.sums;
}

void row(const std::string& first, const std::string& second, const std::string& third, bool faint) {
  ImGui::TableNextRow();
  for (const std::string& text : {first, second, third}) {
    ImGui::TableNextColumn();
    if (&text != &first && ImGui::TableGetColumnIndex() > 0)
      ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, ImGui::GetContentRegionAvail().x -
                                                                       ImGui::CalcTextSize(text.c_str()).x));
    if (faint)
      ImGui::TextDisabled("%s", text.c_str());
    else
      ImGui::TextUnformatted(text.c_str());
  }
}

void draw_lane(const Frame& frame, const TraceReader& trace, const views::LaneSums& lane,
               PicosecondDelta span) {
  ImGui::TableNextRow();
  ImGui::TableNextColumn();
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(trace.name(NameTable::Lane, lane.lane).c_str());
  ImGui::PopFont();
  for (const views::StateTime& state : lane.states) {
    const std::string stored = trace.state_name(lane.lane, state.state);
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    legend(frame.look, views::style_of(stored), state_words(frame, stored));
    const std::string texts[] = {
        show_time(static_cast<PicosecondDelta>(state.time)),
        fmt::format("{:.1f} %", 100.0 * static_cast<double>(state.time) / static_cast<double>(span))};
    for (const std::string& text : texts) {
      ImGui::TableNextColumn();
      ImGui::SetCursorPosX(ImGui::GetCursorPosX() + std::max(0.0F, ImGui::GetContentRegionAvail().x -
                                                                       ImGui::CalcTextSize(text.c_str()).x));
      ImGui::TextUnformatted(text.c_str());
    }
  }
  if (lane.exit_count == 0) return;
  row(frame.say("timeline.exits"), show_count(lane.exit_count), "", false);
  for (size_t i = 0; i < std::min(kMostReasons, lane.exits.size()); ++i)
    row("    " + trace.name(NameTable::ExitReason, lane.exits[i].first), show_count(lane.exits[i].second), "",
        true);
}

void draw_run(Timeline& timeline, const TimelineShown& shown, PicosecondDelta a, PicosecondDelta b) {
  const Frame& frame = timeline.frame;
  const auto& sums = sums_of(shown, a, b);
  ImGui::PushID(shown.run);
  ImGui::Spacing();
  const float side = frame.look.px(9);
  const ImVec2 at{ImGui::GetCursorScreenPos().x,
                  ImGui::GetCursorScreenPos().y + (ImGui::GetTextLineHeight() - side) / 2};
  fill(ImGui::GetWindowDrawList(), frame.look, at, {at.x + side, at.y + side},
       views::style_of_series(static_cast<unsigned>(shown.number)));
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + frame.look.px(15));
  ImGui::PushFont(frame.look.strong);
  ImGui::TextUnformatted(shown.run->name().c_str());
  ImGui::PopFont();
  if (!sums.empty() && ImGui::BeginTable("lanes", 3)) {
    ImGui::TableSetupColumn("what", ImGuiTableColumnFlags_WidthStretch, 2.4F);
    ImGui::TableSetupColumn("how much", ImGuiTableColumnFlags_WidthStretch, 1.2F);
    ImGui::TableSetupColumn("share", ImGuiTableColumnFlags_WidthStretch, 1);
    for (const views::LaneSums& lane : sums)
      if (!lane.states.empty() || lane.exit_count != 0) draw_lane(frame, *shown.run->trace(), lane, b - a);
    ImGui::EndTable();
  }
  ImGui::PopID();
}

}  // namespace

void draw_timeline_measure(Timeline& timeline, float left, float width) {
  Frame& frame = timeline.frame;
  const PicosecondDelta first = frame.state.marker_a.value_or(0), second = frame.state.marker_b.value_or(0);
  const PicosecondDelta a = std::min(first, second), b = std::max(first, second);
  const float top = timeline.area.top - frame.look.px(56);
  ImGui::SetCursorScreenPos({left, top});
  ImGui::BeginChild("measure", {width - frame.look.px(4), timeline.area.bottom - top}, false);
  ImGui::PushFont(frame.look.heading);
  ImGui::TextUnformatted(frame.say("timeline.between", {show_time(b - a)}).c_str());
  ImGui::PopFont();
  const PicosecondDelta grain = std::max<PicosecondDelta>((b - a) / 1000, 1);
  ImGui::TextDisabled("A %s   B %s", show_time(first, grain).c_str(), show_time(second, grain).c_str());
  for (const TimelineShown& shown : timeline.runs) {
    try {
      if (b > a) draw_run(timeline, shown, a, b);
    } catch (const UserError& error) {
      ImGui::TextWrapped("%s", error.what());
    }
  }
  ImGui::EndChild();
}

// Between A and B, or of all that is shown.
void timeline_tables(Timeline& timeline) {
  Frame& frame = timeline.frame;
  const ViewState& state = frame.state;
  const PicosecondDelta first = state.marker_a.value_or(timeline.area.from);
  const PicosecondDelta second = state.marker_b.value_or(timeline.area.until);
  const bool measures = state.marker_a && state.marker_b && first != second;
  const PicosecondDelta a = measures ? std::min(first, second) : timeline.area.from;
  const PicosecondDelta b = measures ? std::max(first, second) : timeline.area.until;
  Table table{
      .name = "timeline", .columns = {"run", "lane", "what", "name", "picoseconds", "count"}, .rows = {}};
  for (const TimelineShown& shown : timeline.runs) {
    try {
      for (const views::LaneSums& lane : sums_of(shown, a, b)) {
        const TraceReader& trace = *shown.run->trace();
        const std::string name = trace.name(NameTable::Lane, lane.lane);
        for (const views::StateTime& one : lane.states)
          table.rows.push_back({shown.run->name(), name, "state", trace.state_name(lane.lane, one.state),
                                std::to_string(one.time), ""});
        for (const auto& [code, count] : lane.exits)
          table.rows.push_back({shown.run->name(), name, "exit", trace.name(NameTable::ExitReason, code), "",
                                std::to_string(count)});
        for (const auto& [kind, count] : lane.events)
          table.rows.push_back({shown.run->name(), name, "event", trace.name(NameTable::Kind, kind), "",
                                std::to_string(count)});
      }
    } catch (const UserError& error) {
      shown.kept->problem = error.what();
    }
  }
  frame.tables.push_back(std::move(table));
}

}  // namespace hvlab::visualizer
