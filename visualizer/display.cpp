#include "visualizer/display.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <cstdlib>

#include "sim/base/user_error.hpp"

namespace hvlab::visualizer {

Display::Display(bool hidden, int width, int height) {
  const char* display = std::getenv("DISPLAY");
  if (display != nullptr && *display != '\0') return;
  if (!hidden)
    throw UserError("view: there is no display (DISPLAY is not set); --screenshot FILE.png needs none");
  // It says on its standard output which number it has taken, once it can be used.
  const std::vector<std::string> words = {
      "Xvfb", "-displayfd", "1", "-screen", "0", fmt::format("{}x{}x24", width, height), "-nolisten", "tcp"};
  server_ = std::make_unique<Child>(words, false);
  bool alive = true;
  while (alive && server_->output().find('\n') == std::string::npos) {
    pollfd request{server_->output_descriptor(), POLLIN, 0};
    poll(&request, 1, 1000);
    alive = server_->read_some();
  }
  if (!alive) {
    const int status = server_->wait();
    server_.reset();
    throw UserError(status == 127 ? "view: a picture without a display needs Xvfb; install the package xvfb"
                                  : "view: Xvfb ended with status " + std::to_string(status));
  }
  const std::string number = server_->output().substr(0, server_->output().find('\n'));
  setenv("DISPLAY", (":" + number).c_str(), 1);
}

Display::~Display() = default;

}  // namespace hvlab::visualizer
