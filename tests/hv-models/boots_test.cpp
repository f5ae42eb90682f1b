// Every image boots with one to four processors, and uses all of them.
#include <catch2/catch.hpp>

#include "kernel_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct Image {
  const char *image, *module, *words, *behind;  // `behind` the words: what the kernel or guest is to do
  std::vector<std::string> options;
};

}  // namespace

// Would catch: a processor that does not start, is left out, or waits for one that is not there.
TEST_CASE("every image boots with one to four processors") {
  const std::vector<std::string> programs = {"--module", HVLAB_PROGRAMS};
  const Image images[] = {{HVLAB_KERNEL, HVLAB_PROGRAMS, "", "run=", {}},
                          {HVLAB_KERNEL, HVLAB_HOSTED, "model=hosted vm1=vcpus:", " -- run=", {}},
                          {HVLAB_MONOLITHIC, HVLAB_KERNEL, "vm1=vcpus:", " -- run=", programs},
                          {HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, "vm1=vcpus:", " -- run=", programs},
                          {HVLAB_PARTITION, HVLAB_KERNEL, "vm1=vcpus:", " -- run=", programs}};
  for (const Image& each : images) {
    for (unsigned cores = 1; cores <= 4; ++cores) {
      const std::string number = std::to_string(cores), words = each.words;
      const KernelRun run = run_image(
          each.image, each.module, cores,
          "exit=debug " + words + (words.empty() ? "" : number) + each.behind + "/bin/probe identity",
          each.options, "2s");
      CAPTURE(each.image, each.words, cores, run.console, run.errors);
      CHECK(run.well());
      CHECK(run.console.find("HVLAB kernel ready processors=" + number) != std::string::npos);
      CHECK(run.console.find("probe: number 1, /bin is here") != std::string::npos);
    }
  }
}
