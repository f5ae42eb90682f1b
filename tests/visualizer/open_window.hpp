// The viewer's window as a user has it: with the keyboard's focus, driven by keys and a pointer.
#pragma once

#include <poll.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "sim/base/child.hpp"
#include "viewer_run.hpp"

namespace hvlab::test {

inline void wait_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// A window that is open and has the keyboard.
class OpenWindow {
 public:
  explicit OpenWindow(const std::vector<std::string>& arguments) : child_(viewer_words(arguments), false) {
    std::string found;
    for (int i = 0; i < 200 && found.empty(); ++i) {
      wait_for(0.05);
      const Ended ended = run_to_end({"xdotool", "search", "--onlyvisible", "--name", "^HVLab$"});
      if (ended.status == 0) found = ended.output;
    }
    REQUIRE(!found.empty());
    id_ = found.substr(0, found.find('\n'));
    REQUIRE(run_to_end({"xdotool", "windowfocus", "--sync", id_}).status == 0);
    wait_for(0.5);
  }

  void keys(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      REQUIRE(run_to_end({"xdotool", "key", name}).status == 0);
      wait_for(0.15);
    }
  }
  void point(int x, int y) {
    REQUIRE(
        run_to_end({"xdotool", "mousemove", "--window", id_, std::to_string(x), std::to_string(y)}).status ==
        0);
    wait_for(0.15);
  }
  void click(const std::string& button) {
    REQUIRE(run_to_end({"xdotool", "click", button}).status == 0);
    wait_for(0.2);
  }

  /// Ctrl+Q; what the program said.
  std::string leave() {
    keys({"ctrl+q"});
    do {
      pollfd request{child_.errors_descriptor(), POLLIN, 0};
      poll(&request, 1, 100);
    } while (child_.read_some());
    CHECK(child_.wait() == 0);
    return child_.errors();
  }

 private:
  Child child_;
  std::string id_;
};

}  // namespace hvlab::test
