// What came of reading: a scenario with all its defaults, the JSON schema, the reference of the format.
#pragma once

#include "sim/scenario/scenario.hpp"

namespace hvlab::scenario {

/// A cell as a scenario file of its own, every default in it; with `origins` each line says where its value
/// came from. The claim and expectations that compare cells are left out, and those that are about other
/// cells.
std::string print_cell(const Scenario& scenario, const Cell& cell, bool origins);

/// The format as a JSON schema, draft 2020-12, for editors.
std::string print_schema(const Vocabulary& vocabulary);

/// docs/scenarios-reference.md.
std::string print_reference(const Vocabulary& vocabulary);

}  // namespace hvlab::scenario
