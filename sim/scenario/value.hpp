// What a scenario says once it is checked: every key with its value, defaults included, and where it came
// from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario/format.hpp"
#include "sim/scenario/yaml_tree.hpp"

namespace hvlab::scenario {

struct Value {
  Type type = Type::Text;
  std::string text;   // canonical, as a file would say it; of a Title its English
  u64 count = 0;      // of Count, Flag, Time (ps), Size (bytes), Frequency (Hz), Date (seconds since 1970)
  double number = 0;  // of Number
  Place place;        // of the value in the file; of a default, of the section that lacks it
  Place key_place;
  std::string origin;  // "FILE:LINE", "default", "way kvm"
  // Of Section, Settings, Axes, Figures: name and value. Of List, Words: values alone. Of a Title in two
  // languages: "en" and "ja".
  std::vector<std::string> keys;
  std::vector<Value> items;
  std::vector<std::string> broken;  // keys of a section that the file gives, but wrongly: there is no value

  /// Whether the file says anything under this key of the section, right or wrong.
  bool mentions(std::string_view key) const;
  const Value* find(std::string_view key) const;
  /// Follows a path ("machine.memory"); null if any part is not there.
  const Value* at(std::string_view path) const;
  Value* at(std::string_view path);
};

}  // namespace hvlab::scenario
