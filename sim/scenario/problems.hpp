// What is wrong with a scenario: every mistake with its place, collected and told all at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::scenario {

/// A place in one of the texts that were read; line and column count from 1, columns in bytes. Line 0: the
/// text as a whole.
struct Place {
  u16 text = 0;  // index in Problems::texts
  u32 line = 0;
  u32 column = 0;

  auto operator<=>(const Place&) const = default;
};

/// A text that places point into: a file, or what the command line says.
struct SourceText {
  std::string name;
  std::string content;
};

struct Problem {
  Place place;
  u32 width = 1;         // bytes that the caret underlines
  std::string message;   // "unknown key 'coers' in 'machine'"
  std::string expected;  // what would have been understood; may be empty
};

class Problems {
 public:
  /// Adds a text; its index is for Place::text.
  u16 add_text(std::string name, std::string content);

  /// Notes a problem; one that has been noted at the same place with the same words is dropped.
  void add(const Place& place, std::string_view shown, std::string message, std::string expected = "");

  bool empty() const { return problems_.empty(); }
  const std::vector<Problem>& all() const { return problems_; }

  /// "FILE:12:9", the column in characters; "FILE" for a place without a line.
  std::string name_of(const Place& place) const;

  /// All problems in the order of their places: "FILE:12:9: message", the line with a caret below, what was
  /// expected.
  std::string report() const;

 private:
  std::string excerpt(const Problem& problem) const;

  std::vector<SourceText> texts_;
  std::vector<Problem> problems_;
};

}  // namespace hvlab::scenario
