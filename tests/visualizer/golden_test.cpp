// Catches a view that looks other than it did when somebody looked at it. The pictures in golden/ are of the
// fixture's runs; docs/contributing.md says how to bless new ones.
#include <algorithm>
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
      {"compare", {"architectures", "--view=compare", "--at=60ms"}},
      {"compare-ja-dark", {"architectures", "--view=compare", "--lang=ja", "--theme=dark"}},
      {"ladder", {"architectures", "--view=ladder"}},
      {"ladder-exit-dark", {"architectures", "--view=ladder", "--set=ladder.mode=exit", "--theme=dark"}},
      {"timeline",
       {"architectures", "--view=timeline", "--align=phase:disk", "--from=-200us", "--until=4ms", "--at=1ms",
        "--marker-a=1ms", "--marker-b=2ms"}},
      {"timeline-ja-dark", {"scheduling", "--view=timeline", "--lang=ja", "--theme=dark"}},
      {"exits-ja", {"architectures", "--view=exits", "--lang=ja"}},
      {"exits", {"architectures", "--view=exits", "--show=2", "--set=exits.by=vcpu-reason"}},
      {"sweep", {"architectures", "--view=sweep", "--set=sweep.folder=sweep"}},
      {"lesson", {"--lesson=3", "--view=lesson"}},
      {"lesson-ja-present", {"--lesson=3", "--view=lesson", "--lang=ja", "--present", "--set=lesson.step=2"}},
      {"compare-8", {"architectures", "architectures", "architectures", "--view=compare"}},
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

TEST_CASE("a file that cannot be written is told in one line, and nothing is left of it") {
  const Fixture fixture;
  for (const char* option : {"--screenshot=", "--csv="}) {
    const Ended ended =
        run_to_end(viewer_words({"architectures", "--view=exits", option + std::string("none/made")}));
    CAPTURE(option, ended.errors);
    CHECK(ended.status == 2);
    CHECK(ended.errors.find("hvlab: 'none/made': cannot write the ") == 0);
    CHECK(std::ranges::count(ended.errors, '\n') == 1);
    CHECK(!std::filesystem::exists("none"));
  }
}

}  // namespace hvlab::test
