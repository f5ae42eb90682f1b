// YAML as a tree whose every node and key keeps its line and column.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/problems.hpp"

namespace hvlab::scenario {

struct YamlNode {
  enum class Kind : u8 { Null, Scalar, List, Map };
  struct Key {
    std::string name;
    Place place;
  };

  Kind kind = Kind::Null;
  Place place;
  std::string text;       // of a scalar
  bool quoted = false;    // the scalar stood in quotes or in a block: it is text, whatever it looks like
  std::vector<Key> keys;  // of a map: keys[i] belongs to items[i]
  std::vector<YamlNode> items;

  const YamlNode* find(std::string_view key) const;
};

inline constexpr size_t kLargestFile = 1 << 20;  // bytes
inline constexpr unsigned kDeepest = 32;         // levels of maps and lists

/// Reads `content`, one YAML document of at most kLargestFile bytes. What is wrong goes to `problems`, under
/// `name`. Nothing is returned if there is no whole tree; repeated keys, anchors, aliases and tags are
/// problems but leave one.
std::optional<YamlNode> parse_yaml(const std::string& name, const std::string& content, Problems& problems);

}  // namespace hvlab::scenario
