// The timeline of each run: an overview as SVG, which stands for itself, and what the script zooms into.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "sim/base/user_error.hpp"
#include "sim/lab/report_sections.hpp"
#include "sim/lab/report_timeline_data.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

constexpr size_t kOverviewColumns = 400;
constexpr unsigned kFinestLevels = 4;         // the zoom's columns are at most 2^4 times narrower
constexpr size_t kMostZoomBytes = 160 << 10;  // that the page has for them
constexpr unsigned kPageParts = 8;            // of a column's height, in the page
constexpr int kPageHeight = 16;               // of a lane, in its own units
constexpr unsigned kTicks = 6;

struct PhaseBand {
  std::string name;
  double begin, end;  // seconds
};

u64 number_behind(const std::string& line, const std::string& key) {
  u64 number = 0;
  const size_t at = line.find(" " + key + "=");
  if (at != std::string::npos)
    std::from_chars(line.data() + at + key.size() + 2, line.data() + line.size(), number);
  return number;
}

/// The phases of a workload that is alone, by its lines on the console: each is printed when the phase is
/// over and says what it took.
std::vector<PhaseBand> phases_of(const views::OpenRun& run) {
  constexpr std::string_view kStart = "HVLAB phase=";
  std::vector<PhaseBand> bands;
  for (const Json& mark : run.reader().stats().value("marks", Json::array())) {
    const std::string line = mark.at("line").get<std::string>();
    if (!line.starts_with(kStart)) continue;
    const double end = mark.at("seconds").get<double>();
    const std::string name = line.substr(kStart.size(), line.find(' ', kStart.size()) - kStart.size());
    bands.push_back({name, std::max(0.0, end - static_cast<double>(number_behind(line, "ns")) * 1e-9), end});
  }
  return bands;
}

struct Row {
  size_t entry;
  TimelineColumns fine;
};

struct Picture {
  std::string title;
  unsigned shift = 0;  // of the overview
  Picoseconds end = 0;
  std::vector<Row> rows;
  double seconds() const { return static_cast<double>(columns() << shift) * 1e-12; }
  size_t columns() const { return static_cast<size_t>(end >> shift) + 1; }
};

Picture picture_of(const ReportInput& input, const ReportBlock& block) {
  Picture picture;
  picture.title = block.title;
  for (const size_t entry : block.runs) {
    const record::TraceReader* trace = input.runs.runs[input.entries[entry].open]->trace();
    if (trace != nullptr) picture.end = std::max(picture.end, trace->end());
  }
  picture.shift = shift_for(picture.end, kOverviewColumns);
  const unsigned finest = picture.shift > kFinestLevels ? picture.shift - kFinestLevels : 0;
  for (const size_t entry : block.runs) {
    const views::OpenRun& run = *input.runs.runs[input.entries[entry].open];
    if (run.trace() == nullptr) continue;
    try {
      TimelineColumns columns = timeline_columns(*run.trace(), finest);
      if (!columns.lanes.empty()) picture.rows.push_back({entry, std::move(columns)});
    } catch (const UserError&) {  // a damaged block: the page's notes are of what can be seen
      continue;
    }
  }
  return picture;
}

/// The outline of all that stands in the columns up to some state: its upper edge, then straight back.
std::string area(const std::vector<unsigned>& tops) {
  constexpr int kPart = kPageHeight / static_cast<int>(kPageParts);
  std::string path;
  for (size_t i = 0; i < tops.size();) {
    if (tops[i] == 0) {
      ++i;
      continue;
    }
    const size_t begin = i;
    int height = 0;
    path += fmt::format("M{} {}", i, kPageHeight);
    while (i < tops.size() && tops[i] != 0) {
      const size_t end = static_cast<size_t>(std::find_if(tops.begin() + static_cast<long>(i), tops.end(),
                                                          [&](unsigned top) { return top != tops[i]; }) -
                                             tops.begin());
      const int next = kPart * static_cast<int>(tops[i]);
      path += fmt::format("v{}h{}", height - next, end - i);
      height = next;
      i = end;
    }
    path += fmt::format("v{}H{}z", height, begin);
  }
  return path;
}

