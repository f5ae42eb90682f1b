// What an analysis says: tables, for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::analysis {

using Json = nlohmann::ordered_json;

/// A text, a count, or a number that is printed with so many digits as its column says. monostate: nothing.
using Cell = std::variant<std::monostate, std::string, u64, double>;

struct Column {
  std::string key;      // in JSON
  std::string heading;  // for people
  int digits = 2;       // of fractions
};

struct Table {
  std::string key;    // in JSON
  std::string title;  // for people
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

/// The table in aligned columns, numbers to the right, under its title. Empty if it has no rows.
std::string text_of(const Table& table);

/// An array of objects, a row each.
Json json_of(const Table& table);

/// A document with a schema's name and a member for each table.
Json document(const std::string& schema, const std::vector<Table>& tables);

/// `part` of `whole`, in percent; 0 of nothing.
double percent(u64 part, u64 whole);

}  // namespace hvlab::analysis
