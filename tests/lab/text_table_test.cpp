// Tables fit the terminal they are read on.
#include "sim/lab/text_table.hpp"

#include <catch2/catch.hpp>
#include <sstream>

using namespace hvlab::lab;

namespace {

const TextTable kTable = {"phase", {"cpu", "disk"}, {{"bare", {"1", "22"}}, {"kvm", {"333", "4"}}}};

}  // namespace

// Catches columns that are not under their headings.
TEST_CASE("cells stand to the right under their headings") {
  CHECK(format_text_table(kTable, 80) ==
        "phase  bare  kvm\n"
        "cpu       1  333\n"
        "disk     22    4\n");
}

// Catches a line that is wider than asked, and a column that is lost in folding.
TEST_CASE("columns that do not fit follow below") {
  CHECK(format_text_table(kTable, 15) ==
        "phase  bare\n"
        "cpu       1\n"
        "disk     22\n"
        "\n"
        "phase  kvm\n"
        "cpu    333\n"
        "disk     4\n");
  CHECK(format_text_table(kTable, 16).find("kvm") == 13);
  CHECK(format_text_table(kTable, 1).find("disk     4\n") != std::string::npos);
  CHECK(format_text_table({"x", {}, {}}, 80).empty());
}

// Catches rows about none of the columns over them, and rows that are lost where all columns stand together.
TEST_CASE("of a table that is folded a part has no rows that say nothing") {
  const TextTable table = {"hop", {"exit", "medium"}, {{"bare", {"-    ", "-1"}}, {"kvm", {"3", "-"}}}};
  CHECK(format_text_table(table, 14) ==
        "hop      bare\n"
        "medium     -1\n"
        "\n"
        "hop     kvm\n"
        "exit      3\n");
  CHECK(format_text_table(table, 80).find("exit") != std::string::npos);
}

TEST_CASE("paragraphs are broken at blanks") {
  CHECK(fold_text("one two  three", 9, 2) == "  one two\n  three\n");
  CHECK(fold_text("unbreakable", 4) == "unbreakable\n");
}
