// What the viewer asks hvlab for comes once, as it was said, and never holds up the window.
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "visualizer/ask.hpp"

namespace hvlab::visualizer {
namespace {

void finish(Asker& asker) {
  while (asker.busy()) {
    asker.poll();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

TEST_CASE("an answer comes in the background, and is kept") {
  Asker asker("echo");
  const Answer& answer = asker.ask({"[1, 2]"});
  CHECK(answer.state == Answer::State::Waiting);
  finish(asker);
  CHECK(answer.state == Answer::State::Done);
  CHECK(answer.document == nlohmann::ordered_json{1, 2});
  CHECK(&asker.ask({"[1, 2]"}) == &answer);
  CHECK(!asker.busy());
}

TEST_CASE("many questions are answered, each with its own") {
  Asker asker("echo");
  for (int i = 0; i < 20; ++i) asker.ask({std::to_string(i)});
  asker.forget({"7"});
  finish(asker);
  for (int i = 0; i < 20; ++i) {
    if (i == 7) continue;
    CHECK(asker.ask({std::to_string(i)}).document == i);
  }
  CHECK(!asker.busy());
}

TEST_CASE("a long answer is whole") {
  Asker asker("seq");
  const Answer& answer = asker.ask({"200000"});
  finish(asker);
  CHECK(answer.text.size() == 1'288'895);
  CHECK(answer.text.ends_with("200000\n"));
}

TEST_CASE("a program that fails says why in its own words") {
  Asker asker("sh");
  const Answer& answer = asker.ask({"-c", "echo 'hvlab: no such run' >&2; echo more >&2; exit 6"});
  finish(asker);
  CHECK(answer.state == Answer::State::Failed);
  CHECK(answer.error == "hvlab: no such run");
}

TEST_CASE("a program that is not there is a failure, no crash") {
  Asker asker("/nowhere/hvlab");
  const Answer& answer = asker.ask({"x"});
  finish(asker);
  CHECK(answer.state == Answer::State::Failed);
  CHECK(answer.error.find("127") != std::string::npos);
}

}  // namespace hvlab::visualizer
