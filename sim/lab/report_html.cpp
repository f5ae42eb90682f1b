#include "sim/lab/report_html.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hvlab::lab::html {

namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

/// How many bytes the character at `text[at]` has; 0: it is none (Unicode, table 3-7).
size_t character_bytes(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  const size_t bytes = first >= 0xC2 && first <= 0xDF   ? 2
                       : first >= 0xE0 && first <= 0xEF ? 3
                       : first >= 0xF0 && first <= 0xF4 ? 4
                                                        : 0;
  for (size_t i = 1; i < bytes; ++i) {
    unsigned least = 0x80, most = 0xBF;
    if (i == 1 && first == 0xE0) least = 0xA0;
    if (i == 1 && first == 0xED) most = 0x9F;
    if (i == 1 && first == 0xF0) least = 0x90;
    if (i == 1 && first == 0xF4) most = 0x8F;
    if (byte(at + i) < least || byte(at + i) > most) return 0;
  }
  return bytes;
}

std::string digits(double value) {
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size < 9.9995 ? 2 : size < 99.995 ? 1 : 0);
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = character_bytes(text, at);
    const auto c = static_cast<unsigned char>(text[at]);
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default:
        if (bytes == 0 || c == 0x7F || (c < 0x20 && c != '\n' && c != '\t'))
          result += kReplacement;
        else
          result += text.substr(at, bytes);
    }
    at += bytes == 0 ? 1 : bytes;
  }
  return result;
}

std::string identifier(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    result += (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') ? low : '-';
  }
  return result;
}

std::string time_text(double seconds) {
  const double size = std::abs(seconds);
  if (size < 0.9995e-6) return digits(seconds * 1e9) + " ns";
  if (size < 0.9995e-3) return digits(seconds * 1e6) + " µs";
  if (size < 0.9995) return digits(seconds * 1e3) + " ms";
  return digits(seconds) + " s";
}

std::string bytes_text(double bytes) {
  if (bytes < 10240) return count_text(bytes) + " B";
  if (bytes < 1048576) return digits(bytes / 1024) + " KiB";
  return digits(bytes / 1048576) + " MiB";
}

std::string rate_text(double bytes_per_second) { return digits(bytes_per_second * 1e-6) + " MB/s"; }

std::string count_text(double number) {
  std::string text = fmt::format("{:.0f}", number);
  for (size_t at = text.size(); at > 3 && text[at - 4] != '-'; at -= 3) text.insert(at - 3, "\u2009");
  return text;
}

std::string ratio_text(double ratio) { return fmt::format("×{:.{}f}", ratio, ratio < 99.995 ? 2 : 0); }

std::string percent_text(double part) { return fmt::format("{:.1f} %", part * 100); }

std::string full_value(double value) { return Json(value).dump(); }

std::string number_cell(const Json& document, const std::string& pointer, const std::string& shown,
                        const std::string& more) {
  const Json::json_pointer place(pointer);
  if (!document.contains(place) || !document.at(place).is_number()) return no_cell();
  return fmt::format("<td data-at=\"{}\" data-value=\"{}\">{}{}</td>", escaped(pointer),
                     document.at(place).dump(), shown, more);
}

std::string derived_cell(double value, const std::string& shown, const std::string& more) {
  return fmt::format("<td data-value=\"{}\">{}{}</td>", full_value(value), shown, more);
}

std::string no_cell() { return "<td class=\"none\">–</td>"; }

std::string cell_bar(double part, double tick) {
  const auto percent = [](double of) {
    return fmt::format("{:.1f}", 100 * std::min(1.0, std::max(0.0, of)));
  };
  const std::string mark = tick > 0 ? fmt::format("<b style=\"left:{}%\"></b>", percent(tick)) : "";
  return fmt::format("<span class=\"bar\" aria-hidden=\"true\"><i style=\"width:{}%\"></i>{}</span>",
                     percent(part), mark);
}

std::string row(const std::string& label, const std::vector<std::string>& cells) {
  std::string text = "<tr><th scope=\"row\">" + label + "</th>";
  for (const std::string& cell : cells) text += cell;
  return text + "</tr>\n";
}

std::string table(const Table& table) {
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><table "
      "class=\"{1}\">\n<caption>{0}</caption>\n<thead><tr>",
      escaped(table.caption), table.classes);
  bool first = true;
  for (const std::string& heading : table.headings) {
    text += first && heading.empty() ? "<td></td>" : "<th scope=\"col\">" + heading + "</th>";
    first = false;
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const std::string& one : table.rows) text += one;
  text += "</tbody>\n";
  if (!table.footer.empty()) text += "<tfoot>\n";
  for (const std::string& one : table.footer) text += one;
  if (!table.footer.empty()) text += "</tfoot>\n";
  return text + "</table></div>\n";
}

std::string word(const std::string& name, const std::string& meaning) {
  if (meaning.empty()) return escaped(name);
  return fmt::format("<abbr title=\"{}\">{}</abbr>", escaped(meaning), escaped(name));
}

std::string paragraph(const std::string& text) { return "<p>" + escaped(text) + "</p>\n"; }

std::string panel(const std::string& title, const std::string& body) {
  return fmt::format(
      "<div class=\"panel\" data-title=\"{0}\">\n<h3 class=\"panel-title\">{0}</h3>\n{1}</div>\n",
      escaped(title), body);
}

std::string panels(const std::string& group, const std::vector<std::string>& panels) {
  std::string text = fmt::format("<div class=\"panels\" data-group=\"{}\">\n", escaped(group));
  for (const std::string& one : panels) text += one;
  return text + "</div>\n";
}

}  // namespace hvlab::lab::html
