#include "sim/scenario/cells.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/format.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

namespace {

constexpr const char* kShape = "lines of 'path: [value, value, ...]', with paths like machine.cores";

bool can_vary(const std::string& path) {
  const std::string first = path.substr(0, path.find('.'));
  return first != "vary" && first != "expect" && first != "claim" && first != "title";
}

/// Maps are never taken for the same: names tell them apart.
bool is_same(const YamlNode& one, const YamlNode& other) {
  if (one.kind != other.kind || one.kind == YamlNode::Kind::Map) return false;
  return one.text == other.text && std::ranges::equal(one.items, other.items, is_same);
}

/// As a message shows it.
std::string text_of(const YamlNode& value) {
  if (value.kind == YamlNode::Kind::Scalar) return value.text;
  std::string text;
  for (const YamlNode& item : value.items) text += (text.empty() ? "" : ", ") + item.text;
  return "[" + text + "]";
}

/// Whether an axis can be put into the file; notes why not.
bool is_axis(const YamlNode& root, const YamlNode::Key& key, const YamlNode& values, Problems& problems) {
  const auto refuse = [&](std::string message, const std::string& expected) {
    problems.add(key.place, key.name, std::move(message), expected);
    return false;
  };
  const std::vector<std::string> paths = paths_of_axis(key.name);
  for (const std::string& path : paths) {
    if (key_at(path) == nullptr)
      return refuse(fmt::format("'{}' leads to no key{}", path, meant_path(path)), kShape);
    if (!can_vary(path)) return refuse(fmt::format("'{}' belongs to all cells and cannot vary", path), "");
    if (std::ranges::count(paths, path) != 1) return refuse(fmt::format("'{}' is there twice", path), "");
  }
  if (values.kind != YamlNode::Kind::List || values.items.empty())
    return refuse(fmt::format("'{}' has no list of values", key.name), kShape);
  for (const YamlNode& value : values.items) {
    if (std::ranges::count_if(values.items, [&](const YamlNode& other) { return is_same(value, other); }) > 1)
      return refuse(fmt::format("'{}' takes the value '{}' twice", key.name, text_of(value)), "");
    if (paths.size() == 1 || (value.kind == YamlNode::Kind::List && value.items.size() == paths.size()))
      continue;
    problems.add(value.place, value.text, fmt::format("not a value for each of '{}'", key.name),
                 fmt::format("a list of {}", paths.size()));
    return false;
  }
  YamlNode trial = root;
  for (size_t i = 0; i < paths.size(); ++i) {
    const YamlNode& first = values.items.front();
    if (!put(trial, paths[i], key.place, paths.size() == 1 ? first : first.items[i]))
      return refuse(fmt::format("'{}' leads into a list that has no such item", paths[i]), "");
  }
  return true;
}

/// The value below `node` that `word` names, made if it is a key that a map lacks.
YamlNode* step(YamlNode& node, std::string_view word, const Place& place) {
  if (node.kind == YamlNode::Kind::List) {
    const std::optional<u64> index = parse_count(word);
    return index && *index < node.items.size() ? &node.items[*index] : nullptr;
  }
  // A missing list has no items either.
  if (node.kind == YamlNode::Kind::Scalar || (node.kind == YamlNode::Kind::Null && parse_count(word)))
    return nullptr;
  node.kind = YamlNode::Kind::Map;
  const auto found = std::ranges::find(node.keys, word, &YamlNode::Key::name);
  if (found != node.keys.end()) return &node.items[static_cast<size_t>(found - node.keys.begin())];
  node.keys.push_back({std::string(word), place});
  YamlNode made;
  made.place = place;
  node.items.push_back(std::move(made));
  return &node.items.back();
}

/// The name of a map among the values, which is no part of it; notes if there is an `as` without one.
std::string take_name(YamlNode& value, Problems& problems) {
  const auto found = std::ranges::find(value.keys, "as", &YamlNode::Key::name);
  if (value.kind != YamlNode::Kind::Map || found == value.keys.end()) return {};
  const auto at = found - value.keys.begin();
  const std::string name = value.items[static_cast<size_t>(at)].text;  // empty if it is no scalar
  if (name.empty())
    problems.add(found->place, "as", "'as' gives the value no name",
                 "as: NAME, of letters, digits, - and _; or no 'as'");
  value.items.erase(value.items.begin() + at);
  value.keys.erase(found);
  return name;
}

/// Names are parts of folders' names, and of expectations.
void check_names(const VariedPath& axis, Problems& problems) {
  for (size_t i = 0; i < axis.names.size(); ++i) {
    const std::string& name = axis.names[i];
    const bool good = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
    if (!good)
      problems.add(axis.values[i].place, name, fmt::format("'{}' is no name of a value", name),
                   "letters, digits, - and _");
    if (!name.empty() && std::ranges::count(axis.names, name) != 1)
      problems.add(axis.values[i].place, name,
                   fmt::format("'{}' has two values called '{}'", axis.path, name));
  }
}

std::string short_name(const std::string& path) { return path.substr(path.rfind('.') + 1); }

Axis read_axis(const YamlNode::Key& key, const YamlNode& values, Problems& problems) {
  Axis axis = {key.place, {}};
  const std::vector<std::string> paths = paths_of_axis(key.name);
  for (size_t i = 0; i < paths.size(); ++i) {
    VariedPath& varied = axis.paths.emplace_back(VariedPath{paths[i], {}, {}});
    for (const YamlNode& value : values.items)
      varied.values.push_back(paths.size() == 1 ? value : value.items[i]);
    for (YamlNode& value : varied.values) varied.names.push_back(take_name(value, problems));
    check_names(varied, problems);
  }
  return axis;
}

/// Two axes of one path would overwrite each other.
void check_once(const std::vector<Axis>& axes, Problems& problems) {
  for (size_t i = 0; i < axes.size(); ++i)
    for (const VariedPath& varied : axes[i].paths)
      if (std::any_of(axes.begin(), axes.begin() + static_cast<std::ptrdiff_t>(i),
                      [&](const Axis& before) { return before.varies(varied.path); }))
        problems.add(axes[i].place, varied.path, fmt::format("'{}' varies already", varied.path),
                     "one list of it, or of what varies with it");
}

}  // namespace

