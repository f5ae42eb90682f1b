#include "sim/lab/text_table.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace hvlab::lab {

namespace {

constexpr size_t kGap = 2;  // blanks between columns
constexpr size_t kNarrowest = 40, kOtherwise = 100;

size_t widest(const std::string& first, const std::vector<std::string>& others) {
  size_t width = first.size();
  for (const std::string& text : others) width = std::max(width, text.size());
  return width;
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

bool says_nothing(const std::string& cell) {
  const std::string text = without_trailing_blanks(cell);
  return text.ends_with('-') && text.find_first_not_of(' ') == text.size() - 1;
}

/// The lines of columns `from` to `to`; those without a word about any of them only if they are all.
std::string format_fold(const TextTable& table, size_t label_width, const std::vector<size_t>& widths,
                        size_t from, size_t to) {
  const auto line = [&](const std::string& label, auto text_of) {
    std::string text = fmt::format("{:<{}}", label, label_width);
    for (size_t i = from; i < to; ++i) text += fmt::format("{:>{}}", text_of(table.columns[i]), widths[i]);
    return without_trailing_blanks(text) + '\n';
  };
  std::string text = line(table.corner, [](const auto& column) { return column.heading; });
  const bool all = to - from == table.columns.size();
  const auto silent = [&](size_t row) {
    return std::all_of(table.columns.begin() + static_cast<std::ptrdiff_t>(from),
                       table.columns.begin() + static_cast<std::ptrdiff_t>(to),
                       [&](const auto& column) { return says_nothing(column.cells[row]); });
  };
  for (size_t row = 0; row < table.labels.size(); ++row)
    if (all || !silent(row))
      text += line(table.labels[row], [&](const auto& column) { return column.cells[row]; });
  return text;
}

}  // namespace

std::string format_text_table(const TextTable& table, size_t width) {
  if (table.columns.empty() || table.labels.empty()) return "";
  const size_t label_width = widest(table.corner, table.labels);
  std::vector<size_t> widths;
  widths.reserve(table.columns.size());
  for (const TextTable::Column& column : table.columns)
    widths.push_back(kGap + widest(column.heading, column.cells));
  std::string text;
  for (size_t from = 0; from < widths.size();) {
    size_t used = label_width + widths[from], to = from + 1;
    while (to < widths.size() && used + widths[to] <= width) used += widths[to++];
    text += (from == 0 ? "" : "\n") + format_fold(table, label_width, widths, from, to);
    from = to;
  }
  return text;
}

std::string fold_text(const std::string& text, size_t width, size_t indent) {
  std::istringstream words(text);
  std::string folded, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
      folded += std::string(indent, ' ') + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return folded + std::string(indent, ' ') + line + '\n';
}

size_t output_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= kNarrowest) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const long asked = columns == nullptr ? 0 : std::strtol(columns, nullptr, 10);
  return asked >= static_cast<long>(kNarrowest) ? static_cast<size_t>(asked) : kOtherwise;
}

}  // namespace hvlab::lab
