#include "sim/lab/child_pool.hpp"

#include <poll.h>

#include <algorithm>
#include <csignal>
#include <list>
#include <thread>

#include "sim/base/child.hpp"

namespace hvlab::lab {

namespace {

volatile std::sig_atomic_t g_stopped = 0;

void note_stop(int) { g_stopped = 1; }

struct Running {
  size_t index;
  Child child;
  double started;
};

/// Until one of them says something or ends; a quarter of a second at most.
void wait_for_output(const std::list<Running>& running) {
  std::vector<pollfd> requests;
  for (const Running& run : running) {
    for (const int descriptor : {run.child.output_descriptor(), run.child.errors_descriptor()}) {
      if (descriptor >= 0) requests.push_back({descriptor, POLLIN, 0});
    }
  }
  poll(requests.data(), requests.size(), 250);
}

}  // namespace

struct StopNoted::Saved {
  struct sigaction interrupt{}, terminate{};
};

StopNoted::StopNoted() : saved_(new Saved) {
  g_stopped = 0;
  struct sigaction action{};
  action.sa_handler = note_stop;  // without SA_RESTART: poll() returns
  sigaction(SIGINT, &action, &saved_->interrupt);
  sigaction(SIGTERM, &action, &saved_->terminate);
}

StopNoted::~StopNoted() {
  sigaction(SIGINT, &saved_->interrupt, nullptr);
  sigaction(SIGTERM, &saved_->terminate, nullptr);
  delete saved_;
}

bool StopNoted::stopped() { return g_stopped != 0; }

size_t host_processors() { return std::max(1U, std::thread::hardware_concurrency()); }

bool run_pool(const std::vector<PoolTask>& tasks, size_t at_once, ProgressLine& line,
              const std::function<void(const PoolEnd&)>& ended) {
  const StopNoted stop;
  std::list<Running> running;  // its end stops and waits for those that are left
  size_t next = 0;
  while ((next < tasks.size() || !running.empty()) && !StopNoted::stopped()) {
    for (; next < tasks.size() && running.size() < at_once; ++next)
      running.push_back({next, Child(tasks[next].arguments, false), host_seconds()});
    wait_for_output(running);
    std::vector<std::string> texts;
    for (auto run = running.begin(); run != running.end() && !StopNoted::stopped();) {
      if (run->child.read_some()) {
        texts.push_back(tasks[run->index].title + ": " + last_progress(run->child.errors()));
        ++run;
        continue;
      }
      const int status = run->child.wait();
      if (StopNoted::stopped()) break;
      ended({run->index, status, run->child.output(), run->child.errors(), host_seconds() - run->started});
      run = running.erase(run);
    }
    line.show(texts);
  }
  line.clear();
  for (Running& run : running) run.child.stop();  // all at once, before waiting for each
  return !StopNoted::stopped();
}

}  // namespace hvlab::lab