/// Columns 2^by times as wide: of each state the mean, where it ends rounded to a kPageParts-th of the
/// height.
std::vector<std::vector<unsigned>> tops_of(const TimelineLane& lane, unsigned by, size_t columns) {
  const size_t wide = size_t{1} << by;
  std::vector<std::vector<unsigned>> tops(lane.states.size(), std::vector<unsigned>(columns));
  for (size_t column = 0; column < columns; ++column) {
    size_t sum = 0;
    for (size_t i = 0; i < lane.states.size(); ++i) {
      const std::vector<u8>& parts = lane.states[i].parts;
      for (size_t k = column * wide; k < std::min(parts.size(), (column + 1) * wide); ++k) sum += parts[k];
      const size_t step = wide * kColumnParts / kPageParts;
      tops[i][column] = static_cast<unsigned>((sum + step / 2) / step);
    }
  }
  return tops;
}

std::string lane_svg(const TimelineLane& lane, const std::string& id, unsigned by, size_t columns,
                     Inks& inks) {
  std::string text = fmt::format(
      "<svg class=\"lane\" data-lane=\"{}\" viewBox=\"0 0 {} {}\" "
      "preserveAspectRatio=\"none\" "
      "role=\"img\"><title>{}: {}</title>",
      id, columns, kPageHeight, html::escaped(lane.name), html::escaped(lane.shares));
  const std::vector<std::vector<unsigned>> tops = tops_of(lane, by, columns);
  for (size_t i = tops.size(); i-- > 0;) {
    const std::string path = area(tops[i]);
    if (!path.empty())
      text += fmt::format("<path class=\"{}\" d=\"{}\"/>", inks.of(lane.states[i].name), path);
  }
  return text + "</svg>";
}

std::string phases_svg(const std::vector<PhaseBand>& bands, double whole, const std::string& title) {
  std::string text =
      fmt::format("<svg class=\"phases\" width=\"100%\" height=\"18\" role=\"img\"><title>{}</title>",
                  html::escaped(title));
  for (const PhaseBand& band : bands) {
    const std::string name = html::escaped(band.name);
    text += fmt::format(
        "<svg x=\"{:.2f}%\" width=\"{:.2f}%\" height=\"18\" data-span=\"{:.9g} {:.9g}\"><title>{}: "
        "{}</title><rect/><text>{}</text></svg>",
        100 * band.begin / whole, 100 * (band.end - band.begin) / whole, band.begin, band.end, name,
        html::time_text(band.end - band.begin), name);
  }
  return text + "</svg>";
}

std::string axis_svg(double whole, const std::string& title) {
  const double step = svg::tick_step(whole, kTicks);
  std::string text =
      fmt::format("<svg class=\"axis\" width=\"100%\" height=\"20\" role=\"img\"><title>{}</title>",
                  html::escaped(title));
  for (int i = 0; i * step < whole; ++i) {
    const double part = 100 * i * step / whole;
    text += fmt::format(
        "<line x1=\"{0:.2f}%\" x2=\"{0:.2f}%\" y1=\"0\" y2=\"5\"/><text x=\"{0:.2f}%\" "
        "y=\"17\"{2}>{1}</text>",
        part, i == 0 ? "0" : html::time_text(i * step), i == 0 ? " class=\"first\"" : "");
  }
  return text + "</svg>";
}

std::string lane_row(const std::string& label, const std::string& svg) {
  return fmt::format("<div class=\"lane-row\"><span class=\"lane-label\">{}</span>{}</div>\n",
                     html::escaped(label), svg);
}

std::string run_figure(const ReportInput& input, const Picture& picture, const Row& row,
                       const std::string& id, Inks& inks) {
  const ReportRun& entry = input.entries[row.entry];
  const views::OpenRun& run = *input.runs.runs[entry.open];
  std::string text =
      fmt::format("<figure class=\"run\">\n<figcaption>{}</figcaption>\n", html::escaped(entry.title));
  const std::vector<PhaseBand> bands = entry.way == kNotCompared ? std::vector<PhaseBand>() : phases_of(run);
  if (!bands.empty())
    text +=
        lane_row(input.say("report.timeline.phases"),
                 phases_svg(bands, picture.seconds(), input.say("report.timeline.phases_of", {entry.title})));
  for (size_t i = 0; i < row.fine.lanes.size(); ++i) {
    const TimelineLane& lane = row.fine.lanes[i];
    text += lane_row(lane.name, lane_svg(lane, fmt::format("{}.{}", id, i), picture.shift - row.fine.shift,
                                         picture.columns(), inks));
  }
  if (row.fine.left_out != 0)
    text += "<p class=\"note\">" +
            html::escaped(input.say("report.timeline.left_out", {std::to_string(row.fine.left_out)})) +
            "</p>\n";
  return text + "</figure>\n";
}

