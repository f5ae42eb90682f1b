#include "sim/scenario/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/scenario/cells.hpp"
#include "sim/scenario/quantity.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

const Value* Value::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key);
  return found == keys.end() ? nullptr : &items[static_cast<size_t>(found - keys.begin())];
}

bool Value::mentions(std::string_view key) const {
  return find(key) != nullptr || std::ranges::count(broken, key) != 0;
}

const Value* Value::at(std::string_view path) const {
  const size_t dot = path.find('.');
  const Value* value = find(path.substr(0, dot));
  return value == nullptr || dot == std::string_view::npos ? value : value->at(path.substr(dot + 1));
}

Value* Value::at(std::string_view path) { return const_cast<Value*>(std::as_const(*this).at(path)); }

namespace {

constexpr const char* kKinds[] = {"nothing", "a single value", "a list", "a map"};

/// What one of a key's words is called: "feature" of "@features", else the key's own name.
std::string noun_of(const Key& key) {
  const std::string_view words = key.words;
  return std::string(words.starts_with('@') ? words.substr(1, words.size() - 2) : key.name);
}

std::string path_of(const std::string& section, const std::string& key) {
  return section.empty() ? key : section + "." + key;
}

class Resolver {
 public:
  Resolver(const Vocabulary& vocabulary, Problems& problems) : vocabulary_(vocabulary), problems_(problems) {}

  Value section(const YamlNode& node, const Section& about, const std::string& path);
  bool value(const YamlNode& node, const Key& key, const std::string& path, Value& value);
  bool scalar(const YamlNode& node, const Key& key, Value& value);

 private:
  void entry(const YamlNode& node, size_t index, const Section& about, const std::string& path,
             Value& result);
  void fill_in(const YamlNode& node, const Section& about, const std::string& path, Value& result);
  bool list(const YamlNode& node, const Key& key, const std::string& path, Value& value);
  bool words(const YamlNode& node, const Key& key, Value& value);
  bool names(const YamlNode& node, const Key& key, Value& value);
  bool number(const YamlNode& node, const Key& key, Value& value);
  bool numbers(const YamlNode& node, const Key& key, Value& value);
  bool title(const YamlNode& node, const Key& key, Value& value);
  bool figures(const YamlNode& node, const Key& key, Value& value);
  bool paths(const YamlNode& node, const Key& key, Value& value);
  bool word(const YamlNode& node, const Key& key, Value& value);
  bool count(const YamlNode& node, const Key& key, Value& value);
  bool quantity(const YamlNode& node, const Key& key, Dimension dimension, Value& value);

  bool is(const YamlNode& node, YamlNode::Kind kind, const Key& key) {
    return node.kind == kind ||
           refuse(node,
                  fmt::format("'{}' is {}, not {}", key.name, kKinds[static_cast<size_t>(node.kind)],
                              kKinds[static_cast<size_t>(kind)]),
                  key);
  }
  bool refuse(const YamlNode& node, std::string message, const Key& key) {
    problems_.add(node.place, node.text, std::move(message), describe(key, vocabulary_));
    return false;
  }

