// Runs side by side: the tables of `hvlab compare`.
#pragma once

#include <vector>

#include "sim/analysis/divergence.hpp"
#include "sim/analysis/table.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::analysis {

struct RunComparison {
  bool equal = true;  // in everything that the runs measured
  std::vector<Table> tables;
  struct Parting {
    std::string first, second;        // titles of the runs
    std::optional<Divergence> where;  // nothing: their traces are equal
  };
  std::vector<Parting> partings;  // of the first run and each other, where both have traces of one level
};

/// Compares the statistics and the traces of two runs or more: metrics, ledger, exits by reason, whatever
/// else of their statistics differs (`all`: all of it, else the most different), and where their events part
/// (with `context` records). Throws UserError if one has no statistics.
RunComparison compare_runs(const std::vector<record::RunReader>& runs, bool all, unsigned context);

}  // namespace hvlab::analysis
