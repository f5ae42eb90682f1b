#include "sim/timing/yaml_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/base/user_error.hpp"

namespace hvlab::timing {
namespace {

std::string place(const std::string& file, const YAML::Mark& mark) {
  return mark.is_null() ? file
                        : file + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

}  // namespace

YamlMap YamlMap::from_file(const std::string& path) {
  try {
    return YamlMap(path, YAML::LoadFile(path), "");
  } catch (const YAML::BadFile&) {
    throw UserError(path + ": cannot be read");
  } catch (const YAML::Exception& error) {
    throw UserError(place(path, error.mark) + ": not valid YAML: " + error.msg);
  }
}

YamlMap::YamlMap(std::string file, const YAML::Node& node, std::string what)
    : file_(std::move(file)), node_(node), what_(std::move(what)) {
  if (!node_.IsMap()) {
    fail(node_,
         (what_.empty() ? "the file" : "'" + what_ + "'") + " must be a mapping (lines of 'key: value')");
  }
  std::vector<std::string> seen;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) fail(entry.first, "a key must be a plain word");
    const std::string& key = entry.first.Scalar();
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      fail(entry.first, "key '" + full_name(key) + "' is given twice");
    }
    seen.push_back(key);
  }
}

std::string YamlMap::full_name(const std::string& key) const {
  return what_.empty() ? key : what_ + "." + key;
}

void YamlMap::fail(const YAML::Node& node, const std::string& message) const {
  throw UserError(place(file_, node.Mark()) + ": " + message);
}

YAML::Node YamlMap::take(const std::string& key) {
  taken_.push_back(key);
  for (const auto& entry : node_) {
    if (entry.first.Scalar() == key) return entry.second;
  }
  fail(node_, "key '" + full_name(key) + "' is missing");
}

YamlMap YamlMap::take_map(const std::string& key) { return YamlMap(file_, take(key), full_name(key)); }

bool YamlMap::has(const std::string& key) {
  for (const auto& entry : node_)
    if (entry.first.Scalar() == key) return true;
  taken_.push_back(key);
  return false;
}

std::vector<YamlMap> YamlMap::take_maps(const std::string& key, size_t most) {
  const YAML::Node node = take(key);
  if (!node.IsSequence() || node.size() > most)
    fail(node, "'" + full_name(key) + "' must be a list of at most " + std::to_string(most) + " mappings");
  std::vector<YamlMap> maps;
  for (const auto& item : node) maps.emplace_back(file_, item, full_name(key));
  return maps;
}

std::string YamlMap::take_text(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsScalar()) fail(node, "'" + full_name(key) + "' must be a text");
  return node.Scalar();
}

u64 YamlMap::take_integer(const std::string& key, u64 low, u64 high) {
  const YAML::Node node = take(key);
  const std::string wanted = "'" + full_name(key) + "' must be a whole number from " + std::to_string(low) +
                             " to " + std::to_string(high);
  if (!node.IsScalar()) fail(node, wanted);
  const std::string& text = node.Scalar();
  u64 value = 0;
  const bool hexadecimal = text.starts_with("0x");
  const char* first = text.data() + (hexadecimal ? 2 : 0);
  const auto [end, error] = std::from_chars(first, text.data() + text.size(), value, hexadecimal ? 16 : 10);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    fail(node, wanted + ", not '" + text + "'");
  }
  return value;
}

bool YamlMap::take_flag(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsScalar() || (node.Scalar() != "true" && node.Scalar() != "false"))
    fail(node, "'" + full_name(key) + "' must be true or false");
  return node.Scalar() == "true";
}

std::vector<std::string> YamlMap::take_list(const std::string& key) {
  const YAML::Node node = take(key);
  if (!node.IsSequence()) fail(node, "'" + full_name(key) + "' must be a list ([a, b, ...])");
  std::vector<std::string> items;
  for (const auto& item : node) {
    if (!item.IsScalar() || item.Scalar().empty())
      fail(item, "an item of '" + full_name(key) + "' must be a word");
    if (std::find(items.begin(), items.end(), item.Scalar()) != items.end()) {
      fail(item, "'" + item.Scalar() + "' is twice in '" + full_name(key) + "'");
    }
    items.push_back(item.Scalar());
  }
  return items;
}

void YamlMap::finish() const {
  for (const auto& entry : node_) {
    if (std::find(taken_.begin(), taken_.end(), entry.first.Scalar()) != taken_.end()) continue;
    std::string known;
    for (const std::string& key : taken_) known += (known.empty() ? "" : ", ") + key;
    fail(entry.first, "unknown key '" + full_name(entry.first.Scalar()) + "'; known here are: " + known);
  }
}

}  // namespace hvlab::timing
