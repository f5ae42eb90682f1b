#include "sim/scenario/cluster_rule_parts.hpp"

#include <fmt/format.h>

#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

const std::vector<Value>& items_at(const Value& value, const char* path) {
  static const std::vector<Value> kNone;
  const Value* found = value.at(path);
  return found == nullptr ? kNone : found->items;
}

bool says(const Value& section, const char* key, const char* word) {
  const Value* value = section.find(key);
  return value != nullptr && value->text == word;
}

bool is_set(const Value& section, const char* path) {
  const Value* value = section.at(path);
  return value != nullptr && value->count != 0;
}

void check_whole(const Value& section, std::initializer_list<Grain> grains, Problems& problems) {
  for (const Grain& grain : grains) {
    const Value* value = section.at(grain.path);
    if (value != nullptr && value->count % grain.grain != 0)
      problems.add(value->place, value->text, fmt::format("not a whole number of {}", grain.name));
  }
}

void check_name_of(const Value* name, const NameTable& known, const char* what, bool single,
                   Problems& problems) {
  if (name == nullptr) return;
  const auto found = known.find(name->text);
  if (found == known.end()) {
    const std::vector<std::string> names = known_names(known);
    return problems.add(
        name->place, name->text,
        fmt::format("there is no {} '{}'{}", what, name->text, did_you_mean(name->text, names)),
        names.empty() ? "" : "one of " + word_list(names));
  }
  if (single && found->second.size() > 1)
    problems.add(name->place, name->text,
                 fmt::format("'{}' is a group of {} {}s", name->text, found->second.size(), what),
                 fmt::format("one of them, like {}", found->second.front()));
}

void check_names_of(const Value* names, const NameTable& known, const char* what, Problems& problems) {
  if (names == nullptr) return;
  for (const Value& name : names->items) check_name_of(&name, known, what, false, problems);
}

}  // namespace hvlab::scenario
