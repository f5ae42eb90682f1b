#include "sim/lab/report_ladder_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/lab/report_html.hpp"
#include "sim/views/hop_words.hpp"

namespace hvlab::lab {

namespace {

using views::Ladder;
using views::Rung;
using views::Step;

// In units of the picture, whose text is 11 of them high. Bars are as high by the style sheet.
constexpr double kLeft = 128, kWidth = 872, kRow = 15, kHead = 24, kFoot = 10, kAxis = 26;
constexpr double kCharacter = 5.9, kWide = 11;  // as wide as most are on average; those of Japanese
constexpr double kPointable = 6;                // a hop as wide as this has its name on hover
constexpr double kVisible = 0.7;                // no hop is drawn narrower
constexpr size_t kMostLabels = 9;               // of a way's hops, the longest ones
constexpr unsigned kTicks = 8;

double seconds(Picoseconds time) { return static_cast<double>(time) * 1e-12; }

/// A way's picture, from its left edge on.
struct Scale {
  Picoseconds longest = 1;
  double x(Picoseconds time) const {
    return kWidth * static_cast<double>(time) / static_cast<double>(longest);
  }
};

size_t row_of(const Ladder& ladder, Rung rung) {
  return static_cast<size_t>(std::ranges::find(ladder.rungs, rung) - ladder.rungs.begin());
}

/// The difference of two places as they are rounded: many of them add up to where the last one is.
std::string difference(double to, double from) {
  return svg::number(std::round(to * 10) / 10 - std::round(from * 10) / 10);
}

double text_width(const std::string& text) {
  double width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) width += byte < 0xE0 ? kCharacter : kWide;  // E0h: three bytes and more
  }
  return width;
}

/// What is free beside a step in its row: to the steps before and after it there, or the picture's edges.
struct Room {
  double left = 0, right = kWidth;
};

Room room_of(const Ladder& ladder, const Step& step, const Scale& scale) {
  Room room;
  for (const Step& other : ladder.steps) {
    if (other.rung != step.rung || &other == &step) continue;
    if (other.end <= step.begin) room.left = std::max(room.left, scale.x(other.end));
    if (other.begin >= step.end) room.right = std::min(room.right, scale.x(other.begin));
  }
  return room;
}

/// By row the name and time of a hop beside it, where there is room: the longest hops'.
std::map<Rung, std::string> hop_labels(const ReportInput& input, const Ladder& ladder, const Scale& scale) {
  std::vector<const Step*> longest;
  longest.reserve(ladder.steps.size());
  for (const Step& step : ladder.steps) longest.push_back(&step);
  std::ranges::stable_sort(longest, std::ranges::greater(), &Step::length);
  std::map<Rung, std::string> labels;
  for (const Step* step : longest) {
    if (labels.size() >= kMostLabels) break;
    if (labels.count(step->rung) != 0) continue;
    const std::string label = fmt::format("{} {}", views::hop_words(input.say, step->label),
                                          html::time_text(seconds(step->length())));
    const double width = text_width(label) + 6;
    const Room room = room_of(ladder, *step, scale);
    const double begin = scale.x(step->begin), end = scale.x(step->end);
    const bool right = room.right - end >= width;
    if (!right && begin - room.left < width) continue;
    labels[step->rung] =
        fmt::format("<text x=\"{}\" y=\"9\"{}>{}</text>", svg::number(right ? end + 4 : begin - 4),
                    right ? "" : " class=\"before\"", html::escaped(label));
  }
  return labels;
}

