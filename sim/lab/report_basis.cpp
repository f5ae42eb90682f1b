// What ran, and what the numbers rest on.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

using html::Json;

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
  return text.empty() ? text : html::paragraph(input.say("report.basis.intro")) + text;
}

}  // namespace hvlab::lab
