// A picture can be made again from the command that "copy as command" gives: nothing of the state is lost on
// the way through a command line.
#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
#include "visualizer/session.hpp"
#include "visualizer/state.hpp"
#include "visualizer/views.hpp"

namespace hvlab::visualizer {
namespace {

ViewState state_of(const std::vector<std::string>& arguments) {
  return request_from_arguments(arguments).state;
}

}  // namespace

TEST_CASE("a state survives its command line") {
  ViewState state;
  CHECK(state_of(state_to_arguments(state)) == state);
  state.runs = {"runs/a b", "-odd"};
  state.runs.pop_back();
  state.shown = {1, 4, 12};
  state.view = "timeline";
  state.at = 120'000'001;
  state.from = -1'500;
  state.until = 3'000'000'000'001;
  state.marker_a = 0;
  state.marker_b = 77;
  state.align = {.at = views::Alignment::At::Event, .what = "vm-exit", .count = 3};
  state.language = "ja";
  state.dark = true;
  state.present = true;
  state.scale = 1.25F;
  state.set("timeline.filter", "kind=vm-exit lane=\"vm 1 vcpu 0\"");
  CHECK(state_of(state_to_arguments(state)) == state);
}

TEST_CASE("a text that is set is that text, a flag is yes or no") {
  ViewState state;
  state.set("timeline.filter", "kind=mark");
  CHECK(state.option("timeline.filter") == "kind=mark");
  state.set("timeline.filter", true);
  CHECK(state.flag("timeline.filter"));
}

TEST_CASE("the defaults of views are not in a command line") {
  ViewState state;
  for (const ViewOption& option : all_options()) {
    state.set(option.key, std::string("changed"));
    CHECK(state.option(option.key) == "changed");
    state.set(option.key, std::string(option.default_value));
  }
  CHECK(state.options.empty());
}

TEST_CASE("times are exact, in every unit and below 0") {
  for (const PicosecondDelta time :
       {0LL, 1LL, -1LL, 999LL, 1'000LL, -1'001LL, 120'000'000LL, 1'234'567'890'123'456LL}) {
    CAPTURE(time);
    CHECK(time_of("--at", exact_time(time)) == time);
  }
  CHECK(exact_time(1'500) == "1.5ns");
  CHECK(exact_time(-120'000'000) == "-120us");
  for (const char* wrong : {"", "5", "us", "1.2.3us", "1e3us", "0.0001ns", "99999999999s", "5 us", "5m"}) {
    CAPTURE(wrong);
    CHECK_THROWS_AS(time_of("--at", wrong), UserError);
  }
}

TEST_CASE("--zoom is a span around the cursor") {
  const ViewState state = state_of({"run", "--at=100us", "--zoom=40us"});
  CHECK(state.from == 80'000'000);
  CHECK(state.until == 120'000'000);
}

TEST_CASE("mistakes on the command line are told by what they are about") {
  const auto said = [](const std::vector<std::string>& arguments) -> std::string {
    try {
      request_from_arguments(arguments);
    } catch (const UserError& error) {
      return error.what();
    }
    return "";
  };
  CHECK(said({"--view=nothing"}).starts_with("--view 'nothing': there are compare"));
  CHECK(said({"--size=5x5"}).starts_with("--size '5x5'"));
  CHECK(said({"--size=1600"}).starts_with("--size '1600'"));
  CHECK(said({"--lang=fr"}).starts_with("--lang 'fr'"));
  CHECK(said({"--show=1,,2"}).starts_with("--show"));
  CHECK(said({"--set=no.such=1"}).starts_with("--set 'no.such=1'"));
  CHECK(said({"--from=2us", "--until=1us"}).starts_with("--until"));
  CHECK(said({"--scale=99"}).starts_with("--scale"));
  CHECK(said({"--align=nowhere"}).starts_with("alignment 'nowhere'"));
  CHECK(said({"--bench=0"}).starts_with("--bench"));
  CHECK(said({"--nonsense"}).starts_with("view: "));
}

TEST_CASE("a shell takes the command apart into the same words") {
  ViewState state;
  state.runs = {"it's here"};
  CHECK(state_to_command(state) == "./hvlab view 'it'\\''s here' --view=compare");
}

TEST_CASE("what was open is remembered by its runs, the newest first, and damage forgets it") {
  std::string name = "/tmp/hvlab-session-XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  const std::filesystem::path folder = name;
  CHECK(!last_session(folder, {}));
  remember(folder, {"a"}, {{"a", "--view=exits"}, 800, 600});
  remember(folder, {"b"}, {{"b"}, 1000, 700});
  CHECK(last_session(folder, {})->arguments == std::vector<std::string>{"b"});
  CHECK(last_session(folder, {"a"})->arguments == std::vector<std::string>{"a", "--view=exits"});
  CHECK(!last_session(folder, {"c"}));
  for (int i = 0; i < 60; ++i) remember(folder, {"run " + std::to_string(i)}, {{"x"}, 1, 1});
  CHECK(!last_session(folder, {"a"}));  // of the last 50 alone
  std::filesystem::resize_file(folder / "view.json", 10);
  CHECK(!last_session(folder, {}));
  std::filesystem::remove_all(folder);
}

}  // namespace hvlab::visualizer
