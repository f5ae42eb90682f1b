#include "sim/views/answer.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

#include "sim/base/user_error.hpp"

namespace hvlab::views {

namespace {

// At spaces, but not in quotes.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  bool quoted = false, inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (c == '"') quoted = !quoted;
    if (space && !quoted) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += c;
  }
  return words;
}

Measure measure_of(const std::string& word) {
  const size_t at = word.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == word.size())
    throw UserError("'" + word + "': give METRIC@SCENARIO or METRIC@SCENARIO/CELL");
  Measure measure;
  const std::string what = word.substr(0, at), where = word.substr(at + 1);
  const std::string_view prefix = "console:";
  if (what.starts_with(prefix)) {
    measure.console = what.substr(prefix.size());
    if (measure.console.size() >= 2 && measure.console.front() == '"' && measure.console.back() == '"')
      measure.console = measure.console.substr(1, measure.console.size() - 2);
    if (measure.console.empty()) throw UserError("'" + word + "': which text of the console?");
  } else {
    measure.metric = what;
  }
  const size_t slash = where.find('/');
  measure.scenario = where.substr(0, slash);
  if (slash != std::string::npos) measure.cell = where.substr(slash + 1);
  return measure;
}

std::optional<double> number_of(const std::string& word) {
  double number = 0;
  const char* last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, number);
  return error == std::errc() && end == last ? std::optional(number) : std::nullopt;
}

constexpr std::string_view kOperations = "+-*/()";

int strength(char operation) { return operation == '+' || operation == '-' ? 1 : 2; }

// Dijkstra's shunting-yard: operands go to `postfix` at once, operations once a weaker one follows.
class Reader {
 public:
  void read(const std::string& word) {
    if (word.size() == 1 && kOperations.find(word[0]) != std::string_view::npos)
      return read_operation(word[0]);
    if (!want_operand_) throw UserError("'" + word + "': an operation is missing before it");
    Term term;
    if (const auto number = number_of(word)) {
      term.number = *number;
    } else {
      term.kind = Term::Kind::Measure;
      term.measure = measure_of(word);
    }
    postfix_.push_back(std::move(term));
    want_operand_ = false;
  }

  Expression finish() {
    if (want_operand_) throw UserError("the expression ends where a metric or a number is due");
    while (!stack_.empty()) pop();
    return std::move(postfix_);
  }

 private:
  void read_operation(char operation) {
    const bool opens = operation == '(';
    if (opens != want_operand_)
      throw UserError(std::string("'") + operation + "': a metric or a number is missing before it");
    if (opens) {
      stack_.push_back(operation);
      return;
    }
    const int weakest = operation == ')' ? 1 : strength(operation);
    while (!stack_.empty() && stack_.back() != '(' && strength(stack_.back()) >= weakest) pop();
    if (operation == ')') {
      if (stack_.empty()) throw UserError("')' without '('");
      stack_.pop_back();
      return;
    }
    stack_.push_back(operation);
    want_operand_ = true;
  }

  void pop() {
    if (stack_.back() == '(') throw UserError("'(' without ')'");
    Term term;
    term.kind = Term::Kind::Operation;
    term.operation = stack_.back();
    postfix_.push_back(term);
    stack_.pop_back();
  }

  Expression postfix_;
  std::vector<char> stack_;
  bool want_operand_ = true;
};

double apply(char operation, double a, double b) {
  switch (operation) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    default: return a / b;
  }
}

}  // namespace

Expression parse_expression(const std::string& text) {
  Reader reader;
  for (const std::string& word : words_of(text)) reader.read(word);
  return reader.finish();
}

std::vector<Measure> measures_of(const Expression& expression) {
  std::vector<Measure> measures;
  for (const Term& term : expression) {
    if (term.kind == Term::Kind::Measure) measures.push_back(term.measure);
  }
  return measures;
}

std::optional<double> evaluate(const Expression& expression,
                               const std::function<std::optional<double>(const Measure&)>& value_of) {
  std::vector<double> stack;
  for (const Term& term : expression) {
    if (term.kind == Term::Kind::Operation) {
      const double b = stack.back();
      stack.pop_back();
      stack.back() = apply(term.operation, stack.back(), b);
      continue;
    }
    const std::optional<double> value =
        term.kind == Term::Kind::Number ? std::optional(term.number) : value_of(term.measure);
    if (!value) return std::nullopt;
    stack.push_back(*value);
  }
  if (stack.size() != 1 || !std::isfinite(stack.back())) return std::nullopt;
  return stack.back();
}

}  // namespace hvlab::views
