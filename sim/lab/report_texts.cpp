// What is told in words: differences, verdicts, the console's marks.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

/// How long all phases take in every way, the first block's.
std::string whole_chart(const ReportInput& input, const ReportBlock& block, Inks& inks) {
  double widest = 0;
  for (const size_t entry : block.runs)
    widest = std::max(widest, input.way(entry).at("phases_seconds").get<double>());
  if (widest <= 0) return "";
  std::vector<std::string> rows;
  for (const size_t entry : block.runs) {
    const Json& way = input.way(entry);
    const double seconds = way.at("phases_seconds").get<double>();
    const std::string name = input.entries[entry].title, text = seconds > 0 ? html::time_text(seconds) : "–";
    const std::string ratio =
        way.at("phases_ratio").is_number() ? html::ratio_text(way.at("phases_ratio").get<double>()) : "";
    const std::string number =
        fmt::format("<span data-at=\"{}/phases_seconds\" data-value=\"{}\">{}</span> <small>{}</small>",
                    input.pointer(entry), way.at("phases_seconds").dump(), text, ratio);
    rows.push_back(
        svg::bar_row(html::word(name, input.way_meaning(entry)),
                     svg::bar({{0, seconds / widest, inks.series(0), name + ": " + text + " " + ratio}},
                              name + ": " + text, ""),
                     number));
  }
  return fmt::format("<h4>{}</h4>\n", html::escaped(input.say("report.summary.all_phases"))) +
         svg::bar_rows(rows);
}

}  // namespace

namespace {

constexpr size_t kMostDifferences = 8;

size_t most_of_kind(const std::string& kind) {
  if (kind == "phase.time") return 3;
  return kind == "workload.time" || kind == "request.time" ? 2 : 1;
}

/// The weightiest differences of the block's runs, as places in the document: few of a kind, each phase and
/// request once.
std::vector<size_t> chosen_differences(const ReportInput& input, const ReportBlock& block) {
  const Json& all = input.document.at("differences");
  std::map<std::string, size_t> kinds;
  std::vector<std::string> subjects;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < all.size() && chosen.size() < kMostDifferences; ++i) {
    if (all[i].at("processors") != input.entries[block.runs.front()].processors) continue;
    const std::string kind = all[i].at("what").get<std::string>(),
                      subject = all[i].at("subject").get<std::string>();
    if (!subject.empty() && std::ranges::count(subjects, kind + subject) != 0) continue;
    if (kinds[kind] == most_of_kind(kind)) continue;
    ++kinds[kind];
    subjects.push_back(kind + subject);
    chosen.push_back(i);
  }
  return chosen;
}

/// The first sentence says what differs, those after it why.
std::string difference_item(const ReportInput& input, size_t index) {
  const Json& difference = input.document.at("differences").at(index);
  const std::string text = difference.at("why").at(input.say.language()).get<std::string>();
  const std::string stop = input.say.language() == "ja" ? "。" : ". ";
  const size_t found = text.find(stop), end = found == std::string::npos ? text.size() : found + stop.size();
  return fmt::format(
      "<li data-at=\"/differences/{}/value\" data-value=\"{}\"><strong>{}</strong> <span "
      "class=\"why\">{}</span></li>\n",
      index, difference.at("value").dump(), html::escaped(text.substr(0, end)),
      html::escaped(text.substr(end)));
}

std::string differences_list(const ReportInput& input, const ReportBlock& block) {
  std::string items;
  for (const size_t index : chosen_differences(input, block)) items += difference_item(input, index);
  if (items.empty()) return "";
  return fmt::format("<h4>{}</h4>\n<ol class=\"differences\">\n{}</ol>\n",
                     html::escaped(input.say("report.summary.differences")), items);
}

}  // namespace

std::string summary_section(const ReportInput& input, Inks& inks) {
  return block_panels(input.blocks, [&](const ReportBlock& block) {
    return whole_chart(input, block, inks) + differences_list(input, block);
  });
}

std::string verdicts_section(const ReportInput& input, Inks&) {
  std::string text;
  for (const Json& verdict : input.document.at("verdicts")) {
    const std::string word = verdict.at("verdict").get<std::string>();
    text += fmt::format(
        "<article class=\"verdict\" lang=\"en\">\n<h3><span class=\"claim\">{}</span> {}</h3>\n<p><strong "
        "class=\"word w-{}\">{}</strong> {}</p>\n",
        html::escaped(verdict.at("claim").get<std::string>()),
        html::escaped(verdict.at("statement").get<std::string>()), html::identifier(word),
        html::escaped(input.say("report.verdict." + html::identifier(word))),
        html::escaped(verdict.at("text").get<std::string>()));
    for (const Json& limit : verdict.value("limits", Json::array()))
      text += fmt::format("<p class=\"limit\">{}</p>\n", html::escaped(limit.get<std::string>()));
    text += "</article>\n";
  }
  return text.empty() ? text : html::paragraph(input.say("report.verdict.intro")) + text;
}

namespace {

constexpr size_t kMostMarks = 40;  // of a run

/// The marks of a run's stats.json: seconds and lines.
std::string marks_of(const ReportInput& input, size_t entry) {
  if (input.entries[entry].way == kNotCompared) return "";
  const views::OpenRun& run = *input.runs.runs[input.entries[entry].open];
  const Json marks = run.reader().stats().value("marks", Json::array());
  std::string rows;
  for (size_t i = 0; i < std::min(marks.size(), kMostMarks); ++i) {
    rows += fmt::format("<tr><td>{:.3f} ms<td>{}\n", marks[i].at("seconds").get<double>() * 1e3,
                        html::escaped(marks[i].at("line").get<std::string>()));
  }
  if (rows.empty()) return "";
  if (marks.size() > kMostMarks)
    rows += "<tr><td>…<td>" +
            html::escaped(input.say("report.marks.more", {std::to_string(marks.size() - kMostMarks)})) + "\n";
  return fmt::format(
      "<div class=\"fold\" data-title=\"{0}\"><div class=\"scroll\" tabindex=\"0\" role=\"group\" "
      "aria-label=\"{0}\"><table class=\"marks\"><caption>{0}</caption>"
      "<thead><tr><th scope=\"col\">{1}</th><th "
      "scope=\"col\">{2}</th></tr></thead><tbody>\n{3}</tbody></table></div></div>\n",
      html::escaped(run.name()), html::escaped(input.say("report.marks.time")),
      html::escaped(input.say("report.marks.line")), rows);
}

}  // namespace

std::string marks_section(const ReportInput& input, Inks&) {
  std::string text;
  for (size_t i = 0; i < input.entries.size(); ++i) text += marks_of(input, i);
  return text;
}

}  // namespace hvlab::lab
