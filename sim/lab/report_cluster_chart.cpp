// A cluster over time as SVG: what all hosts had to do, memory, power, each host's load, and what broke when.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/lab/report_cluster.hpp"
#include "sim/views/cluster_curves.hpp"
#include "sim/views/cluster_events.hpp"
#include "sim/views/cluster_picture.hpp"
#include "sim/views/cluster_totals.hpp"

namespace hvlab::lab {

namespace {

using record::ClusterReader;
using record::ClusterTime;

constexpr double kNames = 130, kWidth = 1000, kCurve = 70, kGap = 14;
constexpr u32 kColumns = 240;
constexpr size_t kMostRows = 60;  // of hosts one by one
constexpr int kSteps = 10;        // of load, told apart by their shade

double plot_width() { return kWidth - kNames; }
double x_of(double part) { return kNames + part * plot_width(); }

std::string words(double x, double y, const std::string& text, const char* classes = "name") {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>", svg::number(x), svg::number(y),
                     classes, html::escaped(text));
}

/// An area under `values` of which `most` is the full height.
std::string area(const std::vector<float>& values, double most, double top, const std::string& ink) {
  std::string path = fmt::format("M{} {}", svg::number(kNames), svg::number(top + kCurve));
  const double each = plot_width() / static_cast<double>(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double y = top + kCurve * (1 - std::clamp(values[i] / most, 0.0, 1.0));
    path += fmt::format("L{0} {1}H{2}", svg::number(kNames + each * static_cast<double>(i)), svg::number(y),
                        svg::number(kNames + each * static_cast<double>(i + 1)));
  }
  path += fmt::format("V{}Z", svg::number(top + kCurve));
  return fmt::format("<path d=\"{}\" class=\"{}\"/>", path, ink);
}

std::string frame_of(double top, const std::string& name, const std::string& full) {
  return fmt::format("<path class=\"guide\" d=\"M{0} {1}H{2}M{0} {3}H{2}\"/>", svg::number(kNames),
                     svg::number(top), svg::number(kWidth), svg::number(top + kCurve)) +
         words(kNames - 8, top + kCurve / 2 + 4, name) + words(kNames - 8, top + 4, full, "scale");
}

std::string curves_svg(const ReportInput& input, const ClusterReader& reader,
                       const views::TotalCurves& curves, Inks& inks, double& top) {
  double most = 0;
  for (const record::HostFacts& host : reader.facts().hosts) most += host.full_mw / 1e6;
  std::vector<float> kilowatts = curves.power;
  for (float& value : kilowatts) value /= 1000;
  std::string text;
  const auto add = [&](const char* key, const std::vector<float>& values, double full,
                       const std::string& label, unsigned series) {
    text += area(values, full, top, inks.series(series)) + frame_of(top, input.say(key), label);
    top += kCurve + kGap;
  };
  add("cluster.processors", curves.wanted, 1, "100 %", 0);
  add("cluster.memory", curves.memory, 1, "100 %", 2);
  add("cluster.power", kilowatts, std::max(most, 1e-3), fmt::format("{:.3g} kW", most), 4);
  return text;
}

/// One row for each host; all stretches of one shade are one path.
std::string rows_svg(const ClusterReader& reader, const views::ClusterCurves& curves, Inks& inks,
                     double& top) {
  const size_t hosts = std::min(reader.facts().hosts.size(), kMostRows);
  const double height = hosts <= 20 ? 16 : 10;
  std::vector<std::string> paths(kSteps + 2);
  std::string names;
  const double each = plot_width() / curves.columns;
  for (size_t host = 0; host < hosts; ++host) {
    const auto step_at = [&](u32 column) {
      const float load = curves.wanted[host * curves.columns + column];
      return load > 1.0005F ? kSteps + 1 : static_cast<int>(std::lround(load * kSteps));
    };
    for (u32 from = 0; from < curves.columns;) {
      u32 to = from + 1;
      while (to < curves.columns && step_at(to) == step_at(from)) ++to;
      if (const int step = step_at(from); step > 0)
        paths[static_cast<size_t>(step)] += fmt::format(
            "M{} {}h{}v{}h-{}z", svg::number(kNames + each * from), svg::number(top),
            svg::number(each * (to - from)), svg::number(height - 1), svg::number(each * (to - from)));
      from = to;
    }
    if (hosts <= 30) names += words(kNames - 8, top + height - 4, reader.facts().hosts[host].name);
    top += height;
  }
  std::string text;
  for (size_t step = 1; step < paths.size(); ++step) {
    if (paths[step].empty()) continue;
    const double part = step > kSteps ? 2 : static_cast<double>(step) / kSteps;
    text += fmt::format("<path d=\"{}\" class=\"{}\"/>", paths[step],
                        inks.own(fmt::format("load-{}", step), views::style_of_load(part)));
  }
  top += kGap;
  return text + names;
}

std::string flags_svg(const ClusterReader& reader, Inks& inks, double& top) {
  constexpr views::EventClass kShown[] = {views::EventClass::Move, views::EventClass::Availability,
                                          views::EventClass::Fault};
  const views::Flags flags = views::flags_of(reader, 0, reader.end(), kColumns);
  std::string text;
  const double each = plot_width() / kColumns;
  for (const views::EventClass what : kShown) {
    std::string path;
    for (u32 column = 0; column < kColumns; ++column)
      if (flags.at(what, column) != 0)
        path += fmt::format("M{} {}h2v8h-2z", svg::number(kNames + each * column), svg::number(top));
    if (path.empty()) continue;
    text += fmt::format("<path d=\"{}\" class=\"{}\"/>", path,
                        inks.own(std::string("event-") + name(what), views::style_of(what)));
  }
  top += 12;
  return text;
}

std::string axis_svg(const ClusterReader& reader, double top) {
  std::string text;
  constexpr u64 kSteps_s[] = {1,    5,    10,    30,    60,    300,   600,      1800,
                              3600, 7200, 10800, 21600, 43200, 86400, 7 * 86400};
  const double seconds = static_cast<double>(reader.end()) * 1e-9;
  u64 step = kSteps_s[std::size(kSteps_s) - 1];
  for (const u64 one : kSteps_s)
    if (static_cast<double>(one) >= seconds / 10) {
      step = one;
      break;
    }
  while (seconds / static_cast<double>(step) > 14) step *= 2;
  for (u64 at = 0; static_cast<double>(at) <= seconds; at += step) {
    const double x = x_of(seconds > 0 ? static_cast<double>(at) / seconds : 0);
    std::string clock = views::clock_text(at * 1'000'000'000, 1'000'000'000);
    if (step >= 60) clock.resize(clock.size() - 3);
    text += fmt::format("<path class=\"guide\" d=\"M{0} 4V{1}\"/>", svg::number(x), svg::number(top)) +
            words(std::min(x, kWidth - 24), top + 13, clock, "tick");
  }
  return text;
}

std::string legend_of(const ReportInput& input, Inks& inks) {
  std::vector<std::string> entries;
  for (const int percent : {20, 60, 100})
    entries.push_back(svg::legend_entry(
        inks.own(fmt::format("load-{}", percent / 10), views::style_of_load(percent / 100.0)),
        html::escaped(fmt::format("{} %", percent))));
  entries.push_back(svg::legend_entry(inks.own(fmt::format("load-{}", kSteps + 1), views::style_of_load(2)),
                                      html::escaped(input.say("report.cluster.too_much"))));
  for (const views::EventClass what :
       {views::EventClass::Fault, views::EventClass::Availability, views::EventClass::Move})
    entries.push_back(
        svg::legend_entry(inks.own(std::string("event-") + name(what), views::style_of(what)),
                          html::escaped(input.say(std::string("cluster.class.") + name(what)))));
  return svg::legend(entries);
}

}  // namespace

std::string cluster_chart(const ReportInput& input, ClusterReader& reader, const std::string& name,
                          Inks& inks) {
  const views::ClusterCurves curves = views::cluster_curves(reader, 0, reader.end(), kColumns);
  double top = 8;
  std::string body = flags_svg(reader, inks, top);
  body +=
      curves_svg(input, reader, views::ClusterTotals().curves(reader, 0, reader.end(), kColumns), inks, top);
  const double axis = top;
  body += rows_svg(reader, curves, inks, top);
  std::string text = legend_of(input, inks);
  text += fmt::format(
      "<div class=\"scroll\"><svg class=\"cluster\" viewBox=\"0 0 {} {}\" "
      "role=\"img\"><title>{}</title>{}{}</svg></div>\n",
      svg::number(kWidth), svg::number(top + 18),
      html::escaped(input.say("report.cluster.over_time", {name})),
      axis_svg(reader, std::max(axis, top - kGap)), body);
  if (reader.facts().hosts.size() > kMostRows)
    text += html::paragraph(
        input.say("report.cluster.more", {std::to_string(reader.facts().hosts.size() - kMostRows)}));
  return text;
}

}  // namespace hvlab::lab
