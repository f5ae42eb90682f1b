// What a lesson asks of the runs that it made: "work.exits.io.cycles@vm_exit/vm_exit=800 /
// work.exits.io@...".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace hvlab::views {

/// A number of a run, by a metric's name or by how many lines of its console contain a text.
struct Measure {
  std::string metric;    // "work.time"; empty: `console` counts
  std::string console;   // the text
  std::string scenario;  // "vm_exit"
  std::string cell;      // "vm_exit=800", or "#2": the second; empty: the scenario's only one

  bool operator==(const Measure&) const = default;
};

/// A word of an expression, in postfix order: a measure, a number, or one of + - * /.
struct Term {
  enum class Kind : unsigned char { Measure, Number, Operation };
  Kind kind = Kind::Number;
  Measure measure;
  double number = 0;
  char operation = 0;

  bool operator==(const Term&) const = default;
};
using Expression = std::vector<Term>;

/// Reads an expression: METRIC@SCENARIO, METRIC@SCENARIO/CELL, console:"TEXT"@SCENARIO/CELL and numbers,
/// joined by + - * / and parentheses, each a word of its own between spaces. Throws UserError that says what
/// is wrong.
Expression parse_expression(const std::string& text);

/// All measures in it.
std::vector<Measure> measures_of(const Expression& expression);

/// Its value; nothing if a measure has none or something is divided by 0.
std::optional<double> evaluate(const Expression& expression,
                               const std::function<std::optional<double>(const Measure&)>& value_of);

}  // namespace hvlab::views
