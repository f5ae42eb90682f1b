#include "sim/lab/demo_runner.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <list>
#include <thread>

#include "sim/base/user_error.hpp"
#include "sim/lab/child.hpp"
#include "sim/lab/demo_progress.hpp"
#include "sim/lab/exit_status.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kDiskBytes = 4 << 20;  // more than the workload writes

volatile std::sig_atomic_t g_stopped = 0;

void note_stop(int) { g_stopped = 1; }

/// While it lives, Ctrl-C and SIGTERM are noted instead of ending the program, so that the runs can be ended
/// first.
class StopNoted {
 public:
  StopNoted() {
    g_stopped = 0;
    struct sigaction action{};
    action.sa_handler = note_stop;  // without SA_RESTART: poll() returns
    sigaction(SIGINT, &action, &interrupt_);
    sigaction(SIGTERM, &action, &terminate_);
  }
  ~StopNoted() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGTERM, &terminate_, nullptr);
  }
  StopNoted(const StopNoted&) = delete;
  StopNoted& operator=(const StopNoted&) = delete;

 private:
  struct sigaction interrupt_{}, terminate_{};
};

/// A directory of its own, gone at the end.
class Scratch {
 public:
  Scratch() : path_((fs::temp_directory_path() / "hvlab-demo-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) throw UserError("cannot make a directory in '" + path_ + "'");
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string title(const DemoBoot& boot) { return fmt::format("{} x{}", boot.way->name, boot.processors); }

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Running {
  size_t index;
  Child child;
  double started;
};

class Runner {
 public:
  explicit Runner(const std::vector<DemoBoot>& boots) : boots_(boots), results_(boots.size()) {
    const std::string disk = scratch_.path() + "/disk.img";
    std::ofstream file(disk, std::ios::binary);
    file.close();
    fs::resize_file(disk, kDiskBytes);
  }

  std::vector<WayRun> run() {
    const size_t at_once = std::max(1U, std::thread::hardware_concurrency());
    size_t next = 0;
    while ((next < boots_.size() || !running_.empty()) && g_stopped == 0) {
      while (next < boots_.size() && running_.size() < at_once) start(next++);
      wait_for_output();
      collect();
    }
    progress_.clear();
    if (g_stopped == 0) return std::move(results_);
    running_.clear();  // stops them and waits
    return {};
  }

 private:
  std::string directory(size_t index) const { return scratch_.path() + "/" + std::to_string(index); }

  void start(size_t index) {
    fs::create_directory(directory(index));
    std::vector<std::string> command = boot_arguments(boots_[index], directory(index));
    command.insert(command.begin(), "/proc/self/exe");
    running_.push_back({index, Child(command, false), host_seconds()});
  }

  void wait_for_output() {
    std::vector<pollfd> requests;
    for (const Running& run : running_) {
      for (const int descriptor : {run.child.output_descriptor(), run.child.errors_descriptor()}) {
        if (descriptor >= 0) requests.push_back({descriptor, POLLIN, 0});
      }
    }
    poll(requests.data(), requests.size(), 250);
  }

  void collect() {
    std::vector<std::string> texts;
    for (auto run = running_.begin(); run != running_.end();) {
      if (run->child.read_some()) {
        texts.push_back(title(boots_[run->index]) + ": " + last_progress(run->child.errors()));
        ++run;
      } else {
        finish(*run);
        run = running_.erase(run);
      }
    }
    progress_.show(texts);
  }

  void finish(Running& run) {
    const DemoBoot& boot = boots_[run.index];
    WayRun& result = results_[run.index];
    const int status = run.child.wait();
    if (g_stopped != 0) return;
    result.way = boot.way->name;
    result.processors = boot.processors;
    result.host_seconds = host_seconds() - run.started;
    std::vector<WorkloadLog> logs = parse_workload_logs(run.child.output());
    logs.resize(boot.instances);
    result.log = logs.front();
    result.others.assign(logs.begin() + 1, logs.end());
    const std::string statistics = read_text(directory(run.index) + "/stats.json");
    if (!statistics.empty()) read_statistics(statistics, result);
    if (status != exit_status::kPowerOff || !result.log.done) {
      result.failure = fmt::format("the machine ended with status {}{}; its last lines:{}{}", status,
                                   result.log.done ? "" : " before the workload was done",
                                   last_lines(run.child.output(), 8), last_lines(run.child.errors(), 4));
    }
    progress_.note(fmt::format("{}: {:.2f} s simulated, {:.0f} million instructions, {:.1f} s on the host{}",
                               title(boot), result.seconds, static_cast<double>(result.instructions) / 1e6,
                               result.host_seconds, result.failure.empty() ? "" : ": failed"));
  }

  const std::vector<DemoBoot>& boots_;
  std::vector<WayRun> results_;
  std::list<Running> running_;
  Scratch scratch_;
  ProgressLine progress_;
};

}  // namespace

std::vector<std::string> boot_arguments(const DemoBoot& boot, const std::string& directory) {
  std::vector<std::string> arguments = {
      "boot",
      "--reproducible",
      "--progress",
      "--kernel",
      boot.kernel,
      "--loader",
      "pvh",
      "--initrd",
      boot.initrd,
      "--append",
      demo_command_line(*boot.way, boot.instances, boot.quick),
      "--memory",
      std::to_string(boot.way->memory + (boot.instances - 1) * boot.way->more_memory) + "M",
      "--cpu",
      boot.way->processor,
      "--cpus",
      std::to_string(boot.processors),
      "--stats",
      directory + "/stats.json"};
  // What is written to an image is dropped at the end, so that one file serves for all.
  for (unsigned i = 0; i < boot.instances; ++i) {
    arguments.insert(arguments.end(), {"--disk", fs::path(directory).parent_path().string() + "/disk.img"});
  }
  return arguments;
}

std::vector<WayRun> run_boots(const std::vector<DemoBoot>& boots) {
  const StopNoted stop;
  return Runner(boots).run();
}

}  // namespace hvlab::lab
