#include "sim/lab/demo_runner.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "sim/base/user_error.hpp"
#include "sim/lab/child_pool.hpp"
#include "sim/lab/demo_progress.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/scratch_folder.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kDiskBytes = 4 << 20;  // more than the workload writes

std::string title(const DemoBoot& boot) { return fmt::format("{} x{}", boot.way->name, boot.processors); }

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Runner {
 public:
  explicit Runner(const std::vector<DemoBoot>& boots) : boots_(boots), results_(boots.size()) {
    const std::string disk = scratch_.path() + "/disk.img";
    std::ofstream file(disk, std::ios::binary);
    file.close();
    fs::resize_file(disk, kDiskBytes);
  }

  std::vector<WayRun> run() {
    std::vector<PoolTask> tasks;
    tasks.reserve(boots_.size());
    for (size_t index = 0; index < boots_.size(); ++index) tasks.push_back(task(index));
    if (tasks.size() > 1)
      progress_.note(fmt::format("{} runs on simulated machines, {} at a time", tasks.size(),
                                 std::min(tasks.size(), host_processors())));
    const bool whole =
        run_pool(tasks, host_processors(), progress_, [this](const PoolEnd& end) { finish(end); });
    return whole ? std::move(results_) : std::vector<WayRun>{};
  }

 private:
  std::string directory(size_t index) const { return scratch_.path() + "/" + std::to_string(index); }

  PoolTask task(size_t index) {
    fs::create_directory(directory(index));
    PoolTask made{title(boots_[index]), boot_arguments(boots_[index], directory(index))};
    made.arguments.insert(made.arguments.begin(), "/proc/self/exe");
    return made;
  }

  void finish(const PoolEnd& end) {
    const DemoBoot& boot = boots_[end.index];
    WayRun& result = results_[end.index];
    result.way = boot.way->name;
    result.processors = boot.processors;
    result.host_seconds = end.host_seconds;
    std::vector<WorkloadLog> logs = parse_workload_logs(end.output);
    logs.resize(boot.instances);
    result.log = logs.front();
    result.others.assign(logs.begin() + 1, logs.end());
    const std::string statistics = read_text(directory(end.index) + "/stats.json");
    if (!statistics.empty()) read_statistics(statistics, result);
    if (end.status != exit_status::kPowerOff || !result.log.done) {
      result.failure = fmt::format("the machine ended with status {}{}; its last lines:{}{}", end.status,
                                   result.log.done ? "" : " before the workload was done",
                                   last_lines(end.output, 8), last_lines(end.errors, 4));
    }
    progress_.note(fmt::format("{}: {:.2f} s simulated, {:.0f} million instructions, {:.1f} s on the host{}",
                               title(boot), result.seconds, static_cast<double>(result.instructions) / 1e6,
                               result.host_seconds, result.failure.empty() ? "" : ": failed"));
  }

  const std::vector<DemoBoot>& boots_;
  std::vector<WayRun> results_;
  ScratchFolder scratch_{"demo"};
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
      "--net",
      "peer",
      "--stats",
      directory + "/stats.json"};
  // What is written to an image is dropped at the end, so that one file serves for all.
  for (unsigned i = 0; i < boot.instances; ++i) {
    arguments.insert(arguments.end(), {"--disk", fs::path(directory).parent_path().string() + "/disk.img"});
  }
  return arguments;
}

std::vector<WayRun> run_boots(const std::vector<DemoBoot>& boots) { return Runner(boots).run(); }

}  // namespace hvlab::lab
