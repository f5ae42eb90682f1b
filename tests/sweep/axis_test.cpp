// Catches axes that lose, invent or reorder values, and cells that are not every combination once.
#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
#include "sim/sweep/axis.hpp"

using namespace hvlab;
using namespace hvlab::sweep;

namespace {
std::vector<std::string> values(const std::string& text) { return parse_axis(text).values; }
}  // namespace

TEST_CASE("a list keeps its values as they are written") {
  const Axis axis = parse_axis("machine.cores=1,2,4");
  CHECK(axis.path == "machine.cores");
  CHECK(axis.values == std::vector<std::string>{"1", "2", "4"});
  CHECK(values("software=bare,kvm") == std::vector<std::string>{"bare", "kvm"});
}

TEST_CASE("a range is spread evenly, with its unit") {
  CHECK(values("x=1..16:4") == std::vector<std::string>{"1", "6", "11", "16"});
  CHECK(values("x=10ms..20ms:3") == std::vector<std::string>{"10ms", "15ms", "20ms"});
  CHECK(values("x=0.5..1.5:3") == std::vector<std::string>{"0.5", "1", "1.5"});
  CHECK(values("x=16..1:2") == std::vector<std::string>{"16", "1"});
}

TEST_CASE("a logarithmic range has equal ratios") {
  CHECK(values("x=1..1000:4:log") == std::vector<std::string>{"1", "10", "100", "1000"});
}

TEST_CASE("whole ends give whole values") {
  CHECK(values("x=1..10:4") == std::vector<std::string>{"1", "4", "7", "10"});
}

TEST_CASE("what is no axis is refused") {
  for (const char* text :
       {"", "cores", "=1,2", "x=", "x=1,,2", "x=1,1", "x=1..2", "x=1..2:1", "x=1..2:1001", "x=1..2:3:lin",
        "x=a..b:3", "x=1ms..2s:3", "x=0..9:3:log", "x=1..2:9", "x=1..2:3x", "x=1..inf:3"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_axis(text), UserError);
  }
}

TEST_CASE("cells are every combination once, the last axis fastest") {
  const auto all = combinations({parse_axis("a=1,2"), parse_axis("b=x,y,z")});
  REQUIRE(all.size() == 6);
  CHECK(all[0] == Combination{"1", "x"});
  CHECK(all[1] == Combination{"1", "y"});
  CHECK(all[3] == Combination{"2", "x"});
  CHECK(all[5] == Combination{"2", "z"});
  CHECK(combinations({}) == std::vector<Combination>{{}});
}

TEST_CASE("too many cells, or an axis twice, are refused before anything runs") {
  CHECK_THROWS_AS(combinations({parse_axis("a=1,2"), parse_axis("a=3,4")}), UserError);
  CHECK_THROWS_AS(combinations({parse_axis("a=1..1000:1000"), parse_axis("b=1..101:101")}), UserError);
}

TEST_CASE("values are compared in their base units") {
  CHECK(number_of("10ms") == 0.01);
  CHECK(number_of("2GiB") == 2147483648.0);
  CHECK(number_of("3.5GHz") == 3.5e9);
  CHECK(number_of("7") == 7.0);
  CHECK(!number_of("kvm"));
  CHECK(!number_of("3 apples"));
}
