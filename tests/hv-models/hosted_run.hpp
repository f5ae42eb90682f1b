// The hosted VMM on the simulated machine: what its tests share.
#pragma once

#include "disk_files.hpp"
#include "kernel_run.hpp"
#include "temporary_folder.hpp"

namespace hvlab::test {

inline KernelRun run_hosted(unsigned cores, const std::string& words, const std::string& guests,
                            const std::vector<std::string>& options = {}) {
  return run_image(HVLAB_KERNEL, HVLAB_HOSTED, cores, "exit=debug model=hosted " + words + " -- " + guests,
                   options);
}

// What the workload prints on the machine itself.
inline lab::WorkloadLog bare_log() {
  const KernelRun run = run_kernel(1, "/bin/workload --quick");
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  return lab::parse_workload_log(run.console);
}

/// A guest of `vcpus` on `cores` computes what the machine itself does. Would catch: a world switch that
/// loses a register or the FPU's state, interrupts that are lost between processors, a scheduler that does
/// not stop a guest.
inline void check_computes(unsigned cores, unsigned vcpus, const lab::WorkloadLog& expected) {
  const KernelRun run = run_hosted(cores, "vm1=vcpus:" + std::to_string(vcpus), "run=/bin/workload --quick");
  CAPTURE(cores, vcpus, run.console, run.errors);
  REQUIRE(run.well());
  const lab::WorkloadLog log = lab::parse_workload_log(run.console);
  CHECK(log.processors == vcpus);
  check_same(log, expected);
}

}  // namespace hvlab::test
