// hvlab view RUN --bench: how fast the window draws, on this machine's OpenGL.
#include <GL/gl.h>
#include <GLFW/glfw3.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "visualizer/loop.hpp"

namespace hvlab::visualizer {

namespace {

// Seconds since this process began: field 22 of /proc/self/stat is when, in clock ticks since the host did
// (proc(5)).
double seconds_alive() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const double began = std::strtod(field.c_str(), nullptr) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - began;
}

// Into the middle of it all by a tenth a frame until a ten-thousandth shows, there to the right by a fortieth
// of what shows, and out again.
class Script {
 public:
  explicit Script(std::pair<PicosecondDelta, PicosecondDelta> whole)
      : begin_(static_cast<double>(whole.first)),
        length_(std::max(static_cast<double>(whole.second - whole.first), 1e6)),
        from_(begin_),
        span_(length_) {}

  void step(ViewState& state) {
    constexpr int kZooms = 88, kPans = 80;  // 0.9^88 is about 1 / 10 000
    const int at = step_++ % (2 * kZooms + 2 * kPans);
    if (at < kZooms)
      zoom(0.9);
    else if (at < kZooms + kPans)
      from_ += span_ / 40;
    else if (at < 2 * kZooms + kPans)
      zoom(1 / 0.9);
    else
      from_ += (at - 2 * kZooms - kPans < kPans / 2 ? 1 : -1) * span_ / 200;
    state.from = static_cast<PicosecondDelta>(std::llround(from_));
    state.until = static_cast<PicosecondDelta>(std::llround(from_ + span_));
    if (state.view == "cluster") scrub(state);
  }

 private:
  // All hosts at another moment in each frame, from the beginning to the end and back, whatever is shown.
  void scrub(ViewState& state) const {
    constexpr int kSteps = 400;
    const int at = step_ % (2 * kSteps);
    const double part = static_cast<double>(at < kSteps ? at : 2 * kSteps - at) / kSteps;
    state.at = static_cast<PicosecondDelta>(std::llround(begin_ + part * length_));
  }
  void zoom(double factor) {
    const double middle = from_ + span_ * 0.5;
    span_ *= factor;
    from_ = middle - span_ * 0.5;
  }

  double begin_, length_, from_, span_;
  int step_ = 0;
};

double timed_frame(Window& window, App& app) {
  const double begin = glfwGetTime();
  window.wait(0);
  app.poll();
  app.draw();
  glFinish();
  return 1000 * (glfwGetTime() - begin);
}

struct Figures {
  double first_ms = 0;        // from the process's start until its first picture
  std::vector<double> times;  // of frames, in milliseconds
  unsigned at_rest = 0;       // frames in a second in which nothing happens
};

Figures measure(Window& window, App& app, double seconds) {
  Figures figures;
  glfwSwapInterval(0);  // not the display's pace
  timed_frame(window, app);
  while (app.loading()) timed_frame(window, app);
  figures.first_ms = 1000 * seconds_alive();
  Script script(app.runs().span());
  const double end_of_script = glfwGetTime() + seconds;
  do {  // one frame at least: figures are of some
    script.step(app.state());
    figures.times.push_back(timed_frame(window, app));
  } while (glfwGetTime() < end_of_script && !window.wants_to_close());
  Loop loop;
  for (int i = 0; i < 30; ++i) loop.turn(window, app, 0.01);  // what the last step set off
  const unsigned before = app.frames();
  for (const double end = glfwGetTime() + 1; glfwGetTime() < end;) loop.turn(window, app, 0.1);
  figures.at_rest = app.frames() - before;
  return figures;
}

}  // namespace

void run_bench(Window& window, App& app, const Request& request) {
  Figures figures = measure(window, app, request.bench);
  std::vector<double>& times = figures.times;
  std::ranges::sort(times);
  const double sum = std::accumulate(times.begin(), times.end(), 0.0),
               count = static_cast<double>(times.size());
  const auto part = [&](double share) {
    return times[std::min(times.size() - 1, static_cast<size_t>(share * count))];
  };
  const auto* renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  if (request.json) {
    const nlohmann::ordered_json document = {
        {"schema", "hvlab.view-bench/1"}, {"view", app.state().view},
        {"renderer", renderer},           {"width", window.width()},
        {"height", window.height()},      {"first_frame_ms", figures.first_ms},
        {"frames", times.size()},         {"frames_per_second", 1000 * count / sum},
        {"mean_ms", sum / count},         {"p99_ms", part(0.99)},
        {"worst_ms", times.back()},       {"frames_at_rest", figures.at_rest}};
    std::cout << document.dump(2) << '\n';
    return;
  }
  std::cout << fmt::format("{} at {}x{} on {}\n", app.state().view, window.width(), window.height(), renderer)
            << fmt::format("first picture   {:8.0f} ms after the program's start\n", figures.first_ms)
            << fmt::format("frames          {:8} in {:.1f} s: {:.1f} frames/s\n", times.size(), sum / 1000,
                           1000 * count / sum)
            << fmt::format("a frame         {:8.1f} ms; 99 % below {:.1f} ms; the worst {:.1f} ms\n",
                           sum / count, part(0.99), times.back())
            << fmt::format("at rest         {:8} frames drawn in a second\n", figures.at_rest);
}

}  // namespace hvlab::visualizer
