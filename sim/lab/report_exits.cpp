// Exits of virtual machines by reason, and by class where reasons are of both vendors: a chart of what they
// cost, and a table.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sim/lab/report_sections.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

constexpr size_t kMostInks = 7;  // of reasons or classes; the rest share a grey

/// What rows are of.
struct By {
  const char* key;                 // of an element of the list
  const char* list;                // in a window
  const char *heading, *title;     // words of the page
  std::vector<const char*> meant;  // lists of `hvlab explain`
};
const By kByReason{"reason", "exits", "report.exits.reason", "report.exits.table", {"exits", "intel-exits"}};
const By kByClass{"class", "exit_classes", "report.exits.class", "report.exits.classes", {"exit-classes"}};

/// Of an element of a list; runs that are older than classes have those of their reasons.
std::string name_in(const Json& exit, const By& by) {
  if (exit.contains(by.key)) return exit.at(by.key).get<std::string>();
  return observe::class_of_label(exit.at("reason").get<std::string>());
}

std::string meaning_of(const ReportInput& input, const By& by, const std::string& name) {
  for (const char* list : by.meant)
    if (std::string text = input.meaning(list, name); !text.empty()) return text;
  return "";
}

/// The exits of a way: while the workload was in its phases, or of the whole run if it had none.
struct Exits {
  std::string pointer;  // to the array
  const Json* list = nullptr;
  double seconds = 0;
};

Exits exits_of(const ReportInput& input, size_t entry, const By& by) {
  const Json& way = input.way(entry);
  if (way.at("work").at("cycles").get<double>() > 0)
    return {input.pointer(entry) + "/work/" + by.list, &way.at("work").at(by.list),
            way.at("work").at("seconds").get<double>()};
  return {input.pointer(entry) + "/exits", &way.at("exits"), way.at("seconds").get<double>()};
}

struct Sum {
  double exits = 0, handled = 0, cycles = 0;
  size_t elements = 0, last = 0;  // of the array that are of this name, and one of them
};

Sum sum_of(const Exits& exits, const By& by, const std::string& name) {
  Sum sum;
  for (size_t i = 0; i < exits.list->size(); ++i) {
    const Json& each = exits.list->at(i);
    if (!name.empty() && name_in(each, by) != name) continue;
    sum.exits += each.at("count").get<double>();
    sum.handled += each.at("handled").get<double>();
    sum.cycles += each.at("cycles").get<double>();
    sum.last = i;
    ++sum.elements;
  }
  return sum;
}

struct Column {
  size_t entry;
  Exits exits;
  Sum all;
};

std::vector<Column> columns_of(const ReportInput& input, const ReportBlock& block, const By& by) {
  std::vector<Column> columns;
  for (const size_t entry : block.runs) {
    Column column{entry, exits_of(input, entry, by), {}};
    column.all = sum_of(column.exits, by, "");
    if (column.all.exits > 0) columns.push_back(column);
  }
  return columns;
}

/// Those first that take the largest part of any run's cycles.
std::vector<std::string> names_of(const std::vector<Column>& columns, const By& by) {
  std::map<std::string, double> weight;
  for (const Column& column : columns) {
    for (const Json& each : *column.exits.list) {
      const std::string name = name_in(each, by);
      weight[name] =
          std::max(weight[name], sum_of(column.exits, by, name).cycles / std::max(1.0, column.all.cycles));
    }
  }
  std::vector<std::string> names;
  names.reserve(weight.size());
  for (const auto& [name, ignored] : weight) names.push_back(name);
  std::ranges::stable_sort(names, std::ranges::greater(), [&](const auto& name) { return weight[name]; });
  return names;
}

std::string ink_of(size_t name, Inks& inks) {
  return name < kMostInks ? inks.series(static_cast<unsigned>(name)) : inks.of("other");
}

/// A second.
double rate_of(const Column& column, const Sum& sum) {
  return column.exits.seconds > 0 ? sum.exits / column.exits.seconds : 0;
}

