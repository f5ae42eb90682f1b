// What values look like, in words: for messages and for the reference.
#include <fmt/format.h>

#include "sim/scenario/quantity.hpp"
#include "sim/scenario/resolve.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::scenario {

namespace {

/// " from A to B", as far as the key has bounds.
std::string range_of(const Key& key, Dimension dimension) {
  if (key.most == ~u64{0}) return "";
  return fmt::format(", from {} to {}", print_quantity(dimension, key.least),
                     print_quantity(dimension, key.most));
}

std::string count_range(const Key& key) {
  if (key.least == 0 && key.most == ~u64{0}) return "a whole number";
  if (key.most == ~u64{0}) return fmt::format("a whole number, at least {}", key.least);
  return fmt::format("a whole number from {} to {}", key.least, key.most);
}

}  // namespace

std::vector<std::string> words_of(const Key& key, const Vocabulary& vocabulary) {
  const std::string words = key.words;
  if (words.starts_with('@')) return vocabulary.list(words.substr(1));
  std::vector<std::string> list;
  for (size_t at = 0; at < words.size();) {
    const size_t end = std::min(words.find('|', at), words.size());
    list.push_back(words.substr(at, end - at));
    at = end + 1;
  }
  return list;
}

/// The words that a key takes; of too many for a line the first, and what prints them all.
std::string known_words(const Key& key, const Vocabulary& vocabulary) {
  const std::vector<std::string> words = words_of(key, vocabulary);
  const std::string text = word_list(words), kind = key.words;
  return kind.starts_with('@') && text.ends_with(" more") ? text + ": `hvlab list " + kind.substr(1) + "`"
                                                          : text;
}

std::string describe(const Key& key, const Vocabulary& vocabulary) {
  switch (key.type) {
    case Type::Text: return "a text";
    case Type::Title: return "a text, or {en: text, ja: text}";
    case Type::Word: return "one of " + known_words(key, vocabulary);
    case Type::Words: return "a list of " + known_words(key, vocabulary);
    case Type::Count: return count_range(key);
    case Type::Names: return "a name, or a list of names";
    case Type::Number:
      return key.most == ~u64{0} ? "a number, like 1.5"
                                 : fmt::format("a number from {} to {}, like 0.5", key.least, key.most);
    case Type::Change: return fmt::format("a number from -1 to {}, like 0.5 or -0.2", key.most);
    case Type::Numbers: return "a list of numbers";
    case Type::Flag: return "true or false";
    case Type::Time: return describe(Dimension::Time) + range_of(key, Dimension::Time);
    case Type::Size: return describe(Dimension::Size) + range_of(key, Dimension::Size);
    case Type::Frequency: return describe(Dimension::Frequency) + range_of(key, Dimension::Frequency);
    case Type::Rate: return describe(Dimension::Rate) + range_of(key, Dimension::Rate);
    case Type::Date: return "a date in UTC, like 2024-02-29 or 2024-02-29T12:30:00, from 1970 to 2099";
    case Type::File: return "the path of a file";
    case Type::Hash: return "a SHA-256 checksum, 64 hexadecimal digits";
    case Type::Bound: return "a number in the metric's unit";
    case Type::Figures: return "lines of 'name: count'";
    case Type::Settings: return "{path: value}, with paths like machine.cores";
    case Type::Axes:
      return "lines of 'path: [value, value, ...]', with paths like machine.cores; of 'path, path: [[value, "
             "value], ...]'";
    case Type::Map: return "lines of 'key: value'";
    case Type::List: return "a list, each item on lines that start with '-'";
  }
  return "";
}

}  // namespace hvlab::scenario
