// What a scenario expects, read and checked against its cells.
#pragma once

#include "sim/scenario/scenario.hpp"

namespace hvlab::scenario {

/// Reads what `expect` of a resolved file says. Bounds are read in the unit of their metric; names of cells
/// must be those of `scenario`, whose cells are there already: all of them if it is `whole`.
std::vector<Expectation> read_expectations(const Value& list, const Scenario& scenario,
                                           const Vocabulary& vocabulary, bool whole, Problems& problems);

}  // namespace hvlab::scenario
