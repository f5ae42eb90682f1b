#include "sim/lab/report_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/lab/report_html.hpp"

namespace hvlab::lab {

namespace {

using views::Hatch;

/// Lines of a square of 8 units that continue at its edges.
const char* hatch_path(Hatch hatch) {
  switch (hatch) {
    case Hatch::Rising: return "M-2 2L2-2M0 8L8 0M6 10L10 6";
    case Hatch::Falling: return "M-2 6L2 10M0 0L8 8M6-2L10 2";
    case Hatch::Crossed: return "M0 8L8 0M0 0L8 8";
    case Hatch::Horizontal: return "M0 2H8M0 6H8";
    case Hatch::Vertical: return "M2 0V8M6 0V8";
    case Hatch::Dots: return "M1 2H3M5 6H7";
    case Hatch::None: break;
  }
  return "";
}

/// Lines that show on the colour without shouting (relative luminance, WCAG 2.1).
const char* hatch_ink(u32 colour) {
  const auto linear = [](u32 channel) {
    const double c = (channel & 0xFF) / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  const double luminance =
      0.2126 * linear(colour >> 16) + 0.7152 * linear(colour >> 8) + 0.0722 * linear(colour);
  if (luminance > 0.55) return "#0004";
  return luminance > 0.12 ? "#0008" : "#fff7";
}

std::string rules(const std::string& name, u32 colour, Hatch hatch) {
  std::string text = fmt::format(".{}-{}{{fill:#{:06x}}}", hatch == Hatch::None ? "s" : "c", name, colour);
  if (hatch != Hatch::None) text += fmt::format(".h-{}{{stroke:{}}}", name, hatch_ink(colour));
  return text + "\n";
}

}  // namespace

std::string Inks::of(const std::string& name) {
  const std::string key = html::identifier(name);
  used_.emplace(key, views::style_of(name));
  return "s-" + key;
}

std::string Inks::series(unsigned n) {
  const std::string key = fmt::format("series-{}", n);
  used_.emplace(key, views::style_of_series(n));
  return "s-" + key;
}

std::string Inks::own(const std::string& name, const views::Style& style) {
  const std::string key = html::identifier(name);
  used_.emplace(key, style);
  return "s-" + key;
}

std::string Inks::style() const {
  std::string light, dark;
  for (const auto& [name, style] : used_) {
    light += rules(name, style.light, style.hatch);
    if (style.hatch != Hatch::None) light += fmt::format(".s-{0}{{fill:url(#p-{0})}}\n", name);
    dark += rules(name, style.dark, style.hatch);
  }
  return light + "@media screen and (prefers-color-scheme: dark) {\n" + dark + "}\n";
}

std::string Inks::patterns() const {
  std::string text = "<svg class=\"patterns\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\n";
  for (const auto& [name, style] : used_) {
    if (style.hatch == Hatch::None) continue;
    text += fmt::format(
        "<pattern id=\"p-{0}\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><rect width=\"8\" "
        "height=\"8\" class=\"c-{0}\"/><path class=\"hatch h-{0}\" d=\"{1}\"/></pattern>\n",
        name, hatch_path(style.hatch));
  }
  return text + "</defs></svg>\n";
}

namespace svg {

std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  if (const size_t zero = text.starts_with('-') ? 1 : 0; text.substr(zero, 2) == "0.") text.erase(zero, 1);
  return text == "-0" ? "0" : text;
}

std::string bar(const std::vector<Segment>& segments, const std::string& title,
                const std::string& description) {
  std::string text = fmt::format("<svg class=\"hbar\" role=\"img\"><title>{}</title>", html::escaped(title));
  if (!description.empty()) text += "<desc>" + html::escaped(description) + "</desc>";
  for (const Segment& each : segments) {
    if (each.length <= 0) continue;
    text += fmt::format("<rect x=\"{:.4g}%\" width=\"{:.4g}%\" class=\"{}\"><title>{}</title></rect>",
                        each.from * 100, each.length * 100, each.ink, html::escaped(each.title));
  }
  return text + "</svg>";
}

std::string legend_entry(const std::string& ink, const std::string& label) {
  return fmt::format(
      "<li><svg class=\"chip\" width=\"14\" height=\"14\" aria-hidden=\"true\"><rect width=\"14\" "
      "height=\"14\" "
      "class=\"{}\"/></svg>{}</li>",
      ink, label);
}

std::string legend(const std::vector<std::string>& entries) {
  std::string text;
  for (const std::string& entry : entries) text += entry + "\n";
  return text.empty() ? "" : "<ul class=\"legend\">\n" + text + "</ul>\n";
}

std::string bar_row(const std::string& label, const std::string& bar, const std::string& value) {
  return fmt::format(
      "<div class=\"bar-row\"><span class=\"bar-label\">{}</span>{}<span "
      "class=\"bar-value\">{}</span></div>\n",
      label, bar, value);
}

std::string bar_rows(const std::vector<std::string>& rows) {
  std::string text = "<div class=\"bars\">\n";
  for (const std::string& row : rows) text += row;
  return text + "</div>\n";
}

std::string chart(const std::vector<std::string>& entries, const std::vector<std::string>& rows) {
  return "<div class=\"chart\">\n" + legend(entries) + bar_rows(rows) + "</div>\n";
}

double tick_step(double span, unsigned most) {
  if (span <= 0 || most == 0) return 1;
  const double least = span / most, power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (times * power >= least * (1 - 1e-12)) return times * power;
  }
  return 10 * power;
}

}  // namespace svg
}  // namespace hvlab::lab
