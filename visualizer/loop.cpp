// The loop of the window, and that of pictures for files: nothing is drawn unless something changed.
#include <GLFW/glfw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "sim/base/user_error.hpp"
#include "visualizer/app.hpp"
#include "visualizer/display.hpp"
#include "visualizer/loop.hpp"
#include "visualizer/session.hpp"

namespace hvlab::visualizer {

namespace {

constexpr int kSettle = 3;  // frames until a picture is at rest

// Draws until all is there that the view waits for.
void settle(Window& window, App& app, Picture* picture) {
  constexpr double kLongest = 300;
  for (int calm = 0; calm < kSettle;) {
    window.wait(app.loading() ? 0.02 : 0);
    app.poll();
    app.draw(true, picture);
    calm = app.loading() ? 0 : calm + 1;
    if (glfwGetTime() > kLongest) throw UserError("view: after 300 s what is shown was not all there");
  }
}

void make_files(Window& window, App& app, const Request& request) {
  Picture picture;
  settle(window, app, &picture);
  if (!request.screenshot.empty()) write_png(picture, request.screenshot);
  if (!request.csv.empty()) write_tables(app.csv(), request.csv);
}

}  // namespace

void Loop::turn(Window& window, App& app, double patience) {
  const bool busy = left_ > 0 || app.moving();
  if (window.wait(busy ? 0 : app.watching() ? std::min(patience, 0.05) : patience)) left_ = kSettle;
  if (app.poll()) left_ = kSettle;
  if (left_ == 0 && !app.moving()) return;
  const ViewState before = app.state();
  app.draw();
  left_ = app.state() == before ? std::max(left_ - 1, 0) : kSettle;
}

int run_viewer(const Request& request) {
  const bool hidden = !request.screenshot.empty() || !request.csv.empty();
  const Display display(hidden || request.bench > 0, request.width, request.height);
  Window window(request.width, request.height, hidden);
  App app(window, request);
  if (hidden) {
    make_files(window, app, request);
  } else if (request.bench > 0) {
    run_bench(window, app, request);
  } else {
    Loop loop;
    while (!window.wants_to_close()) loop.turn(window, app);
    remember(session_folder(), request.state.runs,
             {state_to_arguments(app.state()), window.width(), window.height()});
  }
  if (request.verbose)
    std::cerr << fmt::format("{} pictures drawn in {:.1f} s\n", app.frames(), glfwGetTime());
  return 0;
}

}  // namespace hvlab::visualizer
