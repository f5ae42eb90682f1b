// The kernel boots and runs programs, with one to four processors.
#include <catch2/catch.hpp>

#include "kernel_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

// The phases of one run of the workload by this host's own kernel: what every other has to print too.
lab::WorkloadLog on_this_host(const std::vector<std::string>& phases) {
  std::vector<std::string> command = {HVLAB_WORKLOAD, "--quick"};
  command.insert(command.end(), phases.begin(), phases.end());
  lab::Child child(command, false);
  REQUIRE(finish(child) == 0);
  return lab::parse_workload_log(child.output());
}

}  // namespace

TEST_CASE("the workload that Linux runs computes the same here, whatever the number of processors") {
  const std::vector<std::string> phases = {"cpu", "stream", "chase", "syscall", "pipe", "process", "file"};
  const lab::WorkloadLog expected = on_this_host(phases);
  REQUIRE(expected.phases.size() == phases.size());
  std::string words;
  for (const std::string& phase : phases) words += " " + phase;
  for (unsigned processors = 1; processors <= 4; ++processors) {
    const KernelRun run = run_kernel(processors, "/bin/workload --quick" + words);
    CAPTURE(processors, run.console, run.errors);
    REQUIRE(run.well());
    const lab::WorkloadLog log = lab::parse_workload_log(run.console);
    CHECK(log.done);
    CHECK(log.processors == processors);
    REQUIRE(log.phases.size() == expected.phases.size());
    for (size_t i = 0; i < log.phases.size(); ++i) {
      CHECK(log.phases[i].name == expected.phases[i].name);
      CHECK(log.phases[i].hash == expected.phases[i].hash);
    }
  }
}
