// Made-up runs of many hosts, for rules.
#pragma once

#include <string>
#include <vector>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis::test {

using Metrics = std::map<std::string, double>;

/// A run with these settings; the metrics of `more` are put over those of `base`.
inline Measurement many_hosts(const Settings& settings, Metrics base, const Metrics& more = {},
                              const std::string& way = "") {
  for (const auto& [name, number] : more) base[name] = number;
  Measurement m;
  m.way = way;
  m.cluster = ClusterRun{settings, base};
  return m;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace hvlab::analysis::test
