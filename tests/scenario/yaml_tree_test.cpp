// Would catch: a place that is off, input that is no text taken as a file, nesting that ends in a crash.
#include "sim/scenario/yaml_tree.hpp"

#include <catch2/catch.hpp>

using namespace hvlab;
using namespace hvlab::scenario;

namespace {

std::string complaint(const std::string& text) {
  Problems problems;
  parse_yaml("f", text, problems);
  return problems.report();
}

}  // namespace

TEST_CASE("nodes and keys keep line and column") {
  Problems problems;
  const auto root = parse_yaml("f", "a: 1\nb:\n  - x\n  - {c: \"2\"}\n", problems);
  REQUIRE(root);
  CHECK(problems.empty());
  CHECK(root->keys[1].place == Place{0, 2, 1});
  const YamlNode* list = root->find("b");
  REQUIRE(list != nullptr);
  CHECK(list->items[0].place == Place{0, 3, 5});
  CHECK(list->items[1].keys[0].place == Place{0, 4, 6});
  CHECK(list->items[1].items[0].place == Place{0, 4, 9});
  CHECK(list->items[1].items[0].quoted);
  CHECK_FALSE(root->find("a")->quoted);
}

TEST_CASE("columns are told in characters") {
  Problems problems;
  const auto root = parse_yaml("f", "{題: x, b: y}\n", problems);
  REQUIRE(root);
  CHECK(problems.name_of(root->keys[1].place) == "f:1:8");
}

TEST_CASE("what is no text is refused where it begins") {
  CHECK(complaint(std::string("a: b\nc: \0", 9)).starts_with("f:2:4: a control character\n"));
  CHECK(complaint("a: \xff").starts_with("f:1:4: not UTF-8 text\n"));
  CHECK(complaint("a: \xc0\xaf").starts_with("f:1:4: not UTF-8 text\n"));
  CHECK(complaint("a: \xed\xa0\x80").starts_with("f:1:4: not UTF-8 text\n"));
  CHECK(complaint("").starts_with("f: is empty\n"));
  CHECK(complaint("# nothing\n").starts_with("f: is empty\n"));
  CHECK(complaint(std::string(kLargestFile + 1, ' ')).starts_with("f: larger than"));
}

TEST_CASE("a document too deep is refused, however deep") {
  CHECK(complaint(std::string(31, '[') + std::string(31, ']')).empty());
  CHECK(complaint(std::string(kDeepest + 1, '[') + std::string(kDeepest + 1, ']'))
            .starts_with("f:1:33: more than 32 levels deep\n"));
  CHECK_FALSE(complaint(std::string(500'000, '[')).empty());
  CHECK_FALSE(complaint(std::string(500'000, '{')).empty());
  std::string list;
  for (int i = 0; i < 100'000; ++i) list += "- ";
  CHECK_FALSE(complaint(list).empty());
}

TEST_CASE("only one document, without anchors, aliases and tags") {
  CHECK(complaint("a: b\n---\nc: d\n").starts_with("f: holds more than one YAML document\n"));
  CHECK(complaint("a: &x b\n").starts_with("f:1:4: anchors"));
  CHECK(complaint("a: &x b\nc: *x\n").find("f:2:4: aliases") != std::string::npos);
  CHECK(complaint("a: !!int 1\n").starts_with("f:1:4: tags"));
  CHECK(complaint("[a]: b\n").starts_with("f:1:1: a key must be a word"));
  CHECK(complaint("a: [b\n").starts_with("f:2:1: not valid YAML"));
}
