// What the rules of clusters are made of.
#pragma once

#include <initializer_list>
#include <vector>

#include "sim/scenario/cluster_names.hpp"
#include "sim/scenario/problems.hpp"
#include "sim/scenario/value.hpp"

namespace hvlab::scenario {

/// The items of a list that may not be there.
const std::vector<Value>& items_at(const Value& value, const char* path);

/// Whether the section has this word under the key.
bool says(const Value& section, const char* key, const char* word);

/// Whether a count or a flag is there and not 0.
bool is_set(const Value& section, const char* path);

struct Grain {
  const char* path;
  u64 grain;
  const char* name;
};

/// Notes quantities that are no whole multiple of what the simulation counts in.
void check_whole(const Value& section, std::initializer_list<Grain> grains, Problems& problems);

/// Notes if `name` is not known, or stands for several things where one is meant (`single`); null: nothing is
/// said. `what` is what messages call such a thing: "host".
void check_name_of(const Value* name, const NameTable& known, const char* what, bool single,
                   Problems& problems);
void check_names_of(const Value* names, const NameTable& known, const char* what, Problems& problems);

}  // namespace hvlab::scenario
