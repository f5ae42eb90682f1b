// A document in Markdown as plain data: CommonMark with GitHub's tables, as cmark-gfm reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::views {

/// A piece of a line in one face.
struct Span {
  std::string text;
  bool code = false, strong = false, emphasis = false;
  std::string link;  // where it leads; empty: nowhere

  bool operator==(const Span&) const = default;
};
using Spans = std::vector<Span>;

/// A table's row: its cells.
using TableRow = std::vector<Spans>;

struct Block {
  enum class Kind : u8 { Heading, Paragraph, List, Item, Code, Table, Comment, Quote, Rule };
  Kind kind = Kind::Paragraph;
  unsigned line = 0;            // in the document; from 1
  int number = 0;               // Heading: its level; List: its first number, 0 of bullets
  Spans spans;                  // Heading, Paragraph
  std::string text;             // Code; Comment: what stands between <!-- and -->
  std::vector<Block> children;  // List: its Items; Item, Quote: what is in it
  std::vector<TableRow> rows;   // Table: the first is the heading
  std::vector<bool> right;      // Table: whether each column is aligned at the right
};

/// Reads a document. Any text is one; HTML other than comments is left out.
std::vector<Block> parse_markdown(const std::string& text);

/// The letters of `spans` alone.
std::string plain_text(const Spans& spans);

}  // namespace hvlab::views
