// The sections of the report: each makes its HTML, or nothing if these runs have nothing of the kind.
#pragma once

#include <string>

#include "sim/lab/report_html.hpp"
#include "sim/lab/report_input.hpp"
#include "sim/lab/report_svg.hpp"

namespace hvlab::lab {

/// What differs most and why, in sentences.
std::string summary_section(const ReportInput& input, Inks& inks);
/// Each phase in every way: time, ratio, throughput or latency.
std::string phases_section(const ReportInput& input, Inks& inks);
/// Where the processors' time went.
std::string ledger_section(const ReportInput& input, Inks& inks);
/// The mean of each kind of request in a block's runs; nothing if none were followed.
std::string requests_table(const ReportInput& input, const ReportBlock& block);
/// The mean of each kind of request, and one request of each kind on its way through the layers.
std::string requests_section(const ReportInput& input, Inks& inks);
/// Start-up and memory of an instance.
std::string starts_section(const ReportInput& input, Inks& inks);
/// How many instances fit.
std::string density_section(const ReportInput& input, Inks& inks);
/// Exits of virtual machines by reason.
std::string exits_section(const ReportInput& input, Inks& inks);
/// What each processor, virtual processor and device did when.
std::string timeline_section(const ReportInput& input, Inks& inks);
/// What these runs say of claims.
std::string verdicts_section(const ReportInput& input, Inks& inks);
/// What the systems said on the console.
std::string marks_section(const ReportInput& input, Inks& inks);
/// Of clusters: figures side by side, load, memory and power over time.
std::string cluster_section(const ReportInput& input, Inks& inks);
/// Which machines were on which host at first and at last.
std::string cluster_places_section(const ReportInput& input, Inks& inks);
/// Migrations with their reasons, rounds and downtimes.
std::string cluster_moves_section(const ReportInput& input, Inks& inks);
/// Faults and what high availability did about them; all that happened.
std::string cluster_events_section(const ReportInput& input, Inks& inks);
/// The figures of clusters that are assumed.
std::string cluster_basis_section(const ReportInput& input, Inks& inks);
/// What ran where, as a list for the page's head: nothing of the host.
std::string facts_list(const ReportInput& input);
/// What the numbers rest on: the processor profiles' costs.
std::string basis_section(const ReportInput& input, Inks& inks);

/// What `make` makes of each entry of a block: the cells of a row.
template <class Make>
std::vector<std::string> cells_of(const ReportBlock& block, Make make) {
  std::vector<std::string> cells;
  cells.reserve(block.runs.size());
  for (const size_t entry : block.runs) cells.push_back(make(entry));
  return cells;
}

/// A panel for each block of compared runs with what `body` makes of it; nothing if it makes nothing of any.
template <class Body>
std::string block_panels(const std::vector<ReportBlock>& blocks, Body body) {
  std::vector<std::string> made;
  for (const ReportBlock& block : blocks) {
    if (const std::string text = body(block); !text.empty()) made.push_back(html::panel(block.title, text));
  }
  return made.empty() ? "" : html::panels("block", made);
}

}  // namespace hvlab::lab
