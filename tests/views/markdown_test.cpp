// Catches text that is lost or runs together when a lesson is read: faces, tables, nested lists, comments,
// and line ends in Japanese.
#include "sim/views/markdown.hpp"

#include <catch2/catch.hpp>

namespace hvlab::views {

TEST_CASE("a line's faces stay apart, and one face is one piece") {
  const auto blocks = parse_markdown("a *b* **c `d`** [e *f*](g.md) h & <i>i</i>\nj\n");
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].kind == Block::Kind::Paragraph);
  const auto span = [](const std::string& text, const std::string& face, const std::string& link = "") {
    const auto has = [&](char c) { return face.find(c) != std::string::npos; };
    return Span{text, has('c'), has('s'), has('e'), link};
  };
  const Spans expected = {span("a ", ""),         span("b", "e"),         span(" ", ""),
                          span("c ", "s"),        span("d", "cs"),        span(" ", ""),
                          span("e ", "", "g.md"), span("f", "e", "g.md"), span(" h & i j", "")};
  CHECK(blocks[0].spans == expected);
}

TEST_CASE("a line's end is a space in English and nothing in Japanese") {
  CHECK(plain_text(parse_markdown("one\ntwo")[0].spans) == "one two");
  CHECK(plain_text(parse_markdown("待つ側は\n1スライスの間")[0].spans) == "待つ側は1スライスの間");
  CHECK(plain_text(parse_markdown("cost 5 µs\nor ×2")[0].spans) == "cost 5 µs or ×2");
  CHECK(plain_text(parse_markdown("フェーズが`pipe`\nと")[0].spans) == "フェーズがpipeと");
}

TEST_CASE("a table has its rows, with as many cells as columns") {
  const auto blocks = parse_markdown("| | a `b` |\n|---|---:|\n| x | 1 |\n| y |\n");
  REQUIRE(blocks.size() == 1);
  REQUIRE(blocks[0].kind == Block::Kind::Table);
  CHECK(blocks[0].right == std::vector<bool>{false, true});
  REQUIRE(blocks[0].rows.size() == 3);
  for (const TableRow& row : blocks[0].rows) CHECK(row.size() == 2);
  CHECK(plain_text(blocks[0].rows[0][1]) == "a b");
  CHECK(plain_text(blocks[0].rows[2][0]) == "y");
  CHECK(plain_text(blocks[0].rows[2][1]).empty());
}

TEST_CASE("lists hold their items' blocks, comments among them; other HTML is left out") {
  const auto blocks = parse_markdown(
      "2. q\n   - a\n   - b\n   <!-- predict: {x: 1} -->\n3. r\n\n<!-- view: t --at=1us "
      "-->\n<div>z</div>\n\n```\n$ c\n  d\n```\n");
  REQUIRE(blocks.size() == 3);
  REQUIRE(blocks[0].kind == Block::Kind::List);
  CHECK(blocks[0].number == 2);
  REQUIRE(blocks[0].children.size() == 2);
  const auto& item = blocks[0].children[0];
  REQUIRE(item.children.size() == 3);
  CHECK(item.children[1].kind == Block::Kind::List);
  CHECK(item.children[1].number == 0);
  CHECK(item.children[1].children.size() == 2);
  CHECK(item.children[2].kind == Block::Kind::Comment);
  CHECK(item.children[2].text == " predict: {x: 1} ");
  CHECK(blocks[1].text == " view: t --at=1us ");
  CHECK(blocks[1].line == 7);
  CHECK(blocks[2].text == "$ c\n  d\n");
}

TEST_CASE("text that is no document is read all the same") {
  CHECK(parse_markdown("").empty());
  CHECK(parse_markdown("<!--").empty());
  CHECK(parse_markdown("|||\n|-|-|-|\n").size() == 1);
  CHECK(parse_markdown(std::string(2000, '>')).size() == 1);
  CHECK(parse_markdown("\xff\xfe `\x80").size() == 1);
}

}  // namespace hvlab::views
