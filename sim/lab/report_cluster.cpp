// Clusters in the report: figures side by side, over time, and where machines were.
#include "sim/lab/report_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/views/cluster_moves.hpp"
#include "sim/views/cluster_picture.hpp"

namespace hvlab::lab {

namespace {

using html::Json;
using record::ClusterReader;

/// What a run comes to, out of its recording.
struct Figures {
  double energy = 0;      // kWh
  double peak_power = 0;  // kW, of the overview's spans
  double load = 0;        // mean of what hosts that were on had to do
  size_t moved = 0, failed = 0, restarts = 0;
  record::ClusterTime longest_downtime = 0;
  double sent = 0;  // bytes
};

void add_moves(const ClusterReader& reader, Figures& figures) {
  for (const record::ClusterMove& move : reader.moves()) {
    figures.moved += move.is() == record::MoveStage::Done;
    figures.failed += move.is() == record::MoveStage::Failed;
    figures.longest_downtime = std::max(figures.longest_downtime, move.downtime);
    figures.sent += static_cast<double>(move.sent);
  }
  for (const record::ClusterEvent& event : reader.events())
    figures.restarts += event.count == 1 && reader.facts().events[event.what].name == "power-on";
}

Figures figures_of(const ClusterReader& reader) {
  Figures figures;
  const record::ClusterOverview& overview = reader.overview();
  double capacity = 0, wanted = 0;
  for (u32 span = 0; span < overview.spans; ++span) {
    const u64 end = std::min<u64>(reader.end(), (span + 1) * overview.width);
    const double seconds = static_cast<double>(end - span * overview.width) * 1e-9;
    double watts = 0;
    for (size_t host = 0; host < reader.facts().hosts.size(); ++host) {
      const auto& means = overview.hosts[host * overview.spans + span];
      watts += means.power / 1000.0;
      capacity += reader.facts().hosts[host].capacity() * (means.on / 1000.0) * seconds;
      wanted += means.wanted * seconds;
    }
    figures.energy += watts * seconds / 3.6e6;
    figures.peak_power = std::max(figures.peak_power, watts / 1000);
  }
  figures.load = capacity > 0 ? wanted / capacity : 0;
  add_moves(reader, figures);
  return figures;
}

/// A row of the table of figures: its message and what it shows of a run.
struct FigureRow {
  const char* key;
  double (*value)(const ClusterReader&, const Figures&);
  std::string (*text)(double);
};

std::string plain(double value) { return html::count_text(value); }

/// With three digits, and no exponent.
std::string digits_text(double value) {
  const double size = std::abs(value);
  if (size >= 999.5) return html::count_text(value);
  return size != 0 && size < 0.001 ? fmt::format("{:.4f}", value) : fmt::format("{:.3g}", value);
}

std::string as_span(double value) { return views::span_text(static_cast<record::ClusterTime>(value)); }

constexpr FigureRow kFigures[] = {
    {"hosts", [](const ClusterReader& r, const Figures&) { return double(r.facts().hosts.size()); }, plain},
    {"machines", [](const ClusterReader& r, const Figures&) { return double(r.facts().machines.size()); },
     plain},
    {"lasted", [](const ClusterReader& r, const Figures&) { return double(r.end()); }, as_span},
    {"load", [](const ClusterReader&, const Figures& f) { return f.load; }, html::percent_text},
    {"energy", [](const ClusterReader&, const Figures& f) { return f.energy; },
     [](double value) { return digits_text(value) + " kWh"; }},
    {"peak", [](const ClusterReader&, const Figures& f) { return f.peak_power; },
     [](double value) { return digits_text(value) + " kW"; }},
    {"moved", [](const ClusterReader&, const Figures& f) { return double(f.moved); }, plain},
    {"failed", [](const ClusterReader&, const Figures& f) { return double(f.failed); }, plain},
    {"sent", [](const ClusterReader&, const Figures& f) { return f.sent; }, views::amount_text},
    {"downtime", [](const ClusterReader&, const Figures& f) { return double(f.longest_downtime); }, as_span},
    {"restarts", [](const ClusterReader&, const Figures& f) { return double(f.restarts); }, plain},
};

std::vector<const views::OpenRun*> clusters_of(const ReportInput& input) {
  std::vector<const views::OpenRun*> runs;
  for (const auto& run : input.runs.runs)
    if (run->cluster() != nullptr) runs.push_back(run.get());
  return runs;
}

std::vector<std::string> run_headings(const std::vector<const views::OpenRun*>& runs,
                                      const std::string& corner) {
  std::vector<std::string> headings = {html::escaped(corner)};
  for (const views::OpenRun* run : runs) headings.push_back(html::escaped(run->name()));
  return headings;
}

std::string figures_table(const ReportInput& input, const std::vector<const views::OpenRun*>& runs) {
  html::Table table(input.say("report.cluster.figures"),
                    run_headings(runs, input.say("report.cluster.figure")), "wide");
  std::vector<Figures> figures;
  for (const views::OpenRun* run : runs) figures.push_back(figures_of(*run->cluster()));
  for (const FigureRow& row : kFigures) {
    std::vector<std::string> cells;
    for (size_t i = 0; i < runs.size(); ++i) {
      const double value = row.value(*runs[i]->cluster(), figures[i]);
      cells.push_back(html::derived_cell(value, html::escaped(row.text(value))));
    }
    table.rows.push_back(
        html::row(html::escaped(input.say(std::string("report.cluster.row.") + row.key)), cells));
  }
  return html::table(table);
}

bool is_of_one(const std::string& name) {
  return name.starts_with("host.") || name.starts_with("group.") || name.starts_with("datastore.");
}

/// The metrics of a run's statistics, those of single hosts, groups and datastores left out; null if there
/// are none.
Json metrics_of(const views::OpenRun& run) {
  Json metrics = Json::object();
  if (!run.reader().has(record::kStatsFile)) return metrics;
  try {
    const Json all = run.reader().stats().value("metrics", Json::object());
    for (const auto& [name, metric] : all.items())
      if (!is_of_one(name) && metric.is_object() && metric.contains("value") && metric["value"].is_number())
        metrics[name] = metric;
  } catch (const std::exception&) {
    return Json::object();  // a note above says that they are damaged
  }
  return metrics;
}

std::string metric_text(const Json& metric) {
  const double value = metric["value"].get<double>();
  const std::string unit = metric.value("unit", "");
  if (unit == "ps") return views::span_text(static_cast<record::ClusterTime>(value / 1000));
  if (unit == "s") return views::span_text(static_cast<record::ClusterTime>(value * 1e9));
  if (unit == "B") return views::amount_text(value);
  return digits_text(value) + (unit.empty() ? "" : " " + unit);
}

std::string metrics_table(const ReportInput& input, const std::vector<const views::OpenRun*>& runs) {
  std::vector<Json> all;
  for (const views::OpenRun* run : runs) all.push_back(metrics_of(*run));
  std::vector<std::string> names;
  for (const Json& metrics : all)
    for (const auto& [name, metric] : metrics.items())
      if (std::ranges::count(names, name) == 0) names.push_back(name);
  if (names.empty()) return "";
  html::Table table(input.say("report.cluster.metrics"),
                    run_headings(runs, input.say("report.cluster.metric")), "wide sortable");
  for (const std::string& name : names) {
    std::vector<std::string> cells;
    for (const Json& metrics : all)
      cells.push_back(metrics.contains(name) ? html::derived_cell(metrics[name]["value"].get<double>(),
                                                                  html::escaped(metric_text(metrics[name])))
                                             : html::no_cell());
    table.rows.push_back(html::row(html::word(name, input.meaning("metrics", name)), cells));
  }
  return "<div class=\"fold\" data-title=\"" + html::escaped(input.say("report.cluster.metrics")) + "\">" +
         html::table(table) + "</div>\n";
}

constexpr size_t kNamedMachines = 40;  // of a host

std::string machines_text(const record::ClusterFacts& facts, const std::vector<u32>& machines,
                          const std::vector<u32>& elsewhere) {
  std::string text;
  for (size_t i = 0; i < std::min(machines.size(), kNamedMachines); ++i) {
    const std::string name = html::escaped(views::machine_name(facts, machines[i]));
    const bool here_alone = !std::ranges::binary_search(elsewhere, machines[i]);
    text += (i == 0 ? "" : ", ") + (here_alone ? "<strong>" + name + "</strong>" : name);
  }
  if (machines.size() > kNamedMachines) text += " …";
  return text.empty() ? "–" : text;
}

}  // namespace

std::string text_cell(const std::string& text, const std::string& classes) {
  return "<td class=\"" + classes + "\">" + html::escaped(text) + "</td>";
}

std::string cluster_section(const ReportInput& input, Inks& inks) {
  const std::vector<const views::OpenRun*> runs = clusters_of(input);
  if (runs.empty()) return "";
  return figures_table(input, runs) + metrics_table(input, runs) +
         cluster_panels(input, [&](ClusterReader& reader, const std::string& name) {
           return cluster_chart(input, reader, name, inks);
         });
}

std::string cluster_places_section(const ReportInput& input, Inks&) {
  constexpr size_t kMostHosts = 200;
  return cluster_panels(input, [&](ClusterReader& reader, const std::string&) {
    const record::ClusterFacts& facts = reader.facts();
    const auto first = views::cluster_picture(reader, reader.at(0), 0);
    const auto last = views::cluster_picture(reader, reader.at(reader.end()), reader.end());
    html::Table table(
        input.say("report.cluster.places"),
        {html::escaped(input.say("report.cluster.host")), html::escaped(input.say("report.cluster.at_first")),
         "", html::escaped(input.say("report.cluster.at_last")), ""},
        "wide places");
    for (size_t host = 0; host < std::min(facts.hosts.size(), kMostHosts); ++host) {
      const auto &before = first.hosts[host].machines, &after = last.hosts[host].machines;
      table.rows.push_back(
          html::row(html::escaped(facts.hosts[host].name),
                    {html::derived_cell(static_cast<double>(before.size()), std::to_string(before.size())),
                     "<td class=\"line\">" + machines_text(facts, before, after) + "</td>",
                     html::derived_cell(static_cast<double>(after.size()), std::to_string(after.size())),
                     "<td class=\"line\">" + machines_text(facts, after, before) + "</td>"}));
    }
    std::string text = html::table(table);
    if (facts.hosts.size() > kMostHosts)
      text += html::paragraph(
          input.say("report.cluster.more", {std::to_string(facts.hosts.size() - kMostHosts)}));
    return text;
  });
}

std::string cluster_basis_section(const ReportInput& input, Inks&) {
  return cluster_panels(input, [&](ClusterReader& reader, const std::string&) {
    html::Table table(input.say("report.cluster.assumed"),
                      {html::escaped(input.say("report.cluster.figure")),
                       html::escaped(input.say("report.cluster.source"))},
                      "wide sources");
    for (const record::AssumedFigure& figure : reader.facts().assumed)
      table.rows.push_back(html::row(html::escaped(figure.what), {text_cell(figure.source)}));
    return table.rows.empty() ? "" : html::table(table);
  });
}

}  // namespace hvlab::lab
