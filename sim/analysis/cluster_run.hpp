// Runs of many hosts side by side: which belong together, and under what settings something is so.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

/// What is wanted counts as served from this part on (99 %): less would be missed, and a host that fails and
/// machines that start again take a moment.
inline constexpr double kServed = 0.99;

using Settings = std::map<std::string, std::string>;
using ClusterRuns = std::vector<const ClusterRun*>;

/// The metric; 0 if it was not measured.
double value(const ClusterRun& run, const std::string& metric);

/// A system on each server, without virtualization; and none like that.
bool all_bare(const ClusterRun& run);
bool none_bare(const ClusterRun& run);

/// So many times the other; 0 of nothing.
double times(double one, double other);

/// The runs of clusters that have all of these metrics.
ClusterRuns cluster_runs(Measurements all, std::initializer_list<const char*> metrics);

using IsOne = std::function<bool(const ClusterRun&)>;

/// Those of which it is true.
ClusterRuns those(const ClusterRuns& runs, const IsOne& is);

/// A run of one kind beside one of another, with the settings that they share.
struct RunPair {
  const ClusterRun* one = nullptr;
  const ClusterRun* other = nullptr;
  Settings settings;
};

/// Every run that is `one` with the first that is `other` and has the same settings. What sets the kinds
/// apart does not count: settings of which both kinds have no value in common. Runs that are both or neither
/// are left out, and so are those that find nobody.
std::vector<RunPair> pairs(const ClusterRuns& runs, const IsOne& one, const IsOne& other);

/// Settings of which both have some value in common.
std::set<std::string> shared_keys(const ClusterRuns& ones, const ClusterRuns& others);

/// Settings of these keys alone.
Settings only(const Settings& settings, const std::set<std::string>& keys);

/// What came of it under these settings.
struct Outcome {
  Settings settings;
  bool holds = false;
};

/// Holds if all do, does not hold if none does, else holds if; cannot be tested without any.
Word word_of(const std::vector<Outcome>& outcomes);

/// Under which settings it holds, as short as it can be said: "peak=0.1 or 0.3; or peak=0.5 and servers=8".
/// Empty if it always does, or never.
std::string condition(const std::vector<Outcome>& outcomes);

/// The condition as a sentence, if there is one, and what comes behind it: sentences with a blank before
/// each.
std::string under(const std::vector<Outcome>& outcomes, const std::string& sentences);

/// A sentence with a blank before it: that it is so, that it is not, or if what it is.
std::string said(const std::string& what, const std::vector<Outcome>& outcomes);

/// "x0.63 to x1.00": the least and the most of at least one.
std::string range_text(const std::vector<double>& figures);

/// "peak=0.1 and servers=8"; empty for none.
std::string label(const Settings& settings);
/// " (peak=0.1 and servers=8)", likewise.
std::string in_brackets(const Settings& settings);

/// With a sentence's first letter as it begins one.
std::string capital(std::string text);

/// Settings without one of them.
Settings without(Settings settings, const std::string& key);

}  // namespace hvlab::analysis
