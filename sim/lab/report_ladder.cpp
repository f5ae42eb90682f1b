// One request of each kind, the median one, on its way through the layers: the architectures below each other
// on one scale.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "sim/base/user_error.hpp"
#include "sim/lab/report_sections.hpp"
#include "sim/views/ladder.hpp"

namespace hvlab::lab {

namespace {

using observe::IoOperation;
using views::Ladder;
using views::Rung;
using views::Step;

// In units of the picture, whose text is 11 of them high.
constexpr double kLeft = 128, kWidth = 872, kRow = 15, kHead = 24, kFoot = 10, kAxis = 26;
constexpr double kCharacter = 5.9;  // as wide as most are on average
constexpr size_t kMostLabels = 9;   // of a way's hops, the longest ones
constexpr double kPointable = 4;    // a hop as wide as this has its name on hover
constexpr unsigned kTicks = 8;

constexpr std::array kOperations = {IoOperation::Read, IoOperation::Write,   IoOperation::Flush,
                                    IoOperation::Send, IoOperation::Receive, IoOperation::RoundTrip,
                                    IoOperation::Ping};

/// A run's requests, read once for all pictures.
struct RunRequests {
  size_t entry;
  u64 frequency_hz;
  views::Requests requests;
};

std::vector<RunRequests> requests_of(const ReportInput& input, const ReportBlock& block) {
  std::vector<RunRequests> all;
  for (const size_t entry : block.runs) {
    const views::OpenRun& run = *input.runs.runs[input.entries[entry].open];
    if (!run.reader().has(record::kRequestsFile)) continue;
    const u64 frequency = run.trace() != nullptr ? run.trace()->frequency_hz() : 0;
    all.push_back(
        {entry, frequency, views::Requests::load(run.reader().path() / record::kRequestsFile, frequency)});
  }
  return all;
}

struct Way {
  std::string title;
  Ladder ladder;
  u64 requests = 0;  // of which this is the median one
};

std::vector<Way> ways_of(const ReportInput& input, const std::vector<RunRequests>& runs,
                         IoOperation operation) {
  std::vector<Way> ways;
  for (const RunRequests& run : runs) {
    const views::Requests::Group* group = run.requests.innermost(operation);
    if (group == nullptr) continue;
    const views::Request median = run.requests.read(run.requests.at_percentile(*group, 50));
    ways.push_back(
        {input.entries[run.entry].title, views::ladder_of(median, run.frequency_hz), group->by_time.size()});
  }
  return ways;
}

double seconds(Picoseconds time) { return static_cast<double>(time) * 1e-12; }

/// Where things are in a picture of the ladders.
struct Scale {
  Picoseconds longest = 1;
  double x(Picoseconds time) const {
    return kLeft + kWidth * static_cast<double>(time) / static_cast<double>(longest);
  }
};

size_t row_of(const Ladder& ladder, Rung rung) {
  return static_cast<size_t>(std::ranges::find(ladder.rungs, rung) - ladder.rungs.begin());
}

/// What is free beside a step in its row: to the steps before and after it there, or the picture's edges.
struct Room {
  double left, right;
};

Room room_of(const Ladder& ladder, const Step& step, const Scale& scale) {
  Room room{kLeft, kLeft + kWidth};
  for (const Step& other : ladder.steps) {
    if (other.rung != step.rung || &other == &step) continue;
    if (other.end <= step.begin) room.left = std::max(room.left, scale.x(other.end));
    if (other.begin >= step.end) room.right = std::min(room.right, scale.x(other.begin));
  }
  return room;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{}\" y=\"{}\"{}>{}</text>", svg::number(x), svg::number(y), anchor,
                     html::escaped(text));
}

/// The hop's name and time beside it, where there is room; each label takes the room of its row on that side.
std::string hop_labels(const Way& way, const Scale& scale, double top) {
  std::vector<const Step*> longest;
  longest.reserve(way.ladder.steps.size());
  for (const Step& step : way.ladder.steps) longest.push_back(&step);
  std::ranges::stable_sort(longest, std::ranges::greater(), &Step::length);
  std::string text;
  std::vector<std::pair<size_t, double>> taken;  // row, and where a label ends
  for (const Step* step : longest) {
    if (taken.size() >= kMostLabels) break;
    const std::string label = fmt::format("{} {}", step->label, html::time_text(seconds(step->length())));
    const double width = kCharacter * static_cast<double>(label.size()) + 6;
    const size_t row = row_of(way.ladder, step->rung);
    const double y = top + kRow * static_cast<double>(row) + 11;
    if (std::ranges::any_of(taken, [&](const auto& other) { return other.first == row; })) continue;
    const Room room = room_of(way.ladder, *step, scale);
    const double begin = scale.x(step->begin), end = scale.x(step->end);
    if (room.right - end >= width)
      text += text_at(end + 4, y, "", label);
    else if (begin - room.left >= width)
      text += text_at(begin - 4, y, " text-anchor=\"end\"", label);
    else
      continue;
    taken.emplace_back(row, end);
  }
  return text;
}

std::string rows_svg(const ReportInput& input, const Way& way, double top) {
  std::string lines, names;
  for (size_t row = 0; row < way.ladder.rungs.size(); ++row) {
    const double y = top + kRow * static_cast<double>(row);
    const std::string name = input.say(std::string("report.rung.") + views::name(way.ladder.rungs[row]));
    lines += fmt::format("M{} {}h{}", svg::number(kLeft), svg::number(y + kRow / 2), svg::number(kWidth));
    names += fmt::format("<text class=\"rung\" x=\"{}\" y=\"{}\">{}</text>\n", svg::number(kLeft - 8),
                         svg::number(y + 11), html::escaped(name));
  }
  return "<path class=\"guide\" d=\"" + lines + "\"/>" + names;
}

/// Steps that are drawn as one: those of one rung in a row, unless one can point at each.
struct Area {
  Rung rung;
  double x, width;
  std::string labels;
  Picoseconds time;
};

std::vector<Area> areas_of(const Ladder& ladder, const Scale& scale) {
  std::vector<Area> areas;
  for (const Step& step : ladder.steps) {
    const double x = scale.x(step.begin), width = scale.x(step.end) - x;
    if (!areas.empty() && areas.back().rung == step.rung &&
        (width < kPointable || areas.back().width < kPointable)) {
      Area& last = areas.back();
      last.width = x + width - last.x;
      last.time += step.length();
      if (last.labels.find(step.label) == std::string::npos) last.labels += "; " + step.label;
    } else {
      areas.push_back({step.rung, x, width, step.label, step.length()});
    }
  }
  return areas;
}

std::string steps_svg(const Way& way, const Scale& scale, double top, Inks& inks) {
  std::string links, named;
  std::map<std::string, std::string> paths;  // of those too narrow to point at, by ink
  for (const Area& area : areas_of(way.ladder, scale)) {
    const double y = top + kRow * static_cast<double>(row_of(way.ladder, area.rung));
    const std::string ink = inks.of(views::style_name(area.rung)), x = svg::number(area.x);
    const std::string width = svg::number(std::max(0.7, area.width));
    links += fmt::format(fmt::runtime(links.empty() ? "M{} {}" : "H{}V{}"), x, svg::number(y + kRow / 2));
    if (area.width < kPointable)
      paths[ink] += fmt::format("M{} {}h{}v11H{}z", x, svg::number(y + 2), width, x);
    else
      named += fmt::format(
          "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"11\" class=\"{}\"><title>{}</title></rect>", x,
          svg::number(y + 2), width, ink,
          html::escaped(fmt::format("{}: {}", area.labels, html::time_text(seconds(area.time)))));
  }
  std::string text = "<path class=\"link\" d=\"" + links + "\"/>";
  for (const auto& [ink, path] : paths) text += fmt::format("<path class=\"{}\" d=\"{}\"/>", ink, path);
  return text + named + "\n";
}

double height_of(const Way& way) {
  return kHead + kRow * static_cast<double>(way.ladder.rungs.size()) + kFoot;
}

/// Ticks over the whole picture.
std::string axis_svg(const Scale& scale, double height) {
  const double whole = seconds(scale.longest), step = svg::tick_step(whole, kTicks);
  std::string lines, texts;
  for (int i = 0; i * step <= whole * (1 + 1e-9); ++i) {
    const double x = kLeft + kWidth * i * step / whole;
    lines += fmt::format("M{} 0V{}", svg::number(x), svg::number(height - kAxis + 6));
    texts += fmt::format("<text class=\"tick\" x=\"{}\" y=\"{}\">{}</text>", svg::number(x),
                         svg::number(height - 6), i == 0 ? "0" : html::time_text(i * step));
  }
  return "<path class=\"guide\" d=\"" + lines + "\"/>" + texts + "\n";
}

/// The picture in words: each way's hops in order, the same in a row once.
std::string description_of(const std::vector<Way>& ways) {
  std::string text;
  for (const Way& way : ways) {
    text += fmt::format("{}{}, {}: ", text.empty() ? "" : ". ", way.title,
                        html::time_text(seconds(way.ladder.length)));
    const auto& rungs = way.ladder.rungs;
    const auto spent = views::time_on_rungs(way.ladder);
    for (size_t i = 0; i < rungs.size(); ++i)
      text += fmt::format("{}{} {}", i == 0 ? "" : ", ", views::name(rungs[i]),
                          html::time_text(seconds(spent[static_cast<size_t>(rungs[i])])));
  }
  return text;
}

std::string ladder_svg(const ReportInput& input, const std::vector<Way>& ways, const std::string& title,
                       Inks& inks) {
  Scale scale;
  double height = kAxis;
  for (const Way& way : ways) {
    scale.longest = std::max(scale.longest, way.ladder.length);
    height += height_of(way);
  }
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><svg class=\"ladder\" "
      "width=\"100%\" viewBox=\"0 0 1008 {1}\" "
      "role=\"img\"><title>{0}</title><desc>{2}</desc>\n",
      html::escaped(title), svg::number(height), html::escaped(description_of(ways)));
  text += axis_svg(scale, height);
  double top = 0;
  for (const Way& way : ways) {
    const std::string told =
        input.say("report.requests.median",
                  {html::time_text(seconds(way.ladder.length)), std::to_string(way.ladder.crossings),
                   html::count_text(static_cast<double>(way.requests))});
    text += fmt::format(
        "<text class=\"who\" x=\"0\" y=\"{0}\">{1}</text><text class=\"told\" x=\"{2}\" "
        "y=\"{0}\">{3}</text>\n",
        svg::number(top + 16), html::escaped(way.title), svg::number(kLeft), html::escaped(told));
    text += rows_svg(input, way, top + kHead) + steps_svg(way, scale, top + kHead, inks) +
            hop_labels(way, scale, top + kHead);
    top += height_of(way);
  }
  return text + "</svg></div>\n";
}

std::string ladders(const ReportInput& input, const ReportBlock& block, Inks& inks) {
  const std::vector<RunRequests> runs = requests_of(input, block);
  std::vector<std::string> panels;
  for (const IoOperation operation : kOperations) {
    const std::vector<Way> ways = ways_of(input, runs, operation);
    if (ways.empty()) continue;
    const std::string title = input.say(std::string("report.operation.") + observe::name(operation));
    panels.push_back(html::panel(
        title, ladder_svg(input, ways, input.say("report.requests.ladder", {title, block.title}), inks)));
  }
  return panels.empty() ? "" : html::panels("operation", panels);
}

}  // namespace

std::string requests_section(const ReportInput& input, Inks& inks) {
  const std::string panels = block_panels(input.blocks, [&](const ReportBlock& block) {
    return ladders(input, block, inks) + requests_table(input, block);
  });
  return panels.empty()
             ? ""
             : fmt::format("<p>{}</p>\n", html::escaped(input.say("report.requests.intro"))) + panels;
}

}  // namespace hvlab::lab
