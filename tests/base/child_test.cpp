// Programs that HVLab starts: nothing they print is lost, and none outlives it.
#include "sim/base/child.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "sim/base/user_error.hpp"

using namespace hvlab;

namespace {

int finish(Child& child) {
  while (child.read_some()) {
  }
  return child.wait();
}

}  // namespace

// Catches mixed-up streams, and output lost because it is longer than a pipe holds.
TEST_CASE("both streams are read to their end") {
  Child child({"sh", "-c", "yes abcdefg | head -n 20000; echo wrong >&2; exit 3"}, false);
  CHECK(finish(child) == 3);
  CHECK(child.output().size() == 160000);
  CHECK(child.errors() == "wrong\n");
}

// Catches a machine that goes on running after Ctrl-C.
TEST_CASE("a child can be stopped, and says by what it ended") {
  Child child({"sleep", "100"}, false);
  child.stop();
  CHECK(child.wait() == 128 + SIGTERM);
}

// Catches a child that waits for the terminal's input.
TEST_CASE("standard input is empty") {
  Child child({"cat"}, false);
  CHECK(finish(child) == 0);
  CHECK(child.output().empty());
}

TEST_CASE("a program that is not there ends with the shell's status for it") {
  Child child({"/nonexistent/program"}, false);
  CHECK(finish(child) == 127);
}

// Catches a failed recipe being taken for an empty system.
TEST_CASE("run_program returns the output, or throws") {
  CHECK(run_program({"echo", "text"}) == "text\n");
  CHECK_THROWS_AS(run_program({"false"}), hvlab::UserError);
}
