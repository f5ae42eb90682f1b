// The kernel on the simulated machine: what its tests share.
#pragma once

#include <poll.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "sim/base/child.hpp"
#include "sim/lab/workload_log.hpp"

namespace hvlab::test {

struct KernelRun {
  int status = -1;      // of `hvlab boot`; 1 when the first process ended well, 3 when it did not
  std::string console;  // without carriage returns
  std::string errors;
  bool well() const { return status == 1; }  // debug exit of value 0: (0 << 1) | 1
  /// True if the console has exactly this line.
  bool says(const std::string& line) const {
    return ("\n" + console).find("\n" + line + "\n") != std::string::npos;
  }
};

/// Reads all that `child` says, until it ends.
inline int finish(Child& child) {
  do {
    pollfd streams[] = {{child.output_descriptor(), POLLIN, 0}, {child.errors_descriptor(), POLLIN, 0}};
    poll(streams, 2, -1);
  } while (child.read_some());
  return child.wait();
}

/// The profile that machines have whose test does not choose one: HVLAB_TEST_PROFILE, so that the same tests
/// run on both vendors' processors; "": the simulator's own choice.
inline std::string test_profile() {
  const char* name = std::getenv("HVLAB_TEST_PROFILE");
  return name == nullptr ? "" : name;
}
inline bool on_intel() { return test_profile().starts_with("intel-"); }

/// Runs an image of ours on `processors`, with more options of `hvlab boot`.
inline KernelRun run_image(const std::string& image, const std::string& module, unsigned processors,
                           const std::string& command_line, const std::vector<std::string>& options = {},
                           const std::string& most_time = "60s") {
  std::vector<std::string> command = {
      HVLAB_PROGRAM, "boot",      "--reproducible", "--debug-exit",
      "--max-time",  most_time,   "--cpus",         std::to_string(processors),
      "--kernel",    image,       "--initrd",       module,
      "--append",    command_line};
  command.insert(command.end(), options.begin(), options.end());
  if (!test_profile().empty() && std::ranges::find(options, "--cpu") == options.end())
    command.insert(command.end(), {"--cpu", test_profile()});
  Child child(command, false);
  KernelRun run;
  run.status = finish(child);
  run.console = child.output();
  run.errors = child.errors();
  std::erase(run.console, '\r');
  return run;
}

/// Runs `program` (with arguments) as the kernel's first process on `processors`, with more options of `hvlab
/// boot` and more `words` on the kernel's command line.
inline KernelRun run_kernel(unsigned processors, const std::string& program,
                            const std::vector<std::string>& options = {}, const std::string& words = "") {
  return run_image(HVLAB_KERNEL, HVLAB_PROGRAMS, processors, "exit=debug " + words + " run=" + program,
                   options);
}

/// How often `what` is in `text`.
inline unsigned number_of(const std::string& text, const std::string& what) {
  unsigned count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

/// The workload has ended, and computed what another one did.
inline void check_same(const lab::WorkloadLog& log, const lab::WorkloadLog& expected) {
  CHECK(log.done);
  REQUIRE(log.phases.size() == expected.phases.size());
  for (size_t i = 0; i < log.phases.size(); ++i) {
    CHECK(log.phases[i].name == expected.phases[i].name);
    CHECK(log.phases[i].hash == expected.phases[i].hash);
  }
}

}  // namespace hvlab::test