  const Vocabulary& vocabulary_;
  Problems& problems_;
};

bool Resolver::word(const YamlNode& node, const Key& key, Value& value) {
  value.text = node.text;
  const std::vector<std::string> known = words_of(key, vocabulary_);
  if (std::ranges::count(known, node.text) != 0) return true;
  if (std::string_view(key.words) == "@metrics" && vocabulary_.metric(node.text) != nullptr) return true;
  // A profile may be a file of the user's own.
  const bool profile =
      std::ranges::count(std::initializer_list<std::string_view>{"@processors", "@disks", "@links",
                                                                 "@overheads", "@mixes", "@powers"},
                         std::string_view(key.words)) != 0;
  if (profile && node.text.ends_with(".yaml")) return true;
  return refuse(node, fmt::format("'{}' is no {}{}", node.text, noun_of(key), did_you_mean(node.text, known)),
                key);
}

bool Resolver::count(const YamlNode& node, const Key& key, Value& value) {
  if (node.quoted) return refuse(node, fmt::format("'{}' in quotes is a text", node.text), key);
  const std::optional<u64> number = parse_count(node.text);
  if (!number) return refuse(node, fmt::format("'{}' is no whole number", node.text), key);
  if (*number < key.least || *number > key.most)
    return refuse(node, fmt::format("{} is out of range for '{}'", node.text, key.name), key);
  value.count = *number;
  value.text = std::to_string(*number);
  return true;
}

bool Resolver::number(const YamlNode& node, const Key& key, Value& value) {
  if (node.quoted) return refuse(node, fmt::format("'{}' in quotes is a text", node.text), key);
  const bool less = key.type == Type::Change && node.text.starts_with('-');
  const std::optional<double> number = parse_number(std::string_view(node.text).substr(less ? 1 : 0));
  if (!number) return refuse(node, fmt::format("'{}' is no number", node.text), key);
  const double most = less ? 1 : static_cast<double>(key.most);
  if (*number < static_cast<double>(key.least) || *number > most)
    return refuse(node, fmt::format("{} is out of range for '{}'", node.text, key.name), key);
  value.number = less ? -*number : *number;
  value.text = print_number(*number);
  return true;
}

bool Resolver::quantity(const YamlNode& node, const Key& key, Dimension dimension, Value& value) {
  const Quantity read = parse_quantity(dimension, node.text);
  if (!read.value) return refuse(node, read.wrong, key);
  if (*read.value < key.least || *read.value > key.most)
    return refuse(node, fmt::format("{} is out of range for '{}'", node.text, key.name), key);
  value.count = *read.value;
  value.text = print_quantity(dimension, *read.value);
  return true;
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool Resolver::scalar(const YamlNode& node, const Key& key, Value& value) {
  if (!is(node, YamlNode::Kind::Scalar, key)) return false;
  value.text = node.text;
  switch (key.type) {
    case Type::Word: return word(node, key, value);
    case Type::Count: return count(node, key, value);
    case Type::Time: return quantity(node, key, Dimension::Time, value);
    case Type::Size: return quantity(node, key, Dimension::Size, value);
    case Type::Frequency: return quantity(node, key, Dimension::Frequency, value);
    case Type::Rate: return quantity(node, key, Dimension::Rate, value);
    case Type::Number:
    case Type::Change: return number(node, key, value);
    case Type::Flag:
      value.count = node.text == "true" ? 1 : 0;
      return node.text == "true" || node.text == "false" ||
             refuse(node, fmt::format("'{}' is neither true nor false", node.text), key);
    case Type::Date: {
      const std::optional<i64> date = parse_date(node.text);
      value.count = static_cast<u64>(date.value_or(0));
      return date || refuse(node, fmt::format("'{}' is no date", node.text), key);
    }
    case Type::Hash: return is_hash(node.text) || refuse(node, "not a checksum", key);
    default: return !node.text.empty() || refuse(node, fmt::format("'{}' is empty", key.name), key);
  }
}

bool Resolver::title(const YamlNode& node, const Key& key, Value& value) {
  if (node.kind == YamlNode::Kind::Scalar) return scalar(node, key, value);
  if (!is(node, YamlNode::Kind::Map, key)) return false;
  static constexpr Key kText = {"title", Type::Text, Presence::Required, "", ""};
  bool good = true;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::string& language = node.keys[i].name;
    Value text;
    if (language != "en" && language != "ja") {
      problems_.add(node.keys[i].place, language, fmt::format("'{}' is no language of titles", language),
                    "en and ja");
      good = false;
    } else if (scalar(node.items[i], kText, text)) {
      if (language == "en") value.text = text.text;
      value.keys.push_back(language);
      value.items.push_back(std::move(text));
    }
  }
  return good && (value.find("en") != nullptr || refuse(node, "the title has no English", key));
}

bool Resolver::words(const YamlNode& node, const Key& key, Value& value) {
  if (!is(node, YamlNode::Kind::List, key)) return false;
  for (const YamlNode& item : node.items) {
    Value one;
    if (!is(item, YamlNode::Kind::Scalar, key) || !word(item, key, one)) return false;
    one.place = item.place;
    value.items.push_back(std::move(one));
  }
  return true;
}

/// One name may stand without the list's brackets.
bool Resolver::names(const YamlNode& node, const Key& key, Value& value) {
  if (node.kind != YamlNode::Kind::Scalar && !is(node, YamlNode::Kind::List, key)) return false;
  const std::vector<YamlNode> single =
      node.kind == YamlNode::Kind::Scalar ? std::vector{node} : std::vector<YamlNode>{};
  static constexpr Key kName = {"name", Type::Text, Presence::Required, "", ""};
  for (const YamlNode& item : single.empty() ? node.items : single) {
    Value one;
    if (!scalar(item, kName, one)) return false;
    one.type = Type::Text;
    one.place = item.place;
    value.items.push_back(std::move(one));
  }
  return !value.items.empty() || refuse(node, fmt::format("'{}' has no names", key.name), key);
}

bool Resolver::numbers(const YamlNode& node, const Key& key, Value& value) {
  if (!is(node, YamlNode::Kind::List, key)) return false;
  for (const YamlNode& item : node.items) {
    Value one;
    if (!is(item, YamlNode::Kind::Scalar, key) || !number(item, key, one)) return false;
    one.type = Type::Number;
    one.place = item.place;
    value.items.push_back(std::move(one));
  }
  return true;
}

bool Resolver::figures(const YamlNode& node, const Key& key, Value& value) {
  if (!is(node, YamlNode::Kind::Map, key)) return false;
  const std::vector<std::string> known = words_of(key, vocabulary_);
  static constexpr Key kFigure = {"figure", Type::Count, Presence::Required, "", "",
                                  "",       0,           1'000'000'000'000};
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode::Key& name = node.keys[i];
    Value figure;
    if (std::ranges::count(known, name.name) == 0) {
      problems_.add(name.place, name.name,
                    fmt::format("'{}' is no {}{}", name.name, noun_of(key), did_you_mean(name.name, known)),
                    "one of " + word_list(known));
    } else if (scalar(node.items[i], kFigure, figure)) {
      figure.type = Type::Count;
      figure.place = node.items[i].place;
      value.keys.push_back(name.name);
      value.items.push_back(std::move(figure));
    }
  }
  return true;
}

