// Catches a view that looks other than it did when somebody looked at it. The pictures in golden/ are of the
// fixture's runs; docs/contributing.md says how to bless new ones.
#include <catch2/catch.hpp>

#include "picture_compare.hpp"
#include "viewer_run.hpp"

namespace hvlab::test {
namespace {

struct Case {
  const char* name;
  std::vector<std::string> arguments;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> kCases = {
      {"timeline", {"architectures", "--view=timeline", "--align=phase:disk"}},
  };
  return kCases;
}

}  // namespace

TEST_CASE("every view looks as it did when it was looked at") {
  const Fixture fixture;
  for (const Case& one : cases()) {
    CAPTURE(one.name);
    std::vector<std::string> arguments = one.arguments;
    arguments.insert(arguments.end(), {"--size=1200x760", "--scale=1", "--screenshot=made.png"});
    const Ended ended = run_to_end(viewer_words(arguments));
    CAPTURE(ended.errors);
    REQUIRE(ended.status == 0);
    CHECK_THAT(compare_with_golden("made.png", one.name), Catch::Equals(""));
  }
}

}  // namespace hvlab::test
