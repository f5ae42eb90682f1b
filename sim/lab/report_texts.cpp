// What is told in words: differences, verdicts, the console's marks, what the numbers rest on.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

std::string paragraph(const std::string& text) { return "<p>" + html::escaped(text) + "</p>\n"; }

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
  return text.empty() ? text : paragraph(input.say("report.verdict.intro")) + text;
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

namespace {

struct Fact {
  std::string name, text;
};

/// Each of what `text_of` says of the runs, once.
template <class TextOf>
std::string each_once(const ReportInput& input, TextOf text_of) {
  std::vector<std::string> texts;
  for (const ReportRun& run : input.entries) {
    const std::string text = text_of(run);
    if (!text.empty() && std::ranges::count(texts, text) == 0) texts.push_back(text);
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

/// "128 MiB – 368 MiB"
std::string memory_range(const ReportInput& input) {
  double least = 0, most = 0;
  for (const MeasuredRun& run : input.comparison.runs) {
    if (run.memory <= 0) continue;
    least = least == 0 ? run.memory : std::min(least, run.memory);
    most = std::max(most, run.memory);
  }
  if (most == 0) return "";
  return html::bytes_text(least) + (least == most ? "" : " – " + html::bytes_text(most));
}

std::vector<Fact> facts_of(const ReportInput& input) {
  const auto measured = [&](auto member) {
    return [&input, member](const ReportRun& run) -> std::string {
      return run.way == kNotCompared ? "" : member(input.comparison.runs[run.way]);
    };
  };
  const auto version = [&](const ReportRun& run) {
    return input.runs.runs[run.open]->reader().run().value("hvlab", std::string());
  };
  return {
      {"scenario", each_once(input, measured([&](const MeasuredRun& run) { return input.scenario(run); }))},
      {"kernel", each_once(input, measured([](const MeasuredRun& run) { return run.kernel; }))},
      {"processor", each_once(input, measured([](const MeasuredRun& run) { return run.processor; }))},
      {"processors",
       each_once(input, measured([](const MeasuredRun& run) { return std::to_string(run.processors); }))},
      {"memory", memory_range(input)},
      {"version", each_once(input, version)},
      {"runs", std::to_string(input.entries.size())}};
}

std::map<std::string, unsigned> origins_of(const Json& costs) {
  std::map<std::string, unsigned> counts;
  for (const Json& cost : costs) ++counts[cost.at("origin").get<std::string>()];
  return counts;
}

std::string costs_table(const ReportInput& input, const std::string& profile, const std::string& pointer) {
  const Json& costs = input.document.at(Json::json_pointer(pointer));
  html::Table table(
      input.say("report.basis.costs", {profile}),
      {html::escaped(input.say("report.basis.cost")), html::escaped(input.say("report.basis.cycles")),
       html::escaped(input.say("report.basis.origin")), html::escaped(input.say("report.basis.source"))},
      "sortable costs");
  for (size_t i = 0; i < costs.size(); ++i) {
    const std::string origin = costs[i].at("origin").get<std::string>();
    table.rows.push_back(html::row(html::word(costs[i].at("name").get<std::string>(),
                                              input.meaning("costs", costs[i].at("name").get<std::string>())),
                                   {html::number_cell(input.document, fmt::format("{}/{}/value", pointer, i),
                                                      costs[i].at("value").dump()),
                                    fmt::format("<td class=\"origin o-{}\">{}</td>", html::identifier(origin),
                                                html::escaped(input.say("report.basis.origins." + origin))),
                                    fmt::format("<td class=\"line\">{}</td>",
                                                html::escaped(costs[i].at("source").get<std::string>()))}));
  }
  return fmt::format("<div class=\"fold\" data-title=\"{}\">{}</div>\n", html::escaped(table.caption),
                     html::table(table));
}

}  // namespace

std::string facts_list(const ReportInput& input) {
  std::string text = "<dl class=\"facts\">\n";
  for (const Fact& fact : facts_of(input)) {
    if (!fact.text.empty())
      text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n",
                          html::escaped(input.say("report.facts." + fact.name)), html::escaped(fact.text));
  }
  std::vector<std::string> assumed;
  for (const ReportRun& run : input.entries) {
    if (run.way == kNotCompared || input.comparison.runs[run.way].costs.empty()) continue;
    const auto counts = origins_of(input.comparison.runs[run.way].costs);
    const auto count = [&](const char* origin) {
      return std::to_string(counts.count(origin) == 0 ? 0 : counts.at(origin));
    };
    const std::string all = std::to_string(input.comparison.runs[run.way].costs.size());
    const std::string said = input.say(
        "report.facts.costs_of",
        {input.comparison.runs[run.way].processor, count("assumed"), all, count("sourced"), count("set")});
    if (std::ranges::count(assumed, said) == 0) assumed.push_back(said);
  }
  if (!assumed.empty())
    text += fmt::format("<div class=\"assumed\"><dt>{}</dt><dd>{}</dd></div>\n",
                        html::escaped(input.say("report.facts.assumed")),
                        html::escaped(fmt::format("{}", fmt::join(assumed, " "))));
  return text + "</dl>\n";
}

std::string basis_section(const ReportInput& input, Inks&) {
  std::string text;
  std::vector<std::string> known;
  for (size_t i = 0; i < input.comparison.runs.size(); ++i) {
    const MeasuredRun& run = input.comparison.runs[i];
    const std::string key = run.processor + run.costs.dump();
    if (run.costs.empty() || std::ranges::count(known, key) != 0) continue;
    known.push_back(key);
    text += costs_table(input, run.processor, fmt::format("/ways/{}/costs", i));
  }
  return text.empty() ? text : paragraph(input.say("report.basis.intro")) + text;
}

}  // namespace hvlab::lab
