// What the names of metrics, events, exit reasons, accounts, ways and words mean: entries of explain/*.yaml,
// and of the tables that explain themselves.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

struct Explanation {
  std::string kind;               // "metric"
  std::string name;               // a '*' in it stands for any word
  std::string en, ja;             // what it means; ja may be empty
  std::string source;             // where that can be read; may be empty
  std::vector<std::string> also;  // what it is called besides, in either language
};

/// A kind of names: what `hvlab list` calls it.
struct ExplainedKind {
  const char* list;  // "metrics"
  const char* kind;  // "metric"
  const char* what;  // one line
};

/// All kinds, in the order in which they are listed.
const std::vector<ExplainedKind>& explained_kinds();

/// All entries of one kind (by its list's name), in the order of their file or table. Throws UserError if a
/// data file is damaged.
std::vector<Explanation> explanations(const std::string& list);

/// Whether an entry is about `name`, or calls it something else besides.
bool explains(const Explanation& entry, const std::string& name);

/// Removes what is about nothing in particular: of several entries that fit a name, those without a '*', else
/// the longest.
std::vector<Explanation> best_of(std::vector<Explanation> entries);

}  // namespace hvlab::lab
