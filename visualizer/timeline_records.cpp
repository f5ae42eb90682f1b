// Single records on the lanes, once so few are in sight that they stand apart: a line each, and as much of
// what it says as there is room for.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/observe/event.hpp"
#include "sim/record/record_text.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

using observe::EventKind;
using record::Record;
using record::TraceReader;

// From long to short.
std::vector<std::string> texts_of(const TraceReader& trace, const Record& record) {
  const bool exit = record.kind == static_cast<u8>(EventKind::VmExit);
  const std::string name = exit ? trace.name(record::NameTable::ExitReason, record.a)
                                : trace.name(record::NameTable::Kind, record.kind);
  const std::string symbol = record::symbol_text(trace, record);
  const std::string rip = record.rip == 0 ? "" : fmt::format("{:x}", record.rip);
  std::vector<std::string> texts;
  if (!symbol.empty()) texts.push_back(name + "  " + rip + "  " + symbol);
  if (!rip.empty()) texts.push_back(name + "  " + rip);
  texts.push_back(name);
  return texts;
}

void draw_lane(Timeline& timeline, const TimelineLine& line, const std::vector<const Record*>& records) {
  const TimelineShown& shown = timeline.runs[line.run];
  const Look& look = timeline.frame.look;
  const LaneSize size = lane_size(look);
  const float y = timeline.screen_y(line), foot = y + static_cast<float>(size.height());
  const float type = std::round(look.text->FontSize * 0.8F);
  for (size_t i = 0; i < records.size(); ++i) {
    const float x = std::round(timeline.area.x(shown.run->shared(records[i]->time)));
    const float next = i + 1 < records.size() ? timeline.area.x(shown.run->shared(records[i + 1]->time))
                                              : timeline.area.right;
    const bool exit = records[i]->kind == static_cast<u8>(EventKind::VmExit);
    timeline.list()->AddLine({x, y}, {x, foot}, exit ? look.bad : look.faint, std::max(1.0F, look.px(1)));
    if (next - x < look.px(24)) continue;
    for (const std::string& text : texts_of(*shown.run->trace(), *records[i])) {
      const float width = look.text->CalcTextSizeA(type, 10'000, 0, text.c_str()).x;
      if (x + width + look.px(8) > next) continue;
      const ImVec2 at{x + look.px(3), y + (look.px(16) - type) / 2};
      timeline.list()->AddRectFilled({x + 1, y}, {at.x + width + look.px(3), y + look.px(16)},
                                     faded(look.ground, 0.88F));
      timeline.list()->AddText(look.text, type, at, look.ink, text.c_str());
      break;
    }
  }
}

}  // namespace

std::vector<const Record*> single_records(const Timeline& timeline, const TimelineRun& kept,
                                          const views::LaneRow& row) {
  std::vector<const Record*> records;
  if (row.heading() || !kept.records) return records;
  for (const Record& record : *kept.records) {
    const bool state = record.kind == record::trace_kind::kState || record.kind == record::trace_kind::kHeld;
    if (record.lane == row.lanes.front() && !state && kept.ticks.takes_kind(record.kind))
      records.push_back(&record);
  }
  const float width = timeline.area.right - timeline.area.left;
  if (static_cast<float>(records.size()) * timeline.frame.look.px(6) >= width) records.clear();
  return records;
}

void draw_timeline_records(Timeline& timeline) {
  for (const TimelineLine& line : timeline.lines) {
    if (line.kind != TimelineLine::Kind::Row || !timeline.visible(line)) continue;
    const TimelineRun& kept = *timeline.runs[line.run].kept;
    const auto records = single_records(timeline, kept, kept.rows[line.index]);
    if (!records.empty()) draw_lane(timeline, line, records);
  }
}

}  // namespace hvlab::visualizer
