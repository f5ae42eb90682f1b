// What concerns several keys of a scenario at once.
#pragma once

#include "sim/scenario/value.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace hvlab::scenario {

/// Adds to a resolved cell what other keys decide: the machine's memory by the software's way, and so on.
void derive(Value& cell, const Vocabulary& vocabulary);

/// Notes what the keys of a cell say that does not go together. After derive().
void check_rules(const Value& cell, const Vocabulary& vocabulary, Problems& problems);

}  // namespace hvlab::scenario
