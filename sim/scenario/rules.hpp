// What concerns several keys of a scenario at once.
#pragma once

#include "sim/scenario/value.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace hvlab::scenario {

/// Notes what the keys of a cell say that does not go together. After derive().
void check_rules(const Value& cell, const Vocabulary& vocabulary, Problems& problems);

}  // namespace hvlab::scenario
