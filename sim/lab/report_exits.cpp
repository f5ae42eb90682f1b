// Exits of virtual machines by reason: a chart of what they cost, and a table.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

constexpr size_t kMostInks = 7;  // of reasons; the rest share a grey

/// The exits of a way: while the workload was in its phases, or of the whole run if it had none.
struct Exits {
  std::string pointer;  // to the array
  const Json* list = nullptr;
  double seconds = 0;
};

Exits exits_of(const ReportInput& input, size_t entry) {
  const Json& way = input.way(entry);
  if (way.at("work").at("cycles").get<double>() > 0)
    return {input.pointer(entry) + "/work/exits", &way.at("work").at("exits"),
            way.at("work").at("seconds").get<double>()};
  return {input.pointer(entry) + "/exits", &way.at("exits"), way.at("seconds").get<double>()};
}

struct Sum {
  double exits = 0, handled = 0, cycles = 0;
  size_t elements = 0, last = 0;  // of the array that are of this reason, and one of them
};

Sum sum_of(const Exits& exits, const std::string& reason) {
  Sum sum;
  for (size_t i = 0; i < exits.list->size(); ++i) {
    const Json& each = exits.list->at(i);
    if (!reason.empty() && each.at("reason") != reason) continue;
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

std::vector<Column> columns_of(const ReportInput& input, const ReportBlock& block) {
  std::vector<Column> columns;
  for (const size_t entry : block.runs) {
    Column column{entry, exits_of(input, entry), {}};
    column.all = sum_of(column.exits, "");
    if (column.all.exits > 0) columns.push_back(column);
  }
  return columns;
}

/// Those first that take the largest part of any run's cycles.
std::vector<std::string> reasons_of(const std::vector<Column>& columns) {
  std::map<std::string, double> weight;
  for (const Column& column : columns) {
    for (const Json& each : *column.exits.list) {
      const std::string reason = each.at("reason").get<std::string>();
      weight[reason] =
          std::max(weight[reason], sum_of(column.exits, reason).cycles / std::max(1.0, column.all.cycles));
    }
  }
  std::vector<std::string> reasons;
  reasons.reserve(weight.size());
  for (const auto& [reason, ignored] : weight) reasons.push_back(reason);
  std::ranges::stable_sort(reasons, std::ranges::greater(),
                           [&](const auto& reason) { return weight[reason]; });
  return reasons;
}

std::string ink_of(size_t reason, Inks& inks) {
  return reason < kMostInks ? inks.series(static_cast<unsigned>(reason)) : inks.of("other");
}

/// A second.
double rate_of(const Column& column, const Sum& sum) {
  return column.exits.seconds > 0 ? sum.exits / column.exits.seconds : 0;
}

std::string chart(const ReportInput& input, const std::vector<Column>& columns,
                  const std::vector<std::string>& reasons, Inks& inks) {
  double widest = 0;
  for (const Column& column : columns) widest = std::max(widest, rate_of(column, column.all));
  if (widest <= 0) return "";
  std::vector<std::string> rows, legend;
  for (const Column& column : columns) {
    std::vector<svg::Segment> segments;
    double at = 0;
    for (size_t i = 0; i < reasons.size(); ++i) {
      const Sum sum = sum_of(column.exits, reasons[i]);
      segments.push_back({at / widest, rate_of(column, sum) / widest, ink_of(i, inks),
                          input.say("report.exits.segment", {reasons[i], html::count_text(sum.exits),
                                                             html::count_text(sum.cycles)})});
      at += rate_of(column, sum);
    }
    const std::string title = input.entries[column.entry].title;
    rows.push_back(svg::bar_row(
        html::escaped(title), svg::bar(segments, title, ""),
        html::escaped(input.say("report.exits.rate", {html::count_text(rate_of(column, column.all))}))));
  }
  for (size_t i = 0; i < std::min(kMostInks, reasons.size()); ++i)
    legend.push_back(
        svg::legend_entry(ink_of(i, inks), html::word(reasons[i], input.meaning("exits", reasons[i]))));
  if (reasons.size() > kMostInks)
    legend.push_back(
        svg::legend_entry(ink_of(kMostInks, inks), html::escaped(input.say("report.exits.others"))));
  return svg::chart(legend, rows);
}

std::string exit_cell(const ReportInput& input, const Column& column, const std::string& reason) {
  const Sum sum = sum_of(column.exits, reason);
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
                        const std::vector<Column>& columns, const std::vector<std::string>& reasons) {
  html::Table table(input.say("report.exits.table", {block.title}),
                    {html::escaped(input.say("report.exits.reason"))}, "wide sortable");
  for (const Column& column : columns)
    table.headings.push_back(html::escaped(input.entries[column.entry].title));
  for (const std::string& reason : reasons) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const Column& column : columns) cells.push_back(exit_cell(input, column, reason));
    table.rows.push_back(html::row(html::word(reason, input.meaning("exits", reason)), cells));
  }
  std::vector<std::string> all, rates;
  for (const Column& column : columns) {
    all.push_back(exit_cell(input, column, ""));
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

}  // namespace

std::string exits_section(const ReportInput& input, Inks& inks) {
  const std::string panels = block_panels(input.blocks, [&](const ReportBlock& block) -> std::string {
    const std::vector<Column> columns = columns_of(input, block);
    if (columns.empty()) return "";
    const std::vector<std::string> reasons = reasons_of(columns);
    return chart(input, columns, reasons, inks) + exits_table(input, block, columns, reasons);
  });
  return panels.empty() ? "" : html::paragraph(input.say("report.exits.intro")) + panels;
}

}  // namespace hvlab::lab
