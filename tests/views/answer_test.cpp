// Catches expressions that are worked out in the wrong order, and mistakes in a lesson that would go unseen.
#include "sim/views/answer.hpp"

#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"

namespace hvlab::views {
namespace {

std::optional<double> value(const std::string& text) {
  return evaluate(parse_expression(text), [](const Measure& measure) -> std::optional<double> {
    if (measure.metric == "a.b-c" && measure.scenario == "s" && measure.cell == "model=x") return 6;
    if (measure.metric == "zero") return 0;
    if (measure.console == "all well") return 3;
    return std::nullopt;
  });
}

}  // namespace

TEST_CASE("an expression follows the rules of arithmetic") {
  CHECK(value("2") == 2);
  CHECK(value("1 + 2 * 3 - 4") == 3);
  CHECK(value("12 / 3 / 2") == 2);
  CHECK(value("( 1 + 2 ) * ( 7 - 3 )") == 12);
  CHECK(value("1.5 * a.b-c@s/model=x") == 9);
  CHECK(value("console:\"all well\"@t + 1") == 4);
}

TEST_CASE("what was not measured, or is no number, has no value") {
  CHECK(!value("a.b-c@s/model=y"));
  CHECK(!value("1 + other@s"));
  CHECK(!value("1 / zero@s"));
}

TEST_CASE("a mistake is told") {
  CHECK_THROWS_WITH(parse_expression(""), Catch::Contains("ends where"));
  CHECK_THROWS_WITH(parse_expression("1 +"), Catch::Contains("ends where"));
  CHECK_THROWS_WITH(parse_expression("1 2"), Catch::Contains("an operation is missing"));
  CHECK_THROWS_WITH(parse_expression("* 2"), Catch::Contains("is missing before it"));
  CHECK_THROWS_WITH(parse_expression("( 1"), Catch::Contains("without ')'"));
  CHECK_THROWS_WITH(parse_expression("1 )"), Catch::Contains("without '('"));
  CHECK_THROWS_WITH(parse_expression("work.time"), Catch::Contains("METRIC@SCENARIO"));
  CHECK_THROWS_WITH(parse_expression("console:@s"), Catch::Contains("which text"));
}

}  // namespace hvlab::views
