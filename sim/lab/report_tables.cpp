// Phases side by side: times with their ratios, what a phase gets done, and requests' means.
#include <fmt/format.h>

#include <algorithm>

#include "sim/lab/io_report.hpp"
#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

std::vector<std::string> headings(const ReportInput& input, const ReportBlock& block,
                                  const std::string& corner) {
  std::vector<std::string> names = {html::escaped(corner)};
  for (const size_t entry : block.runs)
    names.push_back(html::word(input.entries[entry].title, input.way_meaning(entry)));
  return names;
}

/// A time and its ratio, with a bar as long as the ratio is of the `widest`.
std::string time_cell(const Json& document, const std::string& seconds, const std::string& ratio,
                      double widest) {
  const Json::json_pointer place(seconds), ratio_place(ratio);
  if (!document.contains(place) || document.at(place).get<double>() <= 0) return html::no_cell();
  std::string more;
  if (document.contains(ratio_place) && document.at(ratio_place).is_number()) {
    const double times = document.at(ratio_place).get<double>();
    more =
        fmt::format(" <small data-at=\"{}\" data-value=\"{}\">{}</small>{}", ratio, html::full_value(times),
                    html::ratio_text(times), html::cell_bar(times / widest, 1 / widest));
  }
  return html::number_cell(document, seconds, html::time_text(document.at(place).get<double>()), more);
}

/// Where `name` stands among the way's phases; the number of phases if nowhere.
size_t phase_index(const Json& way, const std::string& name) {
  const Json& phases = way.at("phases");
  return static_cast<size_t>(
      std::ranges::find_if(phases, [&](const Json& phase) { return phase.at("name") == name; }) -
      phases.begin());
}

std::vector<std::string> phase_names(const ReportInput& input, const ReportBlock& block) {
  std::vector<std::string> names;
  for (const size_t entry : block.runs) {
    for (const Json& phase : input.way(entry).at("phases")) {
      const std::string name = phase.at("name").get<std::string>();
      if (std::ranges::count(names, name) == 0) names.push_back(name);
    }
  }
  return names;
}

double widest_ratio(const ReportInput& input, const ReportBlock& block) {
  double widest = 1;
  for (const size_t entry : block.runs) {
    for (const Json& phase : input.way(entry).at("phases"))
      if (phase.at("ratio").is_number()) widest = std::max(widest, phase.at("ratio").get<double>());
  }
  return widest;
}

std::string times_table(const ReportInput& input, const ReportBlock& block) {
  const std::vector<std::string> names = phase_names(input, block);
  if (names.empty()) return "";
  const double widest = widest_ratio(input, block);
  html::Table table(input.say("report.phases.times", {block.title}),
                    headings(input, block, input.say("report.phases.phase")), "wide sortable times");
  const auto cells = [&](const std::string& seconds, const std::string& ratio, auto place_of) {
    std::vector<std::string> made;
    for (const size_t entry : block.runs) {
      const std::string place = input.pointer(entry) + place_of(entry);
      made.push_back(time_cell(input.document, place + seconds, place + ratio, widest));
    }
    return made;
  };
  for (const std::string& name : names) {
    const auto place = [&](size_t entry) {
      return fmt::format("/phases/{}", phase_index(input.way(entry), name));
    };
    table.rows.push_back(
        html::row(html::word(name, input.meaning("phases", name)), cells("/seconds", "/ratio", place)));
  }
  const auto whole = [](size_t) { return std::string(); };
  table.footer.push_back(html::row(html::escaped(input.say("report.phases.all")),
                                   cells("/phases_seconds", "/phases_ratio", whole)));
  return html::table(table);
}

std::string rate_cell(const ReportInput& input, const std::string& phase) {
  const Json::json_pointer bytes(phase + "/bytes_per_second"), step(phase + "/step_seconds");
  const Json& document = input.document;
  if (document.contains(bytes))
    return html::number_cell(document, bytes.to_string(), html::rate_text(document.at(bytes).get<double>()));
  if (document.contains(step))
    return html::number_cell(document, step.to_string(), html::time_text(document.at(step).get<double>()));
  return html::no_cell();
}

std::string rates_table(const ReportInput& input, const ReportBlock& block) {
  html::Table table(input.say("report.phases.rates", {block.title}),
                    headings(input, block, input.say("report.phases.phase")), "wide sortable");
  for (const std::string& name : phase_names(input, block)) {
    const std::vector<std::string> cells = cells_of(block, [&](size_t entry) {
      return rate_cell(
          input, fmt::format("{}/phases/{}", input.pointer(entry), phase_index(input.way(entry), name)));
    });
    if (std::ranges::any_of(cells, [](const std::string& cell) { return cell != html::no_cell(); }))
      table.rows.push_back(html::row(html::word(name, input.meaning("phases", name)), cells));
  }
  return table.rows.empty() ? "" : html::table(table);
}

}  // namespace

std::string phases_section(const ReportInput& input, Inks&) {
  return block_panels(input.blocks, [&](const ReportBlock& block) {
    return times_table(input, block) + rates_table(input, block);
  });
}

namespace {

constexpr const char* kKinds[] = {"read", "write", "flush", "send", "receive", "round-trip", "ping"};

double part_of(const Json& group, const char* what, const char* whole) {
  return group.at(what).get<double>() / std::max(1.0, group.at(whole).get<double>());
}

/// Mean time, exits, bytes copied of the way's requests of a kind.
std::string request_cell(const ReportInput& input, const ReportRun& run, const std::string& kind) {
  const Json& io = input.document.at("ways").at(run.way).at("io");
  const Json* group = innermost_io(io, kind);
  if (group == nullptr) return html::no_cell();
  const double seconds = part_of(*group, "picoseconds", "requests") * 1e-12;
  double exits = 0;
  for (const auto& [reason, count] : group->at("exits").items()) exits += count.get<double>();
  exits /= std::max(1.0, group->at("requests").get<double>());
  std::string more = "<small>" + input.say("report.requests.exits", {fmt::format("{:.1f}", exits)});
  if (group->at("copies_known").get<double>() > 0)
    more += "<br>" + input.say("report.requests.copied",
                               {html::count_text(part_of(*group, "copied", "copies_known"))});
  return html::derived_cell(seconds, html::time_text(seconds), "<br>" + more + "</small>");
}

}  // namespace

std::string requests_table(const ReportInput& input, const ReportBlock& block) {
  html::Table table(input.say("report.requests.means", {block.title}),
                    headings(input, block, input.say("report.requests.kind")), "wide sortable");
  for (const char* kind : kKinds) {
    const std::vector<std::string> cells =
        cells_of(block, [&](size_t entry) { return request_cell(input, input.entries[entry], kind); });
    if (std::ranges::any_of(cells, [](const std::string& cell) { return cell != html::no_cell(); }))
      table.rows.push_back(
          html::row(html::escaped(input.say(std::string("report.operation.") + kind)), cells));
  }
  return table.rows.empty() ? "" : html::table(table);
}

}  // namespace hvlab::lab
