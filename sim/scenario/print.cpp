#include "sim/scenario/print.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/scenario/quantity.hpp"

namespace hvlab::scenario {

namespace {

constexpr size_t kOriginColumn = 48;

/// Whether YAML or this format would take a plain text for something else.
bool needs_quotes(const std::string& text) {
  static constexpr std::string_view kStarts = "-?:,[]{}#&*!|>'\"%@` ";
  if (text.empty() || kStarts.find(text.front()) != std::string_view::npos || text.back() == ' ') return true;
  if (text.find(": ") != std::string::npos || text.find(" #") != std::string::npos || text.back() == ':')
    return true;
  static constexpr std::string_view kWords[] = {"null", "Null", "NULL", "~", "true", "false"};
  if (std::ranges::count(kWords, text) != 0) return true;
  return std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 ||
           std::string_view(",?[]{}\\\"").find(c) != std::string_view::npos;
  });
}

std::string quoted(const std::string& text) {
  if (!needs_quotes(text)) return text;
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += fmt::format("\\{}", c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

bool is_text(Type type) {
  return type == Type::Text || type == Type::Title || type == Type::Word || type == Type::File ||
         type == Type::Bound;
}

/// Of values side by side on one line.
bool is_list(Type type) { return type == Type::Words || type == Type::Names || type == Type::Numbers; }

std::string scalar_text(const Value& value) {
  // Other readers of YAML would take "0" for a number.
  const bool free_text = value.type == Type::Text || value.type == Type::Title || value.type == Type::File;
  if (free_text && (parse_number(value.text) || parse_count(value.text))) return '"' + value.text + '"';
  return is_text(value.type) ? quoted(value.text) : value.text;
}

class Printer {
 public:
  Printer(const Scenario& scenario, const Cell& cell, bool origins)
      : scenario_(scenario), cell_(cell), origins_(origins) {}

  std::string print() {
    section(cell_.resolved, "");
    return std::move(text_);
  }

 private:
  void line(std::string content, const Value& value) {
    if (origins_ && !value.origin.empty())
      content = fmt::format("{:<{}}# {}", content + " ", kOriginColumn, value.origin);
    text_ += content + '\n';
  }

  /// A map or a list of words on one line.
  std::string flow(const Value& value) {
    std::string inside;
    for (size_t i = 0; i < value.items.size(); ++i) {
      inside += i == 0 ? "" : ", ";
      if (!value.keys.empty()) inside += value.keys[i] + ": ";
      inside += scalar_text(value.items[i]);
    }
    return is_list(value.type) ? "[" + inside + "]" : "{" + inside + "}";
  }

  bool belongs(const Value& expectation) const {
    if (expectation.find("same") != nullptr || expectation.find("against") != nullptr) return false;
    const auto about = std::ranges::find(scenario_.expectations, expectation.place, &Expectation::place);
    return about == scenario_.expectations.end() || has_settings(cell_, about->in);
  }

  void list(const std::string& key, const Value& value, const std::string& indent) {
    std::vector<const Value*> items;
    for (const Value& item : value.items) {
      if (key != "expect" || belongs(item)) items.push_back(&item);
    }
    if (items.empty()) return;
    line(indent + key + ":", value);
    for (const Value* item : items) {
      const size_t start = text_.size();
      section(*item, indent + "    ");
      // The dash goes where the first key's indentation is.
      if (text_.size() == start) text_ += indent + "    {}\n";
      text_[start + indent.size() + 2] = '-';
    }
  }

  void entry(const std::string& key, const Value& value, const std::string& indent) {
    // A claim is about all cells, too.
    const bool of_cells = (key == "in" && value.type == Type::Settings) || (key == "claim" && indent.empty());
    if (of_cells || value.type == Type::Axes) return;
    if (value.type == Type::List) return list(key, value, indent);
    if (value.type == Type::Map) {
      line(indent + key + ":", value);
      return section(value, indent + "  ");
    }
    const bool several = is_list(value.type) || !value.keys.empty() || value.type == Type::Figures;
    line(indent + key + ": " + (several ? flow(value) : scalar_text(value)), value);
  }

  void section(const Value& value, const std::string& indent) {
    for (size_t i = 0; i < value.keys.size(); ++i) entry(value.keys[i], value.items[i], indent);
  }

  const Scenario& scenario_;
  const Cell& cell_;
  bool origins_;
  std::string text_;
};

}  // namespace

std::string print_cell(const Scenario& scenario, const Cell& cell, bool origins) {
  return Printer(scenario, cell, origins).print();
}

}  // namespace hvlab::scenario