std::string chart(const ReportInput& input, const std::vector<Column>& columns, const By& by,
                  const std::vector<std::string>& names, Inks& inks) {
  double widest = 0;
  for (const Column& column : columns) widest = std::max(widest, rate_of(column, column.all));
  if (widest <= 0) return "";
  std::vector<std::string> rows, legend;
  for (const Column& column : columns) {
    std::vector<svg::Segment> segments;
    double at = 0;
    for (size_t i = 0; i < names.size(); ++i) {
      const Sum sum = sum_of(column.exits, by, names[i]);
      segments.push_back({at / widest, rate_of(column, sum) / widest, ink_of(i, inks),
                          input.say("report.exits.segment",
                                    {names[i], html::count_text(sum.exits), html::count_text(sum.cycles)})});
      at += rate_of(column, sum);
    }
    const std::string title = input.entries[column.entry].title;
    rows.push_back(svg::bar_row(
        html::escaped(title), svg::bar(segments, title, ""),
        html::escaped(input.say("report.exits.rate", {html::count_text(rate_of(column, column.all))}))));
  }
  for (size_t i = 0; i < std::min(kMostInks, names.size()); ++i)
    legend.push_back(
        svg::legend_entry(ink_of(i, inks), html::word(names[i], meaning_of(input, by, names[i]))));
  if (names.size() > kMostInks)
    legend.push_back(
        svg::legend_entry(ink_of(kMostInks, inks), html::escaped(input.say("report.exits.others"))));
  return svg::chart(legend, rows);
}

std::string exit_cell(const ReportInput& input, const Column& column, const By& by, const std::string& name) {
  const Sum sum = sum_of(column.exits, by, name);
  if (sum.exits == 0) return html::no_cell();
  const std::string more = fmt::format(
      "<br><small>{} · {}</small>", html::percent_text(sum.cycles / std::max(1.0, column.all.cycles)),
      html::escaped(input.say("report.exits.mean",
                              {sum.handled > 0 ? html::count_text(sum.cycles / sum.handled) : "–"})));
  if (sum.elements == 1)
    return html::number_cell(input.document, fmt::format("{}/{}/count", column.exits.pointer, sum.last),
                             html::count_text(sum.exits), more);
  return html::derived_cell(sum.exits, html::count_text(sum.exits), more);
}

std::string exits_table(const ReportInput& input, const ReportBlock& block,
                        const std::vector<Column>& columns, const By& by,
                        const std::vector<std::string>& names) {
  html::Table table(input.say(by.title, {block.title}), {html::escaped(input.say(by.heading))},
                    "wide sortable");
  for (const Column& column : columns)
    table.headings.push_back(html::escaped(input.entries[column.entry].title));
  for (const std::string& name : names) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const Column& column : columns) cells.push_back(exit_cell(input, column, by, name));
    table.rows.push_back(html::row(html::word(name, meaning_of(input, by, name)), cells));
  }
  std::vector<std::string> all, rates;
  for (const Column& column : columns) {
    all.push_back(exit_cell(input, column, by, ""));
    const std::string place = input.pointer(column.entry) + "/work/exits_per_second";
    const Json::json_pointer pointer(place);
    rates.push_back(input.document.at(pointer).is_number()
                        ? html::number_cell(input.document, place,
                                            html::count_text(input.document.at(pointer).get<double>()))
                        : html::no_cell());
  }
  table.footer = {html::row(html::escaped(input.say("report.exits.all")), all),
                  html::row(html::escaped(input.say("report.exits.per_second")), rates)};
  return html::table(table);
}

bool of_both_vendors(const std::vector<std::string>& reasons) {
  const auto vmx = std::ranges::count_if(reasons, observe::is_vmx_label);
  return vmx != 0 && vmx != static_cast<std::ptrdiff_t>(reasons.size());
}

std::string panel(const ReportInput& input, const ReportBlock& block, const By& by, Inks& inks) {
  const std::vector<Column> columns = columns_of(input, block, by);
  if (columns.empty()) return "";
  const std::vector<std::string> names = names_of(columns, by);
  return chart(input, columns, by, names, inks) + exits_table(input, block, columns, by, names);
}

}  // namespace

std::string exits_section(const ReportInput& input, Inks& inks) {
  const std::string panels = block_panels(input.blocks, [&](const ReportBlock& block) -> std::string {
    const bool mixed = of_both_vendors(names_of(columns_of(input, block, kByReason), kByReason));
    return (mixed ? panel(input, block, kByClass, inks) : "") + panel(input, block, kByReason, inks);
  });
  return panels.empty() ? "" : html::paragraph(input.say("report.exits.intro")) + panels;
}

}  // namespace hvlab::lab
