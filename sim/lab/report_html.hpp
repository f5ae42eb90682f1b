// HTML, piece by piece: what comes from runs is text and nothing else; numbers carry their full value.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::lab::html {

using Json = nlohmann::ordered_json;

/// `text` as the content of an element or of a quoted attribute. Control characters, and bytes that are no
/// UTF-8, become U+FFFD.
std::string escaped(std::string_view text);

/// `text` as a part of an id or a class: lower-case letters, digits and hyphens, a hyphen for all else.
std::string identifier(std::string_view text);

// Numbers as people read them, with their unit: three to four digits.
std::string time_text(double seconds);
std::string bytes_text(double bytes);
std::string rate_text(double bytes_per_second);
std::string count_text(double number);  // 12 345
std::string ratio_text(double ratio);   // ×1.18
std::string percent_text(double part);  // 12.3 %

/// A cell whose number stands in the comparison's document (`hvlab compare --json`) at `pointer` (RFC 6901):
/// it is shown as `shown` and carries pointer and full value, for whoever reads the page by program. Without
/// such a number, or with null, a dash. `more` is HTML that follows the text.
std::string number_cell(const Json& document, const std::string& pointer, const std::string& shown,
                        const std::string& more = "");

/// A cell whose number is made of others, `value`.
std::string derived_cell(double value, const std::string& shown, const std::string& more = "");
std::string no_cell();

/// A number as JSON prints it: the shortest that reads back as the same.
std::string full_value(double value);

/// A bar below a number: `part` (0 to 1) of the cell's width, with a tick at `tick` (0: none).
std::string cell_bar(double part, double tick);

struct Table {
  Table(std::string its_caption, std::vector<std::string> its_headings, std::string its_classes)
      : caption(std::move(its_caption)), headings(std::move(its_headings)), classes(std::move(its_classes)) {}

  std::string caption;                // text
  std::vector<std::string> headings;  // HTML of the columns' headings, the labels' column first
  std::vector<std::string> rows;      // row() each
  std::vector<std::string> footer;    // the same, set apart
  std::string classes;
};

/// "<tr><th scope=row>LABEL</th>CELLS</tr>"; `label` is HTML.
std::string row(const std::string& label, const std::vector<std::string>& cells);

/// The table in a frame that scrolls where the page is narrow.
std::string table(const Table& table);

/// A name with what it means, shown on hover; `meaning` may be empty. Both text.
std::string word(const std::string& name, const std::string& meaning);

/// `text` as a paragraph.
std::string paragraph(const std::string& text);

/// One of several panels that the script shows one at a time. Panels of one `group` change together.
std::string panel(const std::string& title, const std::string& body);
std::string panels(const std::string& group, const std::vector<std::string>& panels);

}  // namespace hvlab::lab::html
