// YAML files with located errors: every message says file, line, column, and what was expected.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::timing {

/// One mapping of a YAML file whose keys are all known in advance. Whoever reads it takes keys one by one;
/// finish() then complains of a key that nobody took. All functions throw UserError.
class YamlMap {
 public:
  /// The mapping at the root of file `path`: complains if it cannot be read, is not YAML or holds a key
  /// twice.
  static YamlMap from_file(const std::string& path);

  /// The mapping `node` of file `file`; `what` names it in messages ("cost").
  YamlMap(std::string file, const YAML::Node& node, std::string what);

  /// The value of `key`; complains if it is missing.
  YAML::Node take(const std::string& key);
  /// Whether there is `key`; if not, it counts as taken: nobody need ask for it.
  bool has(const std::string& key);
  YamlMap take_map(const std::string& key);
  /// The mappings of the list `key`, at most `most`.
  std::vector<YamlMap> take_maps(const std::string& key, size_t most);
  std::string take_text(const std::string& key);
  /// A whole number, decimal or hexadecimal with 0x.
  u64 take_integer(const std::string& key, u64 low, u64 high);
  /// true or false.
  bool take_flag(const std::string& key);
  std::vector<std::string> take_list(const std::string& key);

  /// Complains of the first key that was not taken, with the names of those that would have been understood.
  void finish() const;

  /// The mapping itself, for fail().
  const YAML::Node& node() const { return node_; }

  /// Throws UserError "FILE:LINE:COLUMN: message", at `node`.
  [[noreturn]] void fail(const YAML::Node& node, const std::string& message) const;

 private:
  std::string full_name(const std::string& key) const;

  std::string file_;
  YAML::Node node_;
  std::string what_;
  std::vector<std::string> taken_;
};

}  // namespace hvlab::timing
