// docs/scenarios-reference.md: the format's table as tables.
#include <fmt/format.h>

#include "sim/scenario/print.hpp"
#include "sim/scenario/resolve.hpp"

namespace hvlab::scenario {

namespace {

std::string presence_of(const Key& key) {
  switch (key.presence) {
    case Presence::Required: return "required";
    case Presence::Optional: return "";
    case Presence::Default: return *key.fallback == '\0' ? "" : fmt::format("`{}`", key.fallback);
    case Presence::Derived: return key.fallback;
  }
  return "";
}

/// What the key takes, with names of lists that grow left out.
std::string value_of(const Key& key, const Vocabulary& vocabulary) {
  const std::string words = key.words;
  if (words.starts_with('@'))
    return fmt::format("{} of `hvlab list {}`",
                       key.type == Type::Words     ? "some"
                       : key.type == Type::Figures ? "`{name: count}`, names"
                                                   : "one",
                       words.substr(1));
  if (key.type == Type::Map) return fmt::format("see {}", key.section->name);
  if (key.type == Type::List) return fmt::format("list of {}, at most {}", key.section->name, key.most);
  return describe(key, vocabulary);
}

void add_section(const Section& section, const std::string& path, const Vocabulary& vocabulary,
                 std::string& text) {
  text += fmt::format("\n## {}\n{}\n\n| key | value | if not given | what it is |\n|---|---|---|---|\n",
                      path.empty() ? "The file" : fmt::format("{} ({})", section.name, path), section.doc);
  for (const Key& key : section.keys) {
    if (key.later == nullptr)
      text += fmt::format("| `{}` | {} | {} | {} |\n", key.name, value_of(key, vocabulary), presence_of(key),
                          key.doc);
  }
  bool any = false;
  for (const Key& key : section.keys) {
    if (key.later == nullptr) continue;
    text += fmt::format("{}`{}` ({})", any ? "; " : "\nNot possible yet: ", key.name, key.later);
    any = true;
  }
  if (any) text += ".\n";
  for (const Key& key : section.keys) {
    if (key.section != nullptr && key.later == nullptr)
      add_section(*key.section, (path.empty() ? "" : path + ".") + key.name, vocabulary, text);
  }
}

}  // namespace

std::string print_reference(const Vocabulary& vocabulary) {
  std::string text =
      "# Keys of scenario files\n\nMade by `hvlab schema --reference` from `sim/scenario/format_table.cpp`; "
      "a test holds "
      "it. What the format is for: [scenarios.md](scenarios.md).\n";
  add_section(format(), "", vocabulary, text);
  return text;
}

}  // namespace hvlab::scenario
