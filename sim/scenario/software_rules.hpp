// What the keys of `software` say that does not go together, or not with the rest of the cell.
#pragma once

#include <initializer_list>

#include "sim/scenario/value.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace hvlab::scenario {

/// Notes of each key that the section mentions: "'KEY' WHY".
void refuse(const Value& section, std::initializer_list<const char*> keys, const char* why,
            Problems& problems);

/// Notes if not exactly one thing runs, or what belongs to another.
void check_software(const Value& software, Problems& problems);

/// Notes what only the teaching systems understand, and what they do not; `way` may be null.
void check_model(const Value& cell, const WayFacts* way, Problems& problems);

}  // namespace hvlab::scenario