/// What the script zooms into: columns 2^by times as wide as they were read.
Json zoom_json(const TimelineColumns& columns, unsigned by) {
  Json lanes = Json::array();
  const size_t count = ((columns.columns - 1) >> by) + 1;
  for (const TimelineLane& lane : columns.lanes) {
    Json states = Json::array();
    const std::vector<std::vector<unsigned>> tops = tops_of(lane, by, count);
    for (size_t i = 0; i < lane.states.size(); ++i) {
      std::vector<unsigned> parts = tops[i];
      for (size_t k = 0; i > 0 && k < count; ++k) parts[k] -= tops[i - 1][k];
      states.push_back({lane.states[i].name, html::identifier(lane.states[i].name), lettered_lengths(parts)});
    }
    std::vector<u32> exits(lane.exits.empty() ? 0 : count);
    for (size_t k = 0; k < lane.exits.size(); ++k) exits[k >> by] += lane.exits[k];
    lanes.push_back({{"states", states}, {"exits", run_lengths(exits)}});
  }
  return {{"shift", columns.shift + by}, {"lanes", lanes}};
}

/// All pictures' data, as fine as there is room for.
Json zoom_data(const std::vector<Picture>& pictures) {
  for (unsigned by = 0;; ++by) {
    Json all = Json::array();
    for (const Picture& picture : pictures) {
      Json runs = Json::array();
      for (const Row& row : picture.rows) runs.push_back(zoom_json(row.fine, by));
      all.push_back({{"seconds", picture.seconds()}, {"runs", runs}});
    }
    if (by == kFinestLevels || all.dump().size() <= kMostZoomBytes) return all;
  }
}

std::string legend_of(const ReportInput& input, const Picture& picture, Inks& inks) {
  std::map<record::LaneType, std::vector<std::string>> states;
  std::vector<std::string> entries, known;
  for (const record::LaneType type :
       {record::LaneType::Core, record::LaneType::Group, record::LaneType::Vcpu, record::LaneType::Device}) {
    for (const Row& row : picture.rows) {
      for (const TimelineLane& lane : row.fine.lanes) {
        for (const TimelineState& state : lane.states) {
          if (lane.type != type || std::ranges::count(known, state.name) != 0) continue;
          known.push_back(state.name);
          entries.push_back(svg::legend_entry(inks.of(state.name),
                                              html::word(state.name, input.meaning("accounts", state.name))));
        }
      }
    }
  }
  return svg::legend(entries);
}

std::string picture_html(const ReportInput& input, const Picture& picture, size_t number, Inks& inks) {
  std::string text = legend_of(input, picture, inks);
  text += fmt::format("<div class=\"timeline\" data-picture=\"{}\">\n", number);
  for (size_t i = 0; i < picture.rows.size(); ++i)
    text += run_figure(input, picture, picture.rows[i], fmt::format("{}.{}", number, i), inks);
  return text + lane_row("", axis_svg(picture.seconds(), input.say("report.timeline.axis"))) + "</div>\n";
}

}  // namespace

std::string timeline_section(const ReportInput& input, Inks& inks) {
  std::vector<Picture> pictures;
  for (const std::vector<ReportBlock>* blocks : {&input.blocks, &input.further, &input.apart}) {
    for (const ReportBlock& block : *blocks) {
      Picture picture = picture_of(input, block);
      if (!picture.rows.empty()) pictures.push_back(std::move(picture));
    }
  }
  if (pictures.empty()) return "";
  std::vector<std::string> panels;
  panels.reserve(pictures.size());
  for (size_t i = 0; i < pictures.size(); ++i)
    panels.push_back(html::panel(pictures[i].title, picture_html(input, pictures[i], i, inks)));
  std::string data = zoom_data(pictures).dump(-1, ' ', true, Json::error_handler_t::replace);
  for (size_t at = 0; (at = data.find('<', at)) != std::string::npos;) data.replace(at, 1, "\\u003c");
  return html::paragraph(input.say("report.timeline.intro")) + html::panels("block", panels) +
         "<script type=\"application/json\" id=\"zoom-data\">" + data + "</script>\n";
}

}  // namespace hvlab::lab