std::string guides_svg(const ReportInput& input, const Ladder& ladder) {
  std::string lines, names;
  for (size_t row = 0; row < ladder.rungs.size(); ++row) {
    const double y = kRow * static_cast<double>(row);
    const std::string name = input.say(std::string("report.rung.") + views::name(ladder.rungs[row]));
    lines += fmt::format("M0 {}h{}", svg::number(y + kRow / 2), svg::number(kWidth));
    names += fmt::format("<text class=\"rung\" x=\"-8\" y=\"{}\">{}</text>", svg::number(y + 11),
                         html::escaped(name));
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

std::vector<Area> areas_of(const ReportInput& input, const Ladder& ladder, const Scale& scale) {
  std::vector<Area> areas;
  for (const Step& step : ladder.steps) {
    const double x = scale.x(step.begin), width = scale.x(step.end) - x;
    const std::string label = views::hop_words(input.say, step.label);
    if (!areas.empty() && areas.back().rung == step.rung &&
        (width < kPointable || areas.back().width < kPointable)) {
      Area& last = areas.back();
      last.width = x + width - last.x;
      last.time += step.length();
      if (last.labels.find(label) == std::string::npos) last.labels += "; " + label;
    } else {
      areas.push_back({step.rung, x, width, label, step.length()});
    }
  }
  return areas;
}

/// The line that leads from hop to hop.
std::string link_svg(const std::vector<Area>& areas, const Ladder& ladder) {
  std::string path = "M0 ";
  double x = 0, y = 0;
  for (const Area& area : areas) {
    const double row = kRow * static_cast<double>(row_of(ladder, area.rung)) + kRow / 2;
    path += &area == &areas.front() ? svg::number(row)
                                    : fmt::format("h{}v{}", difference(area.x, x), svg::number(row - y));
    x = area.x, y = row;
  }
  return areas.empty() ? "" : "<path class=\"link\" d=\"" + path + "\"/>\n";
}

/// The bars of a rung, which are of one ink; those too narrow to point at are one path.
std::string bars_svg(const std::vector<Area>& areas, Rung rung) {
  std::string path, named;
  double x = 0;
  for (const Area& area : areas) {
    if (area.rung != rung) continue;
    const std::string width = svg::number(std::max(kVisible, area.width));
    if (area.width < kPointable) {
      path += fmt::format("{}{} 0h{}v11h-{}z", path.empty() ? 'M' : 'm', difference(area.x, x), width, width);
      x = area.x;
    } else {
      named +=
          fmt::format("<rect x=\"{}\" width=\"{}\"><title>{}</title></rect>", svg::number(area.x), width,
                      html::escaped(fmt::format("{}: {}", area.labels, html::time_text(seconds(area.time)))));
    }
  }
  return path.empty() ? named : "<path d=\"" + path + "\"/>" + named;
}

std::string way_svg(const ReportInput& input, const LadderWay& way, const Scale& scale, double top,
                    Inks& inks) {
  const std::string told =
      input.say("report.requests.median",
                {html::time_text(seconds(way.ladder.length)), std::to_string(way.ladder.crossings),
                 html::count_text(static_cast<double>(way.requests))});
  const std::vector<Area> areas = areas_of(input, way.ladder, scale);
  const std::map<Rung, std::string> labels = hop_labels(input, way.ladder, scale);
  std::string text = fmt::format(
      "<text class=\"who\" x=\"0\" y=\"{0}\">{1}</text><text class=\"told\" x=\"{2}\" y=\"{0}\">{3}</text>\n",
      svg::number(top + 16), html::escaped(way.title), svg::number(kLeft), html::escaped(told));
  text += fmt::format("<g transform=\"translate({} {})\">\n", svg::number(kLeft), svg::number(top + kHead)) +
          guides_svg(input, way.ladder) + link_svg(areas, way.ladder);
  for (const Rung rung : way.ladder.rungs) {
    const double y = kRow * static_cast<double>(row_of(way.ladder, rung)) + 2;
    text += fmt::format("<g class=\"{}\" transform=\"translate(0 {})\">{}{}</g>",
                        inks.of(views::style_name(rung)), svg::number(y), bars_svg(areas, rung),
                        labels.count(rung) != 0 ? labels.at(rung) : "");
  }
  return text + "</g>\n";
}

double height_of(const LadderWay& way) {
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

/// The picture in words: each way's time in each layer.
std::string description_of(const ReportInput& input, const std::vector<LadderWay>& ways) {
  std::string text;
  for (const LadderWay& way : ways) {
    text += fmt::format("{}{}, {}: ", text.empty() ? "" : ". ", way.title,
                        html::time_text(seconds(way.ladder.length)));
    const auto& rungs = way.ladder.rungs;
    const auto spent = views::time_on_rungs(way.ladder);
    for (size_t i = 0; i < rungs.size(); ++i)
      text += fmt::format("{}{} {}", i == 0 ? "" : ", ",
                          input.say(std::string("report.rung.") + views::name(rungs[i])),
                          html::time_text(seconds(spent[static_cast<size_t>(rungs[i])])));
  }
  return text;
}

}  // namespace

std::string ladder_svg(const ReportInput& input, const std::vector<LadderWay>& ways, const std::string& title,
                       Inks& inks) {
  Scale scale;
  double height = kAxis;
  for (const LadderWay& way : ways) {
    scale.longest = std::max(scale.longest, way.ladder.length);
    height += height_of(way);
  }
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><svg class=\"ladder\" "
      "width=\"100%\" viewBox=\"0 0 1008 {1}\" "
      "role=\"img\"><title>{0}</title><desc>{2}</desc>\n",
      html::escaped(title), svg::number(height), html::escaped(description_of(input, ways)));
  text += axis_svg(scale, height);
  double top = 0;
  for (const LadderWay& way : ways) {
    text += way_svg(input, way, scale, top, inks);
    top += height_of(way);
  }
  return text + "</svg></div>\n";
}

}  // namespace hvlab::lab
