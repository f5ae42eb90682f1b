#include "sim/views/markdown.hpp"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <memory>

namespace hvlab::views {

namespace {

std::string literal(cmark_node* node) {
  const char* text = cmark_node_get_literal(node);
  return text == nullptr ? "" : text;
}

// Chinese and Japanese letters and marks, in UTF-8: U+2E80 to U+9FFF and U+F900 to U+FFEF.
bool begins_with_ideograph(std::string_view text) {
  if (text.size() < 3) return false;
  const auto first = static_cast<u8>(text[0]), second = static_cast<u8>(text[1]);
  return (first == 0xE2 && second >= 0xBA) || (first >= 0xE3 && first <= 0xE9) ||
         (first == 0xEF && second >= 0xA4);
}
bool ends_with_ideograph(std::string_view text) {
  return text.size() >= 3 && begins_with_ideograph(text.substr(text.size() - 3));
}

bool same_face(const Span& a, const Span& b) {
  return a.code == b.code && a.strong == b.strong && a.emphasis == b.emphasis && a.link == b.link;
}

void append(Spans& spans, Span span) {
  if (span.text.empty()) return;
  if (!spans.empty() && same_face(spans.back(), span)) {
    spans.back().text += span.text;
  } else {
    spans.push_back(std::move(span));
  }
}

// Where a line of the source ends there is a space, but not in Japanese.
void append_break(Spans& spans, cmark_node* node, Span face) {
  cmark_node* next = cmark_node_next(node);
  const std::string after = next == nullptr ? "" : literal(next);
  const bool joined =
      (!spans.empty() && ends_with_ideograph(spans.back().text)) || begins_with_ideograph(after);
  face.text = joined ? "" : " ";
  append(spans, std::move(face));
}

void read_spans(cmark_node* parent, const Span& face, Spans& spans) {
  for (cmark_node* node = cmark_node_first_child(parent); node != nullptr; node = cmark_node_next(node)) {
    const cmark_node_type type = cmark_node_get_type(node);
    Span inner = face;
    if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) {
      inner.text = literal(node);
      inner.code = type == CMARK_NODE_CODE;
      append(spans, std::move(inner));
    } else if (type == CMARK_NODE_SOFTBREAK) {
      append_break(spans, node, std::move(inner));
    } else if (type == CMARK_NODE_LINEBREAK) {
      inner.text = "\n";
      append(spans, std::move(inner));
    } else {
      if (type == CMARK_NODE_STRONG) inner.strong = true;
      if (type == CMARK_NODE_EMPH) inner.emphasis = true;
      if (type == CMARK_NODE_LINK) inner.link = cmark_node_get_url(node);
      read_spans(node, inner, spans);
    }
  }
}

Spans spans_of(cmark_node* node) {
  Spans spans;
  read_spans(node, {}, spans);
  return spans;
}

void read_table(cmark_node* node, Block& block) {
  const unsigned columns = cmark_gfm_extensions_get_table_columns(node);
  const u8* alignments = cmark_gfm_extensions_get_table_alignments(node);
  for (unsigned i = 0; i < columns; ++i) block.right.push_back(alignments[i] == 'r');
  for (cmark_node* row = cmark_node_first_child(node); row != nullptr; row = cmark_node_next(row)) {
    TableRow cells;
    for (cmark_node* cell = cmark_node_first_child(row); cell != nullptr; cell = cmark_node_next(cell))
      cells.push_back(spans_of(cell));
    cells.resize(columns);
    block.rows.push_back(std::move(cells));
  }
}

std::string comment_of(const std::string& html) {
  const size_t begin = html.find("<!--"), end = html.rfind("-->");
  return begin == std::string::npos || end == std::string::npos || end < begin + 4
             ? ""
             : html.substr(begin + 4, end - begin - 4);
}

std::vector<Block> blocks_of(cmark_node* parent);

// Nothing of what is not shown.
bool read_block(cmark_node* node, Block& block) {
  using enum Block::Kind;
  const cmark_node_type type = cmark_node_get_type(node);
  block.line = static_cast<unsigned>(cmark_node_get_start_line(node));
  if (type == CMARK_NODE_HEADING || type == CMARK_NODE_PARAGRAPH) {
    block.kind = type == CMARK_NODE_HEADING ? Heading : Paragraph;
    if (type == CMARK_NODE_HEADING) block.number = cmark_node_get_heading_level(node);
    block.spans = spans_of(node);
  } else if (type == CMARK_NODE_LIST || type == CMARK_NODE_ITEM || type == CMARK_NODE_BLOCK_QUOTE) {
    block.kind = type == CMARK_NODE_LIST ? List : type == CMARK_NODE_ITEM ? Item : Quote;
    const bool ordered = type == CMARK_NODE_LIST && cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
    if (ordered) block.number = cmark_node_get_list_start(node);
    block.children = blocks_of(node);
  } else if (type == CMARK_NODE_CODE_BLOCK) {
    block.kind = Code;
    block.text = literal(node);
  } else if (cmark_node_get_type_string(node) ==
             std::string_view("table")) {  // the extension has its own types
    block.kind = Table;
    read_table(node, block);
  } else if (type == CMARK_NODE_HTML_BLOCK) {
    block.kind = Comment;
    block.text = comment_of(literal(node));
    return !block.text.empty();
  } else if (type == CMARK_NODE_THEMATIC_BREAK) {
    block.kind = Rule;
  } else {
    return false;
  }
  return true;
}

std::vector<Block> blocks_of(cmark_node* parent) {
  std::vector<Block> blocks;
  for (cmark_node* node = cmark_node_first_child(parent); node != nullptr; node = cmark_node_next(node)) {
    Block block;
    if (read_block(node, block)) blocks.push_back(std::move(block));
  }
  return blocks;
}

}  // namespace

std::vector<Block> parse_markdown(const std::string& text) {
  cmark_gfm_core_extensions_ensure_registered();
  const std::unique_ptr<cmark_parser, decltype(&cmark_parser_free)> parser(
      cmark_parser_new(CMARK_OPT_DEFAULT), cmark_parser_free);
  cmark_parser_attach_syntax_extension(parser.get(), cmark_find_syntax_extension("table"));
  cmark_parser_feed(parser.get(), text.data(), text.size());
  const std::unique_ptr<cmark_node, decltype(&cmark_node_free)> root(cmark_parser_finish(parser.get()),
                                                                     cmark_node_free);
  return blocks_of(root.get());
}

std::string plain_text(const Spans& spans) {
  std::string text;
  for (const Span& span : spans) text += span.text;
  return text;
}

}  // namespace hvlab::views
