// Tables as text, folded to the width of whoever reads them.
#pragma once

#include <string>
#include <vector>

namespace hvlab::lab {

/// Rows with a label, columns with a heading. Every column has a cell for every label.
struct TextTable {
  struct Column {
    std::string heading;
    std::vector<std::string> cells;
  };
  std::string corner;  // what stands over the labels
  std::vector<std::string> labels;
  std::vector<Column> columns;
};

/// The table with lines of at most `width` characters: columns that do not fit follow below, with the labels
/// again. What is folded has no rows of nothing but "-". Cells are aligned to the right. A column wider than
/// `width` stands alone. Ends with a line feed; empty if there are no columns or no rows. Counts bytes, so
/// text should be ASCII.
std::string format_text_table(const TextTable& table, size_t width);

/// A paragraph broken at blanks into lines of at most `width` characters, each after `indent` blanks. Ends
/// with a line feed.
std::string fold_text(const std::string& text, size_t width, size_t indent = 0);

/// How wide standard output is: the terminal's columns, else $COLUMNS, else 100.
size_t output_width();

}  // namespace hvlab::lab
