// The lanes: names at the left, an image of each at the right; each run's heading with its console's flags;
// skew plots.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/base/user_error.hpp"
#include "visualizer/timeline.hpp"

namespace hvlab::visualizer {

namespace {

using Kind = TimelineLine::Kind;

views::Columns columns_of(const Timeline& timeline, const views::OpenRun& run) {
  const auto origin = static_cast<PicosecondDelta>(run.origin());
  return {timeline.area.from + origin, timeline.area.until + origin, timeline.area.columns()};
}

// Where a state holds for so many columns that its name fits in: its name there.
std::vector<RowLabel> labels_of(const Frame& frame, const record::TraceReader& trace,
                                const views::LaneRow& row, const views::RowPicture& picture) {
  std::vector<RowLabel> labels;
  const auto columns = static_cast<u32>(picture.exits.size());
  const auto alone = [&](u32 c) {
    return picture.first[c + 1] - picture.first[c] == 1 ? picture.times[picture.first[c]].state
                                                        : record::kStateEnded;
  };
  for (u32 begin = 0, end = 0; begin < columns; begin = end) {
    const u64 state = alone(begin);
    for (end = begin + 1; end < columns && alone(end) == state;) ++end;
    if (state == record::kStateEnded || static_cast<float>(end - begin) < frame.look.px(40)) continue;
    std::string words = state_words(frame, trace.state_name(row.lanes.front(), state));
    if (ImGui::CalcTextSize(words.c_str()).x * 0.8F + frame.look.px(10) < static_cast<float>(end - begin))
      labels.push_back({begin, state, std::move(words)});
  }
  return labels;
}

// Adds the states that a row shows.
void note_states(const record::TraceReader& trace, const views::LaneRow& row,
                 const views::RowPicture& picture, std::vector<std::string>& states) {
  std::set<u64> there;
  for (const views::StateTime& one : picture.times) there.insert(one.state);
  for (const u64 state : there) {
    const std::string name = trace.state_name(row.lanes.front(), state);
    if (std::ranges::find(states, name) == states.end()) states.push_back(name);
  }
}

// Paints the rows that are in sight, if anything about them changed.
void paint(Timeline& timeline, size_t number) {
  const TimelineShown& shown = timeline.runs[number];
  TimelineRun& kept = *shown.kept;
  std::vector<views::LaneRow> rows;
  std::vector<size_t> indices;
  std::string what;
  for (const TimelineLine& line : timeline.lines) {
    if (line.run != number || line.kind != Kind::Row || !timeline.visible(line)) continue;
    if (!has_picture(kept.rows[line.index])) continue;
    rows.push_back(kept.rows[line.index]);
    indices.push_back(line.index);
  }
  const views::Columns columns = columns_of(timeline, *shown.run);
  const Look& look = timeline.frame.look;
  what = fmt::format("{} {} {} {} {} {}", columns.from, columns.until, columns.count, look.dark, look.scale,
                     kept.choice.value_or(""));
  for (const size_t index : indices) what += fmt::format(" {}", index);
  if (what == kept.painted || rows.empty()) return;
  const std::vector<views::RowPicture> pictures = kept.pictures.make(*shown.run, rows, columns, kept.ticks);
  const LaneSize size = lane_size(look);
  const auto width = static_cast<size_t>(columns.count), height = static_cast<size_t>(size.height());
  std::vector<u32> pixels(width * height * rows.size());
  const auto column = static_cast<u64>(columns.until - columns.from) / columns.count;
  const auto phase =
      static_cast<unsigned>(columns.from / static_cast<PicosecondDelta>(std::max<u64>(column, 1)) & 7);
  kept.image_rows.assign(kept.rows.size(), -1);
  kept.labels.assign(kept.rows.size(), {});
  kept.states.clear();
  for (size_t i = 0; i < rows.size(); ++i) {
    paint_lane(pictures[i], column, styles_of_row(*shown.run->trace(), rows[i]), look, size, phase,
               pixels.data() + i * width * height);
    kept.image_rows[indices[i]] = static_cast<int>(i * height);
    note_states(*shown.run->trace(), rows[i], pictures[i], kept.states);
    if (rows[i].lanes.size() == 1)
      kept.labels[indices[i]] = labels_of(timeline.frame, *shown.run->trace(), rows[i], pictures[i]);
  }
  kept.image.load(static_cast<int>(width), static_cast<int>(height * rows.size()), pixels);
  kept.painted = what;
  const std::vector<u16> lanes = [&] {
    std::set<u16> all;
    for (const views::LaneRow& row : rows)
      if (!row.heading()) all.insert(row.lanes.begin(), row.lanes.end());
    return std::vector<u16>(all.begin(), all.end());
  }();
  kept.records.reset();
  const unsigned finest = shown.run->trace()->levels().front().shift;
  if (column >> finest != 0) return;  // wider than what the summary counts: no single ones
  const auto own = [](PicosecondDelta time) {
    return static_cast<Picoseconds>(std::max<PicosecondDelta>(time, 0));
  };
  kept.records = views::records_in(*shown.run->trace(), own(columns.from), own(columns.until), lanes, 1500);
}

void draw_name(Timeline& timeline, const TimelineLine& line, const views::LaneRow& row) {
  const Look& look = timeline.frame.look;
  const float y = timeline.screen_y(line), indent = look.px(4 + 12 * static_cast<float>(row.depth));
  ImFont* font = row.depth == 0 && row.heading() ? look.strong : look.text;
  const float text_y = y + (line.height - font->FontSize) / 2;
  float x = timeline.names + indent;
  if (row.heading()) {  // a triangle: to the right if folded
    const float half = look.px(3.5F), middle = y + line.height / 2;
    const ImVec2 a{x, middle - half}, b{x, middle + half}, c{x + half * 1.5F, middle};
    const ImVec2 d{x + half * 2, middle - half * 0.7F}, e{x, middle - half * 0.7F},
        f{x + half, middle + half * 0.8F};
    if (row.folded)
      timeline.list()->AddTriangleFilled(a, b, c, look.faint);
    else
      timeline.list()->AddTriangleFilled(e, d, f, look.faint);
  }
  x += look.px(11);
  const ImVec4 clip{timeline.names, y, timeline.area.left - look.px(6), y + line.height};
  timeline.list()->AddText(font, font->FontSize, {x, text_y}, row.heading() ? look.ink : look.faint,
                           row_name(timeline.frame, row).c_str(), nullptr, 0, &clip);
}

void draw_row(Timeline& timeline, const TimelineLine& line) {
  const TimelineRun& kept = *timeline.runs[line.run].kept;
  const views::LaneRow& row = kept.rows[line.index];
  const float y = timeline.screen_y(line);
  const Look& look = timeline.frame.look;
  draw_name(timeline, line, row);
  if (line.index >= kept.image_rows.size() || kept.image_rows[line.index] < 0 || !has_picture(row)) {
    const float middle = std::round(y + line.height / 2);
    timeline.list()->AddLine({timeline.area.left, middle}, {timeline.area.right, middle}, look.line);
    return;
  }
  const int from = kept.image_rows[line.index];
  kept.image.draw(timeline.list(), {timeline.area.left, y}, from, from + lane_size(look).height());
  if (!single_records(timeline, kept, row).empty()) return;  // they have their own words
  const float size = std::round(look.text->FontSize * 0.8F);
  const StateStyles styles = styles_of_row(*timeline.runs[line.run].run->trace(), row);
  for (const RowLabel& label : kept.labels[line.index]) {
    const ImU32 ground = look.color(styles[std::min<size_t>(label.state, styles.size() - 1)]);
    const float x = timeline.area.left + static_cast<float>(label.column) + look.px(5);
    const float width = look.text->CalcTextSizeA(size, 10'000, 0, label.words.c_str()).x, pad = look.px(2);
    timeline.list()->AddRectFilled({x - pad, y + pad}, {x + width + pad, y + look.px(16) - pad}, ground);
    timeline.list()->AddText(look.text, size, {x, y + (look.px(16) - size) / 2},
                             ink_on(ground) | IM_COL32_A_MASK, label.words.c_str());
  }
}

// Lines of the guest's software: a flag each, and its words where there is room until the next.
void draw_flags(Timeline& timeline, const TimelineLine& line) {
  const TimelineShown& shown = timeline.runs[line.run];
  const Look& look = timeline.frame.look;
  const float y = timeline.screen_y(line), foot = y + line.height - 1;
  if (!shown.kept->marks) return;
  const std::vector<views::ConsoleMark>& marks = *shown.kept->marks;
  const auto x_of = [&](const views::ConsoleMark& mark) {
    return timeline.area.x(shown.run->shared(mark.time));
  };
  const auto first = std::ranges::lower_bound(marks, timeline.area.left, {}, x_of);
  float last_line = -1e9F;
  for (auto mark = first; mark != marks.end(); ++mark) {
    const float x = std::round(x_of(*mark));
    if (x >= timeline.area.right) break;
    if (x - last_line < look.px(7)) continue;  // one stands for those behind it
    last_line = x;
    timeline.list()->AddLine({x, y + look.px(6)}, {x, foot}, look.accent);
    timeline.list()->AddTriangleFilled({x, y + look.px(6)}, {x + look.px(6), y + look.px(9)},
                                       {x, y + look.px(12)}, look.accent);
    const std::string words = mark->text.starts_with("HVLAB ") ? mark->text.substr(6) : mark->text;
    const float next = std::next(mark) == marks.end() ? timeline.area.right
                                                      : std::min(timeline.area.right, x_of(*std::next(mark)));
    const std::string shown_words = words.substr(0, words.find(' '));
    for (const std::string& one : {words, shown_words}) {
      if (x + look.px(12) + ImGui::CalcTextSize(one.c_str()).x > next) continue;
      timeline.list()->AddText({x + look.px(9), y + look.px(5)}, look.faint, one.c_str());
      break;
    }
  }
}

void draw_run(Timeline& timeline, const TimelineLine& line) {
  const TimelineShown& shown = timeline.runs[line.run];
  const Look& look = timeline.frame.look;
  const float y = timeline.screen_y(line);
  timeline.list()->AddLine({timeline.names, y}, {timeline.area.right, y}, look.line);
  const float side = look.px(9), top = y + (line.height - side) / 2 + look.px(2);
  fill(timeline.list(), look, {timeline.names, top}, {timeline.names + side, top + side},
       views::style_of_series(static_cast<unsigned>(shown.number)));
  const ImVec4 clip{timeline.names, y, timeline.area.left - look.px(6), y + line.height};
  timeline.list()->AddText(look.strong, look.strong->FontSize, {timeline.names + look.px(15), y + look.px(5)},
                           look.ink, shown.run->name().c_str(), nullptr, 0, &clip);
  const std::string& problem = shown.kept->problem.empty() ? shown.run->problem() : shown.kept->problem;
  draw_flags(timeline, line);
  if (problem.empty()) return;
  const std::string text = problem;
  const float width =
      std::min(ImGui::CalcTextSize(text.c_str()).x, timeline.area.right - timeline.area.left - look.px(10));
  const ImVec2 at{timeline.area.right - width - look.px(6), y + look.px(5)};
  timeline.list()->AddRectFilled({at.x - look.px(4), y + 1}, {timeline.area.right, y + line.height},
                                 look.ground);
  timeline.list()->AddText(at, look.bad, text.c_str());
}

void draw_skew(Timeline& timeline, const TimelineLine& line) {
  const TimelineShown& shown = timeline.runs[line.run];
  const Look& look = timeline.frame.look;
  if (!shown.kept->curves) return;
  const views::SkewCurve& curve = (*shown.kept->curves)[line.index];
  const auto columns = views::skew_columns(curve, columns_of(timeline, *shown.run));
  Picoseconds most = 0;
  for (const auto& lead : columns) most = std::max(most, std::ranges::max(lead));
  const float y = timeline.screen_y(line), foot = std::round(y + line.height - look.px(5)),
              height = foot - y - look.px(4);
  const std::string name =
      timeline.frame.say("timeline.skew_of", {show_time(static_cast<PicosecondDelta>(most))});
  timeline.list()->AddText({timeline.names + look.px(27), y + look.px(3)}, look.faint, name.c_str());
  timeline.list()->AddLine({timeline.area.left, foot}, {timeline.area.right, foot}, look.line);
  if (most == 0) return;
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto y_of = [&](Picoseconds lead) {
      return foot - static_cast<float>(static_cast<double>(lead) / static_cast<double>(most)) * height;
    };
    const auto& lead = columns[i];
    for (size_t c = 0; c < lead.size(); ++c) {  // a point only where it turns
      const bool straight = c > 0 && c + 1 < lead.size() && lead[c] == lead[c - 1] && lead[c] == lead[c + 1];
      if (!straight) timeline.list()->PathLineTo({timeline.area.left + static_cast<float>(c), y_of(lead[c])});
    }
    const views::Style style = views::style_of_series(static_cast<unsigned>(i));
    timeline.list()->PathStroke(look.color(style), ImDrawFlags_None, std::max(1.0F, look.px(1.3F)));
  }
}

}  // namespace

void draw_timeline_lanes(Timeline& timeline) {
  for (size_t run = 0; run < timeline.runs.size(); ++run) {
    TimelineRun& kept = *timeline.runs[run].kept;
    if (timeline.runs[run].run->trace() == nullptr || kept.rows.empty()) continue;
    try {
      paint(timeline, run);
    } catch (const UserError& error) {
      kept.problem = error.what();
      kept.image_rows.clear();
    }
  }
  for (const TimelineLine& line : timeline.lines) {
    if (!timeline.visible(line)) continue;
    switch (line.kind) {
      case Kind::Run: draw_run(timeline, line); break;
      case Kind::Row: draw_row(timeline, line); break;
      case Kind::Skew: draw_skew(timeline, line); break;
      case Kind::Instructions: draw_timeline_instructions(timeline, line); break;
    }
  }
}

}  // namespace hvlab::visualizer
