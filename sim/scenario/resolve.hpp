// From a tree to checked values with all defaults: the format's table applied to a file.
#pragma once

#include "sim/scenario/value.hpp"
#include "sim/scenario/vocabulary.hpp"

namespace hvlab::scenario {

/// Checks `root` against format(): unknown keys, types, units, ranges, names. What is wrong goes to
/// `problems`, and its key is left out of the result.
Value resolve(const YamlNode& root, const Vocabulary& vocabulary, Problems& problems);

/// A section of which a file says nothing.
Value defaults_of(const Section& about, const Vocabulary& vocabulary);

/// Brings the keys of a value into the order of the table.
void sort_keys(Value& value, const Section& about);

/// Reads one value of `type` in a text that stands at `node`, for bounds whose type another key decides.
/// False if it was a problem.
bool read_scalar(const YamlNode& node, const Key& key, const Vocabulary& vocabulary, Problems& problems,
                 Value& value);

/// What a value of this key looks like, for messages and the reference: "a size with its unit (...)".
std::string describe(const Key& key, const Vocabulary& vocabulary);

/// The words that a key takes.
std::vector<std::string> words_of(const Key& key, const Vocabulary& vocabulary);

}  // namespace hvlab::scenario
