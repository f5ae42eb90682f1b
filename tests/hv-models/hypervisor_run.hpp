// The hypervisors of our own on the simulated machine: what their tests share.
#pragma once

#include <unistd.h>

#include <filesystem>

#include "disk_files.hpp"
#include "kernel_run.hpp"

namespace hvlab::test {

struct DiskFile {
  static inline int made = 0;
  std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("hvlab-hypervisors-" + std::to_string(getpid()) + "-" + std::to_string(made++) + ".img");
  DiskFile() { make_disk(path, 8 << 20); }
  ~DiskFile() { std::filesystem::remove(path); }
};

inline KernelRun run_model(const std::string& image, unsigned cores, const std::string& line,
                           const DiskFile& disk) {
  return run_image(image, HVLAB_KERNEL, cores, "exit=debug " + line,
                   {"--module", HVLAB_PROGRAMS, "--disk", disk.path.string() + ",if=ide", "--nic", "e1000",
                    "--net", "peer"});
}

inline const std::string kWorkload =
    "/bin/workload --quick --disk /dev/disk0 --link 10.0.2.2 --link-bulk 10.0.2.2";

inline const lab::WorkloadLog& bare_log() {
  static const lab::WorkloadLog log = [] {
    const DiskFile disk;
    const KernelRun run = run_kernel(
        1, kWorkload, {"--disk", disk.path.string() + ",if=ide", "--nic", "e1000", "--net", "peer"});
    CAPTURE(run.console, run.errors);
    REQUIRE(run.well());
    return lab::parse_workload_log(run.console);
  }();
  return log;
}

inline void check_same(const lab::WorkloadLog& log) { check_same(log, bare_log()); }

}  // namespace hvlab::test
