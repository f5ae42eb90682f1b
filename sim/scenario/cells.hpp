// What a scenario varies: every combination of values is a cell, a tree of its own.
#pragma once

#include "sim/scenario/yaml_tree.hpp"

namespace hvlab::scenario {

/// A path of the format and the values that it takes in turn.
struct VariedPath {
  std::string path;
  std::vector<YamlNode> values;
  std::vector<std::string> names;  // of values that are maps and have one ("as"); else empty
};

/// What varies together: mostly one path; of several ("machine.cores, workload.instances") all take their
/// first values, then all their second ones, and so on.
struct Axis {
  Place place;
  std::vector<VariedPath> paths;

  size_t size() const { return paths.front().values.size(); }
  bool varies(std::string_view path) const;
};

/// The paths of a key of `vary`.
std::vector<std::string> paths_of_axis(std::string_view key);

/// One value of an axis, as a cell has it.
struct Setting {
  std::string path;
  std::string value;  // as text; of a map its name ("as"), else "#2"

  bool operator==(const Setting&) const = default;
};

inline constexpr size_t kMostCells = 1000;

/// The axes under `vary`, in the file's order; none if there is no such key.
std::vector<Axis> axes_of(const YamlNode& root, Problems& problems);

/// How many cells they make: 1 without axes.
size_t cell_count(const std::vector<Axis>& axes);

/// The settings of cell `index`; the last axis changes fastest.
std::vector<Setting> settings_of(const std::vector<Axis>& axes, size_t index);

/// "way=kvm,cores=2": the cell's name, by the last words of the paths where those are unlike; empty without
/// axes.
std::string label_of(const std::vector<Setting>& settings);

/// The file with the values of cell `index` in place and without `vary`.
YamlNode cell_tree(const YamlNode& root, const std::vector<Axis>& axes, size_t index);

/// Puts `value` where `path` leads, making the maps on the way there; `place` is whose path it is. False if a
/// part of the way is a list without such an item, or a single value.
bool put(YamlNode& root, std::string_view path, const Place& place, const YamlNode& value);

}  // namespace hvlab::scenario
