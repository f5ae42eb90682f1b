// What happened in clusters: migrations with their rounds and reasons, high availability step by step, the
// rest.
#include <fmt/format.h>

#include <algorithm>

#include "sim/lab/report_cluster.hpp"
#include "sim/views/cluster_events.hpp"
#include "sim/views/cluster_moves.hpp"
#include "sim/views/cluster_picture.hpp"
#include "sim/views/cluster_words.hpp"

namespace hvlab::lab {

namespace {

using record::ClusterMove;
using record::ClusterReader;

constexpr size_t kMostMoves = 200, kMostEvents = 300;
constexpr record::ClusterTime kSecond = 1'000'000'000;

std::string heading(const ReportInput& input, const char* key) { return html::escaped(input.say(key)); }

/// "4.3 GB, 1.1 GB, 0.2 GB": what each round sent.
std::string rounds_text(const ClusterMove& move) {
  constexpr size_t kMost = 8;
  std::string text;
  for (size_t i = 0; i < std::min(move.rounds.size(), kMost); ++i)
    text += (i == 0 ? "" : ", ") + views::amount_text(static_cast<double>(move.rounds[i].sent));
  return move.rounds.size() > kMost ? text + " …" : text;
}

/// Why, without how it went: a balancer's figures in one line, else in the sentences of the card.
std::string reasons_text(const ReportInput& input, const record::ClusterFacts& facts,
                         const ClusterMove& move) {
  const auto tenths = [](u64 thousandths) {
    return fmt::format("{:.1f}", static_cast<double>(thousandths) / 10);
  };
  const auto giga = [](u64 mega) { return fmt::format("{:.1f}", static_cast<double>(mega) / 1000); };
  const bool balance = views::text_at(facts.reasons, move.reason) == "balance";
  std::string text;
  if (balance)
    text = input.say("report.cluster.balance", {tenths(move.imbalance_before), tenths(move.imbalance_after),
                                                giga(move.benefit), giga(move.cost)});
  for (const auto& [key, sentence] : views::why_moved(input.say, facts, move)) {
    const bool told = key == "cluster.why.done" || (balance && key != "cluster.why.failed");
    if (!told) text += (text.empty() ? "" : " ") + sentence;
  }
  return text;
}

std::string move_row(const ReportInput& input, const record::ClusterFacts& facts, const ClusterMove& move) {
  const record::ClusterTime took = views::lasted(move);
  std::string to =
      move.to == move.from ? views::store_name(facts, move.store) : views::host_name(facts, move.to);
  return html::row(
      html::escaped(views::machine_name(facts, move.machine)),
      {html::derived_cell(static_cast<double>(move.asked) * 1e-9, views::clock_text(move.asked, kSecond)),
       text_cell(views::host_name(facts, move.from) + " → " + to, "line ways"),
       text_cell(reasons_text(input, facts, move)),
       html::derived_cell(static_cast<double>(move.rounds.size()), std::to_string(move.rounds.size())),
       text_cell(rounds_text(move)),
       html::derived_cell(static_cast<double>(took) * 1e-9, views::span_text(took)),
       html::derived_cell(static_cast<double>(move.downtime) * 1e-9, views::span_text(move.downtime))});
}

std::string moves_table(const ReportInput& input, const ClusterReader& reader) {
  if (reader.moves().empty()) return html::paragraph(input.say("report.cluster.no_moves"));
  html::Table table(input.say("report.cluster.moves", {std::to_string(reader.moves().size())}),
                    {heading(input, "report.cluster.machine"), heading(input, "report.cluster.asked"),
                     heading(input, "report.cluster.way"), heading(input, "cluster.why.title"),
                     heading(input, "report.cluster.rounds"), heading(input, "cluster.sent"),
                     heading(input, "cluster.lasted"), heading(input, "report.cluster.downtime")},
                    "wide sortable moves");
  for (size_t i = 0; i < std::min(reader.moves().size(), kMostMoves); ++i)
    table.rows.push_back(move_row(input, reader.facts(), reader.moves()[i]));
  std::string text = html::table(table);
  if (reader.moves().size() > kMostMoves)
    text += html::paragraph(
        input.say("report.cluster.more", {std::to_string(reader.moves().size() - kMostMoves)}));
  return text;
}

std::string events_table(const ReportInput& input, const ClusterReader& reader,
                         const std::vector<u32>& places, const std::string& caption, bool since_fault) {
  if (places.empty()) return "";
  html::Table table(caption, {heading(input, "report.cluster.time")},
                    since_fault ? "wide events since" : "wide events");
  if (since_fault) table.headings.push_back(heading(input, "report.cluster.since"));
  for (const char* key : {"report.cluster.what", "report.cluster.of", "report.cluster.value"})
    table.headings.push_back(heading(input, key));
  record::ClusterTime fault = 0;
  for (size_t i = 0; i < std::min(places.size(), kMostEvents); ++i) {
    const record::ClusterEvent& event = reader.events()[places[i]];
    const std::string& kind = reader.facts().events[event.what].name;
    if (kind == "fault") fault = event.at;
    std::vector<std::string> cells;
    if (since_fault)
      cells.push_back(html::derived_cell(static_cast<double>(event.at - fault) * 1e-9,
                                         "+ " + views::span_text(event.at - fault)));
    cells.push_back(text_cell(views::event_words(input.say, kind)));
    cells.push_back(text_cell(views::subjects_text(reader.facts(), event)));
    cells.push_back(text_cell(views::value_words(input.say, reader.facts(), event)));
    table.rows.push_back(html::row(html::escaped(views::clock_text(event.at, kSecond)), cells));
  }
  std::string text = html::table(table);
  if (places.size() > kMostEvents)
    text += html::paragraph(input.say("report.cluster.more", {std::to_string(places.size() - kMostEvents)}));
  return text;
}

/// Faults, what the hosts' agents did about them, and the restarts.
std::vector<u32> availability_events(const ClusterReader& reader) {
  std::vector<u32> places;
  bool broken = false;
  for (const u32 place : views::filtered_events(reader, {"fault,availability,machine", ""})) {
    const record::ClusterEvent& event = reader.events()[place];
    const std::string& kind = reader.facts().events[event.what].name;
    broken |= kind == "fault";
    const bool machine = views::class_of(kind) == views::EventClass::Machine;
    if (broken && (!machine || (kind == "power-on" && event.count == 1))) places.push_back(place);
  }
  return places;
}

}  // namespace

std::string cluster_moves_section(const ReportInput& input, Inks&) {
  return cluster_panels(
      input, [&](ClusterReader& reader, const std::string&) { return moves_table(input, reader); });
}

std::string cluster_events_section(const ReportInput& input, Inks&) {
  return cluster_panels(input, [&](ClusterReader& reader, const std::string&) {
    const std::vector<u32> rest = views::filtered_events(reader, {});
    const std::string all = events_table(input, reader, rest, input.say("report.cluster.events"), false);
    std::string text = events_table(input, reader, availability_events(reader),
                                    input.say("report.cluster.availability"), true);
    if (!all.empty())
      text += "<div class=\"fold\" data-title=\"" + html::escaped(input.say("report.cluster.events")) +
              "\">" + all + "</div>\n";
    return text;
  });
}

}  // namespace hvlab::lab