/// Settings and Axes: only that the paths lead somewhere; the values are checked in the cells.
bool Resolver::paths(const YamlNode& node, const Key& key, Value& value) {
  if (!is(node, YamlNode::Kind::Map, key)) return false;
  for (size_t i = 0; i < node.items.size(); ++i) {
    const YamlNode::Key& path = node.keys[i];
    const YamlNode& item = node.items[i];
    const std::vector<std::string> said =
        key.type == Type::Axes ? paths_of_axis(path.name) : std::vector{path.name};
    const auto wrong =
        std::ranges::find_if(said, [](const std::string& each) { return key_at(each) == nullptr; });
    if (wrong != said.end()) {
      problems_.add(path.place, path.name, fmt::format("'{}' leads to no key{}", *wrong, meant_path(*wrong)),
                    describe(key, vocabulary_));
    } else if (key.type == Type::Settings && is(item, YamlNode::Kind::Scalar, key)) {
      Value setting;
      setting.text = item.text;
      setting.place = item.place;
      setting.key_place = path.place;
      value.keys.push_back(path.name);
      value.items.push_back(std::move(setting));
    }
  }
  return true;
}

bool Resolver::list(const YamlNode& node, const Key& key, const std::string& path, Value& value) {
  if (!is(node, YamlNode::Kind::List, key)) return false;
  if (node.items.size() > key.most)
    return refuse(
        node, fmt::format("'{}' has {} items; at most {} fit", key.name, node.items.size(), key.most), key);
  for (size_t i = 0; i < node.items.size(); ++i)
    value.items.push_back(section(node.items[i], *key.section, fmt::format("{}.{}", path, i)));
  return true;
}

bool Resolver::value(const YamlNode& node, const Key& key, const std::string& path, Value& value) {
  value.type = key.type;
  value.place = node.place;
  switch (key.type) {
    case Type::Map: value = section(node, *key.section, path); return true;
    case Type::List: return list(node, key, path, value);
    case Type::Words: return words(node, key, value);
    case Type::Names: return names(node, key, value);
    case Type::Numbers: return numbers(node, key, value);
    case Type::Title: return title(node, key, value);
    case Type::Figures: return figures(node, key, value);
    case Type::Settings:
    case Type::Axes: return paths(node, key, value);
    default: return scalar(node, key, value);
  }
}

