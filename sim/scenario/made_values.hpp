// Values that no file says: what other keys decide, put beside what is said.
#pragma once

#include "sim/scenario/value.hpp"

namespace hvlab::scenario {

/// Adds a value to a section that says nothing under this key.
void add(Value& section, const char* key, Value value, const std::string& origin);

Value count_value(u64 number);
Value number_value(double number);
Value size_value(u64 bytes);
Value time_value(Picoseconds time);
Value frequency_value(u64 hertz);
Value rate_value(u64 bits);  // a second
Value word_value(std::string_view text);
Value text_value(std::string_view text);
/// Of so many texts.
Value names_value(const std::vector<std::string>& names);

}  // namespace hvlab::scenario
