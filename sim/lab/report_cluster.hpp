// What the report's sections of clusters share.
#pragma once

#include <string>

#include "sim/lab/report_sections.hpp"
#include "sim/record/cluster_reader.hpp"

namespace hvlab::lab {

/// A panel for each cluster's run with what `body(reader, name)` makes of it; nothing if there are none.
template <class Body>
std::string cluster_panels(const ReportInput& input, Body body) {
  std::vector<std::string> made;
  for (const auto& run : input.runs.runs) {
    if (run->cluster() == nullptr) continue;
    if (const std::string text = body(*run->cluster(), run->name()); !text.empty())
      made.push_back(html::panel(run->name(), text));
  }
  return made.empty() ? "" : html::panels("cluster", made);
}

/// A cell of words.
std::string text_cell(const std::string& text, const std::string& classes = "line");

/// Load, memory and power of all hosts over time, and each host's load, below each other on one time.
std::string cluster_chart(const ReportInput& input, record::ClusterReader& reader, const std::string& name,
                          Inks& inks);

}  // namespace hvlab::lab