void Resolver::entry(const YamlNode& node, size_t index, const Section& about, const std::string& path,
                     Value& result) {
  const YamlNode::Key& name = node.keys[index];
  const YamlNode& item = node.items[index];
  const Key* key = about.find(name.name);
  if (key == nullptr) {
    std::vector<std::string> known;
    for (const Key& each : about.keys) {
      if (each.later == nullptr) known.emplace_back(each.name);
    }
    const std::string in = *about.name == '\0' ? "a scenario" : fmt::format("'{}'", about.name);
    problems_.add(name.place, name.name,
                  fmt::format("unknown key '{}' in {}{}", name.name, in, did_you_mean(name.name, known)),
                  word_list(known));
    return;
  }
  if (key->later != nullptr) {
    problems_.add(name.place, name.name, fmt::format("'{}' is not possible yet: {}", name.name, key->later));
    return result.broken.push_back(name.name);
  }
  Value read;
  if (!value(item, *key, path_of(path, name.name), read)) return result.broken.push_back(name.name);
  read.key_place = name.place;
  const Place& said = item.kind == YamlNode::Kind::Scalar ? item.place : name.place;
  read.origin = problems_.name_of({said.text, 0, 0}) + ":" + std::to_string(said.line);
  result.keys.push_back(name.name);
  result.items.push_back(std::move(read));
}

void Resolver::fill_in(const YamlNode& node, const Section& about, const std::string& path, Value& result) {
  for (const Key& key : about.keys) {
    if (key.later != nullptr || (node.kind == YamlNode::Kind::Map && node.find(key.name) != nullptr))
      continue;
    if (key.presence == Presence::Required)
      problems_.add(node.place, "", fmt::format("'{}' is missing", path_of(path, key.name)), key.doc);
    if (key.presence != Presence::Default) continue;
    YamlNode fallback;
    fallback.kind = key.type == Type::Map ? YamlNode::Kind::Map : YamlNode::Kind::Scalar;
    fallback.text = key.fallback;
    fallback.place = node.place;
    Value read;
    if (!value(fallback, key, path_of(path, key.name), read)) continue;
    read.origin = "default";
    result.keys.emplace_back(key.name);
    result.items.push_back(std::move(read));
  }
}

Value Resolver::section(const YamlNode& node, const Section& about, const std::string& path) {
  Value result;
  result.type = Type::Map;
  result.place = node.place;
  // A section's name with nothing below stands for its defaults.
  if (node.kind != YamlNode::Kind::Map && node.kind != YamlNode::Kind::Null) {
    problems_.add(node.place, node.text, fmt::format("'{}' must be a map", about.name),
                  "lines of 'key: value'");
    return result;
  }
  for (size_t i = 0; i < node.items.size(); ++i) entry(node, i, about, path, result);
  fill_in(node, about, path, result);
  return result;
}

}  // namespace

void sort_keys(Value& value, const Section& about) {
  std::vector<std::string> keys;
  std::vector<Value> items;
  for (const Key& key : about.keys) {
    Value* item = value.at(key.name);
    if (item == nullptr) continue;
    if (key.type == Type::Map) sort_keys(*item, *key.section);
    if (key.type == Type::List) {
      for (Value& each : item->items) sort_keys(each, *key.section);
    }
    keys.emplace_back(key.name);
    items.push_back(std::move(*item));
  }
  value.keys = std::move(keys);
  value.items = std::move(items);
}

Value resolve(const YamlNode& root, const Vocabulary& vocabulary, Problems& problems) {
  return Resolver(vocabulary, problems).section(root, format(), "");
}

Value defaults_of(const Section& about, const Vocabulary& vocabulary) {
  Problems ignored;
  return Resolver(vocabulary, ignored).section(YamlNode{}, about, "");
}

bool read_scalar(const YamlNode& node, const Key& key, const Vocabulary& vocabulary, Problems& problems,
                 Value& value) {
  value.type = key.type;
  value.place = node.place;
  return Resolver(vocabulary, problems).scalar(node, key, value);
}

}  // namespace hvlab::scenario
