// What a sweep found, for people and for programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "sim/sweep/plot.hpp"
#include "sim/sweep/sensitivity.hpp"

namespace hvlab::lab {

/// Everything that the outputs are made of.
struct SweepFindings {
  std::string directory;
  sweep::Question question;
  sweep::Results results;                    // of the cells that ended well, all metrics
  std::vector<std::string> metrics;          // those that table and plots show
  std::vector<sweep::Influence> influences;  // of these metrics
  std::vector<sweep::Cost> costs;            // that the results rest on
  std::vector<sweep::CostInfluence> cost_influences;
  size_t unfinished = 0;
};

/// Collects it from the store. `wanted` are names of metrics in which '*' stands for anything; when there are
/// none, those that the sweep moves most are taken, at most kShownMetrics.
SweepFindings findings_of(sweep::Store& store, const std::string& directory,
                          const std::vector<std::string>& wanted);
inline constexpr size_t kShownMetrics = 8;

/// The table for people: a line for each cell, then what moves what, then what it rests on.
std::string sweep_table(const SweepFindings& findings);

/// One document with schema "hvlab.sweep/1": scenario, directory, axes, shown metrics, units, cells with
/// their settings and all metrics, influences with their means, costs.
void sweep_json(const SweepFindings& findings, std::ostream& out);

/// Writes results.csv, and plots/*.svg by gnuplot with the programs that drew them beside. Returns what could
/// not be done, in one line, or nothing. Throws UserError if a file cannot be written.
std::string write_sweep_files(sweep::Store& store, const SweepFindings& findings, bool plots);

}  // namespace hvlab::lab
