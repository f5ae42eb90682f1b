// What a report is made of: runs that are open, their comparison as `hvlab compare --json` tells it, and the
// catalogue of what the page says.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/comparison.hpp"
#include "sim/views/messages.hpp"
#include "sim/views/run_set.hpp"

namespace hvlab::lab {

inline constexpr size_t kNotCompared = ~size_t{0};

/// One of the runs that are reported.
struct ReportRun {
  std::string title;          // "hosted", "container ×2"
  size_t open = 0;            // in ReportInput::runs
  size_t way = kNotCompared;  // in "ways" of the document and in comparison.runs; it left no statistics
  unsigned processors = 0;    // 0: not known
  size_t instances = 1;
};

/// Runs that stand side by side: with as many processors.
struct ReportBlock {
  std::string title;         // "2 processors"
  std::vector<size_t> runs;  // in ReportInput::entries
};

struct ReportInput {
  views::Messages say;
  std::string title;
  views::RunSet runs;
  Comparison comparison;
  nlohmann::ordered_json document;  // comparison_json()
  std::vector<ReportRun> entries;
  std::vector<ReportBlock> blocks;   // those that are compared, with fewest instances of each way
  std::vector<ReportBlock> further;  // those with several more instances, by processors
  std::vector<ReportBlock> apart;    // those without statistics
  std::vector<std::string> notes;    // what is not whole, each a sentence

  /// The element of "ways" of an entry of a block, and the pointer to it ("/ways/3").
  const nlohmann::ordered_json& way(size_t entry) const { return document.at("ways").at(entries[entry].way); }
  std::string pointer(size_t entry) const { return "/ways/" + std::to_string(entries[entry].way); }
  const MeasuredRun& measured(size_t entry) const { return comparison.runs[entries[entry].way]; }

  /// What the way or teaching system of a compared entry is.
  std::string way_meaning(size_t entry) const {
    return meaning(measured(entry).teaching ? "models" : "ways", measured(entry).way);
  }

  /// The title of the run's scenario, in the page's language if it has one in it.
  const std::string& scenario(const MeasuredRun& run) const;

  /// What `name` of a list of `hvlab explain` ("phases", "accounts", "exits") means, in the page's language
  /// if it is told in it, else in English; empty if it is not explained.
  std::string meaning(const std::string& list, const std::string& name) const;
};

/// Opens what `names` name. Runs that are live, were stopped, or are damaged are there as far as they can be
/// read, and notes say so. An empty `title`: that of the runs' scenario. Throws UserError if nothing of it is
/// there.
ReportInput read_report_input(const std::vector<std::string>& names, const std::string& language,
                              const std::string& title);

}  // namespace hvlab::lab