bool Axis::varies(std::string_view path) const {
  return std::ranges::count(paths, path, &VariedPath::path) != 0;
}

std::vector<std::string> paths_of_axis(std::string_view key) {
  std::vector<std::string> paths;
  for (size_t at = 0; at <= key.size();) {
    const size_t end = std::min(key.find(',', at), key.size());
    std::string_view path = key.substr(at, end - at);
    while (path.starts_with(' ')) path.remove_prefix(1);
    while (path.ends_with(' ')) path.remove_suffix(1);
    paths.emplace_back(path);
    at = end + 1;
  }
  return paths;
}

std::vector<Axis> axes_of(const YamlNode& root, Problems& problems) {
  const YamlNode* vary = root.find("vary");
  std::vector<Axis> axes;
  if (vary == nullptr) return axes;
  if (vary->kind != YamlNode::Kind::Map) {
    problems.add(vary->place, vary->text, "'vary' must be a map", kShape);
    return axes;
  }
  for (size_t i = 0; i < vary->items.size(); ++i) {
    if (!is_axis(root, vary->keys[i], vary->items[i], problems)) continue;
    axes.push_back(read_axis(vary->keys[i], vary->items[i], problems));
  }
  check_once(axes, problems);
  size_t cells = 1;
  for (const Axis& axis : axes) cells = std::min(kMostCells + 1, cells * std::max<size_t>(1, axis.size()));
  if (cells > kMostCells) {
    problems.add(vary->place, "", fmt::format("makes more than {} cells", kMostCells), "fewer values");
    axes.clear();
  }
  return axes;
}

size_t cell_count(const std::vector<Axis>& axes) {
  size_t cells = 1;
  for (const Axis& axis : axes) cells *= axis.size();
  return cells;
}

std::vector<Setting> settings_of(const std::vector<Axis>& axes, size_t index) {
  std::vector<std::vector<Setting>> of_axes(axes.size());
  for (size_t i = axes.size(); i-- > 0;) {
    const size_t choice = index % axes[i].size();
    index /= axes[i].size();
    for (const VariedPath& varied : axes[i].paths) {
      const YamlNode& value = varied.values[choice];
      const std::string& name = varied.names[choice];
      of_axes[i].push_back({varied.path, value.kind == YamlNode::Kind::Scalar ? value.text
                                         : !name.empty()                      ? name
                                                         : fmt::format("#{}", choice + 1)});
    }
  }
  std::vector<Setting> settings;
  for (const std::vector<Setting>& each : of_axes) settings.insert(settings.end(), each.begin(), each.end());
  return settings;
}

std::string label_of(const std::vector<Setting>& settings) {
  std::string label;
  for (const Setting& setting : settings) {
    const std::string name = short_name(setting.path);
    const auto same = [&](const Setting& other) { return short_name(other.path) == name; };
    const bool clear = std::ranges::count_if(settings, same) == 1;
    label += fmt::format("{}{}={}", label.empty() ? "" : ",", clear ? name : setting.path, setting.value);
  }
  return label;
}

bool put(YamlNode& root, std::string_view path, const Place& place, const YamlNode& value) {
  YamlNode* at = &root;
  for (const std::string& word : steps_of(path)) {
    at = step(*at, word, place);
    if (at == nullptr) return false;
  }
  *at = value;
  return true;
}

YamlNode cell_tree(const YamlNode& root, const std::vector<Axis>& axes, size_t index) {
  YamlNode tree = root;
  const auto vary = std::ranges::find(tree.keys, "vary", &YamlNode::Key::name);
  if (vary != tree.keys.end()) {
    tree.items.erase(tree.items.begin() + (vary - tree.keys.begin()));
    tree.keys.erase(vary);
  }
  for (size_t i = axes.size(); i-- > 0;) {
    for (const VariedPath& varied : axes[i].paths)
      put(tree, varied.path, axes[i].place, varied.values[index % axes[i].size()]);
    index /= axes[i].size();
  }
  return tree;
}

}  // namespace hvlab::scenario
