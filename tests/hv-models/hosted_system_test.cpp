// The hosted VMM on the teaching kernel: guests compute what the machine itself does, with one to four
// processors.
#include <catch2/catch.hpp>

#include "kernel_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

KernelRun run_hosted(unsigned cores, const std::string& words, const std::string& guests,
                     const std::vector<std::string>& options = {}) {
  return run_image(HVLAB_KERNEL, HVLAB_HOSTED, cores, "exit=debug model=hosted " + words + " -- " + guests,
                   options);
}

// What the workload prints on the machine itself.
lab::WorkloadLog bare_log() {
  const KernelRun run = run_kernel(1, "/bin/workload --quick");
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  return lab::parse_workload_log(run.console);
}

void check_same(const lab::WorkloadLog& log, const lab::WorkloadLog& expected) {
  CHECK(log.done);
  REQUIRE(log.phases.size() == expected.phases.size());
  for (size_t i = 0; i < log.phases.size(); ++i) {
    CHECK(log.phases[i].name == expected.phases[i].name);
    CHECK(log.phases[i].hash == expected.phases[i].hash);
  }
}

}  // namespace

// Would catch: a world switch that loses a register or the FPU's state, interrupts that are lost between
// processors, a scheduler that does not stop a guest.
TEST_CASE("a guest computes the same as the machine, with any number of processors on any number") {
  const lab::WorkloadLog expected = bare_log();
  struct Case {
    unsigned cores, vcpus;
  };
  for (const Case& c : {Case{1, 1}, Case{1, 2}, Case{2, 4}, Case{3, 2}, Case{4, 4}}) {
    const KernelRun run =
        run_hosted(c.cores, "vm1=vcpus:" + std::to_string(c.vcpus), "run=/bin/workload --quick");
    CAPTURE(c.cores, c.vcpus, run.console, run.errors);
    REQUIRE(run.well());
    const lab::WorkloadLog log = lab::parse_workload_log(run.console);
    CHECK(log.processors == c.vcpus);
    check_same(log, expected);
  }
}

// Would catch: machines that share what is each one's own; lines that mix.
TEST_CASE("several machines run beside each other, and each says which it is") {
  const lab::WorkloadLog expected = bare_log();
  const KernelRun run = run_hosted(2, "vm1=vcpus:2 vm2=vcpus:1 vm3=vcpus:2", "run=/bin/workload --quick");
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  const std::vector<lab::WorkloadLog> logs = lab::parse_workload_logs(run.console);
  REQUIRE(logs.size() == 3);
  for (const lab::WorkloadLog& log : logs) check_same(log, expected);
}

TEST_CASE("mistakes in the command line are told, and nothing runs") {
  const KernelRun run = run_hosted(1, "vm1=disk:scsi", "run=/bin/workload");
  CHECK_FALSE(run.well());
  CHECK(run.says("vmm: vm1=disk:scsi: disk is one of: none, ide, virtio, pv"));
  const KernelRun large = run_hosted(1, "vm1=memory:600", "run=/bin/workload");
  CHECK_FALSE(large.well());
}
