// Each teaching system beside the system of Debian's that it is a small picture of, from two runs of one
// workload.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/lab/comparison.hpp"

namespace hvlab::lab {

/// Whether there are both teaching systems and ways of Debian's kernel among the runs, each with its own
/// `bare`.
bool has_counterparts(const Comparison& comparison);

/// For each number of processors that both sides have: phases of each pair (analysis::counterparts) as ratios
/// to the own side's bare run; what a start takes, memory, exits, a write and a round trip in their units.
/// Then in what the small one of each pair differs. Lines of at most `width` characters; empty without
/// counterparts.
std::string beside_text(const Comparison& comparison, size_t width);

/// {"schema": "hvlab.beside/1", "pairs": [{"model", "way", "processors", "differs", "phases": [{"name",
/// "teaching", "real"}], "figures": [{"name", "unit", "teaching", "real"}]}]}; phases in seconds for bare,
/// else ratios to bare; a figure that was not measured is null.
nlohmann::ordered_json beside_json(const Comparison& comparison);

}  // namespace hvlab::lab
