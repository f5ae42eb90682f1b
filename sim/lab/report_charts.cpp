// Bars: the ledger, start-up, memory, density.
#include <fmt/format.h>

#include <algorithm>

#include "sim/lab/report_sections.hpp"

namespace hvlab::lab {

namespace {

using html::Json;

std::string label_of(const ReportInput& input, size_t entry) {
  return html::word(input.entries[entry].title, input.way_meaning(entry));
}

/// Milliseconds of processor time of a window's cycles.
double processor_seconds(const Json& work, unsigned processors, double cycles) {
  const double all = work.at("cycles").get<double>();
  return all > 0 ? work.at("seconds").get<double>() * processors * cycles / all : 0;
}

/// The accounts that any of the runs was charged to in its phases; if none has phases, over the whole run.
struct Ledger {
  bool phases = false;
  std::vector<std::string> accounts;
};

const Json& window_of(const Json& way, bool phases) { return phases ? way.at("work") : way; }

Ledger ledger_of(const ReportInput& input, const ReportBlock& block) {
  Ledger found;
  found.phases = std::ranges::any_of(
      block.runs, [&](size_t entry) { return input.way(entry).at("work").at("cycles").get<double>() > 0; });
  if (block.runs.empty()) return found;
  // All list all accounts, in one order.
  for (const auto& [account, ignored] :
       window_of(input.way(block.runs.front()), found.phases).at("ledger").items()) {
    const auto charged = [&](size_t entry) {
      return window_of(input.way(entry), found.phases).at("ledger").value(account, u64{0}) != 0;
    };
    if (std::ranges::any_of(block.runs, charged)) found.accounts.push_back(account);
  }
  return found;
}

double seconds_in(const ReportInput& input, size_t entry, const Ledger& ledger, const std::string& account) {
  const Json& window = window_of(input.way(entry), ledger.phases);
  return processor_seconds(window, input.entries[entry].processors, window.at("ledger").value(account, 0.0));
}

std::string ledger_bar(const ReportInput& input, size_t entry, const Ledger& ledger, double widest,
                       Inks& inks) {
  std::vector<svg::Segment> segments;
  std::string description;
  double at = 0, all = 0;
  for (const std::string& account : ledger.accounts) all += seconds_in(input, entry, ledger, account);
  for (const std::string& account : ledger.accounts) {
    const double seconds = seconds_in(input, entry, ledger, account);
    if (seconds <= 0) continue;
    const std::string text =
        fmt::format("{}: {} ({})", account, html::time_text(seconds), html::percent_text(seconds / all));
    segments.push_back({at / widest, seconds / widest, inks.of(account), text});
    description += (description.empty() ? "" : "; ") + text;
    at += seconds;
  }
  return svg::bar(segments, input.say("report.ledger.of", {input.entries[entry].title}), description);
}

std::string ledger_table(const ReportInput& input, const ReportBlock& block, const Ledger& ledger) {
  html::Table table(input.say("report.ledger.table", {block.title}),
                    {html::escaped(input.say("report.ledger.account"))}, "wide sortable");
  for (const size_t entry : block.runs) table.headings.push_back(label_of(input, entry));
  for (const std::string& account : ledger.accounts) {
    std::vector<std::string> cells;
    for (const size_t entry : block.runs) {
      const double seconds = seconds_in(input, entry, ledger, account);
      const std::string place =
          fmt::format("{}{}/ledger/{}", input.pointer(entry), ledger.phases ? "/work" : "", account);
      cells.push_back(seconds > 0 ? html::number_cell(input.document, place, html::time_text(seconds))
                                  : html::no_cell());
    }
    table.rows.push_back(html::row(html::word(account, input.meaning("accounts", account)), cells));
  }
  return html::table(table);
}

std::string ledger_chart(const ReportInput& input, const ReportBlock& block, const Ledger& ledger,
                         Inks& inks) {
  double widest = 0;
  std::vector<double> sums;
  for (const size_t entry : block.runs) {
    double all = 0;
    for (const std::string& account : ledger.accounts) all += seconds_in(input, entry, ledger, account);
    sums.push_back(all);
    widest = std::max(widest, all);
  }
  if (widest <= 0) return "";
  std::vector<std::string> rows, legend;
  for (size_t i = 0; i < block.runs.size(); ++i)
    rows.push_back(svg::bar_row(label_of(input, block.runs[i]),
                                ledger_bar(input, block.runs[i], ledger, widest, inks),
                                html::time_text(sums[i])));
  for (const std::string& account : ledger.accounts)
    legend.push_back(
        svg::legend_entry(inks.of(account), html::word(account, input.meaning("accounts", account))));
  return svg::chart(legend, rows) + ledger_table(input, block, ledger);
}

/// A figure of each run as a bar; nothing if no run has it.
std::string figure_bars(const ReportInput& input, const ReportBlock& block, const char* title,
                        const char* member, std::string (*shown)(double), Inks& inks) {
  double widest = 0;
  for (const size_t entry : block.runs) widest = std::max(widest, input.way(entry).at(member).get<double>());
  if (widest <= 0) return "";
  std::vector<std::string> rows;
  for (const size_t entry : block.runs) {
    const double value = input.way(entry).at(member).get<double>();
    const std::string text = value > 0 ? shown(value) : "–";
    const std::string number =
        fmt::format("<span data-at=\"{}/{}\" data-value=\"{}\">{}</span>", input.pointer(entry), member,
                    input.way(entry).at(member).dump(), text);
    const std::string name = input.entries[entry].title + ": " + text;
    rows.push_back(svg::bar_row(label_of(input, entry),
                                svg::bar({{0, value / widest, inks.series(0), name}}, name, ""), number));
  }
  return fmt::format("<h4>{}</h4>\n", html::escaped(input.say(title))) + svg::bar_rows(rows);
}

}  // namespace

std::string ledger_section(const ReportInput& input, Inks& inks) {
  return block_panels(input.blocks, [&](const ReportBlock& block) {
    const Ledger ledger = ledger_of(input, block);
    std::string chart = ledger_chart(input, block, ledger, inks);
    if (chart.empty()) return chart;
    return html::paragraph(input.say(ledger.phases ? "report.ledger.in_phases" : "report.ledger.whole")) +
           chart;
  });
}

std::string starts_section(const ReportInput& input, Inks& inks) {
  return block_panels(input.blocks, [&](const ReportBlock& block) {
    return figure_bars(input, block, "report.starts.power_on", "power_on_seconds", html::time_text, inks) +
           figure_bars(input, block, "report.starts.launch", "launch_seconds", html::time_text, inks) +
           figure_bars(input, block, "report.starts.memory", "memory_per_instance", html::bytes_text, inks);
  });
}

std::string density_section(const ReportInput& input, Inks& inks) {
  std::string text;
  const Json& all = input.document.at("density");
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string level = html::time_text(all[i].at("level_seconds").get<double>());
    const std::string processors = std::to_string(all[i].at("processors").get<unsigned>());
    html::Table table(input.say("report.density.table", {processors, level}),
                      {"", html::escaped(input.say("report.density.by_time")),
                       html::escaped(input.say("report.density.by_memory"))},
                      "narrow sortable");
    double widest = 1;
    for (const Json& way : all[i].at("ways")) widest = std::max(widest, way.at("by_time").get<double>());
    std::vector<std::string> rows;
    for (size_t k = 0; k < all[i].at("ways").size(); ++k) {
      const Json& way = all[i].at("ways").at(k);
      const std::string place = fmt::format("/density/{}/ways/{}", i, k),
                        name = way.at("name").get<std::string>();
      const double fit = way.at("by_time").get<double>(), memory = way.at("by_memory").get<double>();
      const std::string shown = fmt::format("{}{:.2f}", way.at("passed").get<bool>() ? "" : "≥ ", fit);
      table.rows.push_back(html::row(
          html::escaped(name),
          {html::number_cell(input.document, place + "/by_time", shown),
           memory > 0 ? html::number_cell(input.document, place + "/by_memory", fmt::format("{:.2f}", memory))
                      : html::no_cell()}));
      rows.push_back(
          svg::bar_row(html::escaped(name),
                       svg::bar({{0, fit / widest, inks.series(0), name + ": " + shown}}, name, ""), shown));
    }
    text += svg::bar_rows(rows) + html::table(table);
  }
  return text;
}

}  // namespace hvlab::lab
