#include "sim/analysis/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hvlab::analysis {

namespace {

constexpr size_t kWidest = 60;  // of a column that is padded

std::string cell_text(const Cell& cell, const Column& column) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* count = std::get_if<u64>(&cell)) return fmt::format("{}", *count);
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{:.{}f}", *number, column.digits);
  return "";
}

bool is_text(const Table& table, size_t column) {
  return std::ranges::any_of(table.rows, [&](const auto& row) {
    return column < row.size() && std::holds_alternative<std::string>(row[column]);
  });
}

void strip(std::string& line) {
  while (line.ends_with(' ')) line.pop_back();
  line += '\n';
}

}  // namespace

std::string text_of(const Table& table) {
  if (table.rows.empty()) return "";
  std::vector<size_t> widths;
  std::vector<std::string> lines(table.rows.size() + 1, "  ");
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    std::vector<std::string> texts = {column.heading};
    for (const auto& row : table.rows) texts.push_back(i < row.size() ? cell_text(row[i], column) : "");
    size_t width = 0;
    for (const std::string& text : texts) width = std::max(width, text.size());
    width = std::min(width, kWidest);
    const bool left = is_text(table, i);
    for (size_t line = 0; line < texts.size(); ++line) {
      lines[line] +=
          left ? fmt::format("{:<{}}  ", texts[line], width) : fmt::format("{:>{}}  ", texts[line], width);
    }
  }
  std::string text = table.title + "\n";
  for (std::string& line : lines) {
    strip(line);
    text += line;
  }
  return text;
}

Json json_of(const Table& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json object = Json::object();
    for (size_t i = 0; i < row.size() && i < table.columns.size(); ++i) {
      Json& member = object[table.columns[i].key];
      if (const auto* text = std::get_if<std::string>(&row[i])) member = *text;
      if (const auto* count = std::get_if<u64>(&row[i])) member = *count;
      if (const auto* number = std::get_if<double>(&row[i])) member = *number;
    }
    rows.push_back(std::move(object));
  }
  return rows;
}

Json document(const std::string& schema, const std::vector<Table>& tables) {
  Json json = {{"schema", schema}};
  for (const Table& table : tables) json[table.key] = json_of(table);
  return json;
}

double percent(u64 part, u64 whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace hvlab::analysis
