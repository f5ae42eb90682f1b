// How the format of scenario files is described: one table, from which come reading, checking, defaults, the
// JSON schema and the reference.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::scenario {

enum class Type : u8 {
  Text,     // any text
  Title,    // a text, or {en: text, ja: text}
  Word,     // one of a list
  Words,    // a list of them
  Names,    // a name that the file gives to something, or a list of them
  Count,    // a whole number
  Number,   // a decimal number
  Change,   // a decimal number, or a negative one down to -1
  Numbers,  // a list of them
  Flag,     // true or false
  Time,     // with a unit
  Size,
  Frequency,
  Rate,      // bits a second
  Date,      // UTC
  File,      // a path, relative to the file
  Hash,      // SHA-256, 64 hexadecimal digits
  Bound,     // in the unit of the metric beside it
  Figures,   // a map from words of a list to counts
  Settings,  // a map from paths of this format to a value
  Axes,      // a map from paths of this format to lists of values
  Map,       // a map of keys
  List,      // a list of such maps
};

/// Whether a file must say it, and what holds if it does not.
enum class Presence : u8 {
  Required,
  Optional,  // nothing holds
  Default,   // `fallback` holds
  Derived,   // something that other keys decide holds; `fallback` says in words what
};

struct Section;

struct Key {
  const char* name;
  Type type;
  Presence presence;
  const char* fallback;    // as a file would say it
  const char* doc;         // one sentence
  const char* words = "";  // of Word, Words, Figures: "a|b|c", or "@name" for a list of the Vocabulary
  u64 least = 0;           // of Count, Number, Time, Size, Frequency, Rate
  u64 most = ~u64{0};
  const Section* section = nullptr;  // of Section, List
  const char* later = nullptr;       // not null: refused, "not yet" and this
};

struct Section {
  const char* name;  // "machine"; what messages call it
  const char* doc;
  std::span<const Key> keys;

  const Key* find(std::string_view key) const;
};

/// The whole file.
const Section& format();

/// The key that a path leads to ("machine.cores", "vms.0.memory", "machine.costs.cost.load"); null if none.
const Key* key_at(std::string_view path);

/// The words of a path: what stands between its dots, and a figure's name, dots included, as one.
std::vector<std::string> steps_of(std::string_view path);

/// Every path of a key that is neither a list nor below one, for "did you mean".
std::vector<std::string> all_paths();

/// What to add to "'...' leads to no key": the path that was meant ("; did you mean 'machine.cores'?"), and
/// that a list's items have numbers where one is missing. Empty if nothing is near.
std::string meant_path(std::string_view path);

}  // namespace hvlab::scenario
