// What the files of the timeline's view share: where things are on the screen, and what is kept of each run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/views/instructions.hpp"
#include "sim/views/lane_details.hpp"
#include "sim/views/record_search.hpp"
#include "sim/views/skew.hpp"
#include "visualizer/frame.hpp"
#include "visualizer/lane_paint.hpp"

namespace hvlab::visualizer {

/// The part of the view in which time runs from left to right.
struct TimeArea {
  float left = 0, right = 0, top = 0, bottom = 0;
  PicosecondDelta from = 0, until = 1;  // shared time

  u32 columns() const { return static_cast<u32>(std::max(right - left, 1.0F)); }
  float x(PicosecondDelta time) const {
    return left + static_cast<float>(static_cast<double>(time - from) / static_cast<double>(until - from) *
                                     static_cast<double>(right - left));
  }
  PicosecondDelta time(float x_at) const {
    return from +
           static_cast<PicosecondDelta>(static_cast<double>(x_at - left) / static_cast<double>(right - left) *
                                        static_cast<double>(until - from));
  }
  /// What a pixel is long.
  PicosecondDelta grain() const {
    return std::max<PicosecondDelta>((until - from) / std::max(columns(), 1U), 1);
  }
  bool has(float x_at) const { return x_at >= left && x_at < right; }
  bool has_time(PicosecondDelta time) const { return time >= from && time < until; }
};

/// A state's name, written where it holds.
struct RowLabel {
  u32 column = 0;
  u64 state = 0;
  std::string words;
};

/// The instructions of a run that are in sight, or what became of the question.
struct TimelineInstructions {
  bool wanted = false;
  std::optional<views::InstructionStretch> stretch;  // that was asked for last
  std::optional<views::InstructionList> list;        // of it
  std::string problem;                               // why there are none
};

/// What is kept of a run between frames. All of it can be made again.
struct TimelineRun {
  unsigned generation = 0;
  std::optional<std::string> choice;  // filter and folded headings that `rows` and `ticks` are for
  std::vector<views::LaneRow> rows;
  views::TickChoice ticks;
  std::string problem;  // why nothing is shown: the filter does not fit, the trace is damaged
  std::optional<std::vector<views::SkewCurve>> curves;
  std::optional<std::vector<views::ConsoleMark>> marks;

  views::LanePictures pictures;
  std::string painted;          // what `image` shows
  std::vector<int> image_rows;  // of `rows`: where each is in the image; -1: it is not
  LaneImage image;
  std::vector<std::vector<RowLabel>> labels;           // of `rows`
  std::vector<std::string> states;                     // that `image` shows, as stored, in the order of rows
  std::optional<std::vector<record::Record>> records;  // single ones, if they are few

  TimelineInstructions instructions;

  std::string measured;  // what `sums` are of
  std::vector<views::LaneSums> sums;
  std::string over;                      // what `whole` shows
  std::vector<views::RowPicture> whole;  // the minimap's
  LaneImage whole_image;
};

struct TimelineShown {
  views::OpenRun* run;
  size_t number;  // among all
  TimelineRun* kept;
};

/// The runs that are shown, their rows made ready for the state's filter and folds.
std::vector<TimelineShown> timeline_runs(Frame& frame);

/// One line of the lanes' part, from the top.
struct TimelineLine {
  enum class Kind : u8 { Run, Row, Skew, Instructions };
  Kind kind = Kind::Run;
  size_t run = 0;    // of the shown ones
  size_t index = 0;  // of a row or a curve; of instructions: of their processor's row
  float y = 0, height = 0;
};

std::vector<TimelineLine> timeline_lines(const Frame& frame, const std::vector<TimelineShown>& runs);

/// Asks for the instructions of the shown span, if they are to be shown, and takes them when they are there.
void take_timeline_instructions(Frame& frame, const TimeArea& area, const std::vector<TimelineShown>& runs);

/// What all parts are drawn with.
struct Timeline {
  Frame& frame;
  TimeArea area;
  float names = 0;  // where the lanes' names begin
  std::vector<TimelineShown> runs;
  std::vector<TimelineLine> lines;
  float scroll = 0;                 // pixels
  std::optional<size_t> pointed{};  // the line that the mouse is on
  std::optional<PicosecondDelta> pointed_time{};

  ImDrawList* list() const { return ImGui::GetWindowDrawList(); }
  float screen_y(const TimelineLine& line) const { return area.top + line.y - scroll; }
  bool visible(const TimelineLine& line) const {
    return screen_y(line) + line.height > area.top && screen_y(line) < area.bottom;
  }
};

/// The name of a heading's or lane's row, in the window's language.
std::string row_name(const Frame& frame, const views::LaneRow& row);
/// A state's name in the window's language; the stored one if there is no other.
std::string state_words(const Frame& frame, const std::string& stored);
/// The records of a row's lane that stand apart, so that each has a line of its own; none if they do not.
std::vector<const record::Record*> single_records(const Timeline& timeline, const TimelineRun& kept,
                                                  const views::LaneRow& row);
/// Rows with a picture: lanes, folded headings, and groups, whose own lane says whether any of their threads
/// runs.
inline bool has_picture(const views::LaneRow& row) {
  return !row.heading() || row.folded || row.kind == views::LaneRow::Kind::Group;
}
/// The styles of a row's states.
StateStyles styles_of_row(const record::TraceReader& trace, const views::LaneRow& row);

void draw_timeline_ruler(Timeline& timeline, float top);
void draw_timeline_map(Timeline& timeline, float top, float height);
void draw_timeline_lanes(Timeline& timeline);
void draw_timeline_instructions(Timeline& timeline, const TimelineLine& line);
void hover_timeline_instructions(const Timeline& timeline, const TimelineLine& line, PicosecondDelta time);
void draw_timeline_records(Timeline& timeline);  // single ones, on the lanes
void draw_timeline_lines(Timeline& timeline);    // cursor, markers
void draw_timeline_scroll(Timeline& timeline);
void draw_timeline_legend(Timeline& timeline, float top);
void draw_timeline_hover(Timeline& timeline);
void draw_timeline_measure(Timeline& timeline, float left, float width);
void take_timeline_keys(Timeline& timeline);
void take_timeline_mouse(Timeline& timeline);
void timeline_tables(Timeline& timeline);

/// Goes to the next (or the previous) record that fits the search. False if there is none.
bool timeline_search(Timeline& timeline, bool forwards);

}  // namespace hvlab::visualizer
