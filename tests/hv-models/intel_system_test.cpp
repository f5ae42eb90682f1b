// The teaching systems on Intel's processors, from the same images: their guests compute what the machine
// itself does. The tests of each system run on such a processor too, as slow ones (CMakeLists.txt).
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

// Would catch: a field of the VMCS that one system needs and another does not; an exit that is described
// wrongly; a system that works on AMD's processors alone.
TEST_CASE("each teaching system's guest computes the same on Intel's processors") {
  struct Case {
    const char *profile, *image, *first, *second;  // what is loaded, and what the loader gives it
    unsigned cores;
    const char* words;
  };
  for (const Case& c :
       {Case{"intel-skylake", HVLAB_MONOLITHIC, HVLAB_KERNEL, HVLAB_PROGRAMS, 2, "vm1=vcpus:2"},
        {"intel-skylake", HVLAB_MONOLITHIC, HVLAB_KERNEL, HVLAB_PROGRAMS, 1, "vm1=paging:shadow"},
        {"intel-penryn", HVLAB_MONOLITHIC, HVLAB_KERNEL, HVLAB_PROGRAMS, 1, "vm1=paging:shadow"},
        {"intel-skylake", HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, HVLAB_PROGRAMS, 1, "vm1=vcpus:1"},
        {"intel-icelake", HVLAB_PARTITION, HVLAB_KERNEL, HVLAB_PROGRAMS, 1, "vm1=vcpus:1"},
        {"intel-skylake", HVLAB_KERNEL, HVLAB_HOSTED, nullptr, 1, "model=hosted vm1=vcpus:1"}}) {
    std::vector<std::string> options = {"--cpu", c.profile};
    if (c.second != nullptr) options.insert(options.end(), {"--module", c.second});
    const KernelRun run =
        run_image(c.image, c.first, c.cores,
                  std::string("exit=debug ") + c.words + " -- exit=debug run=/bin/workload --quick", options);
    CAPTURE(c.profile, c.image, c.words, run.console, run.errors);
    REQUIRE(run.well());
    static const lab::WorkloadLog expected =
        lab::parse_workload_log(run_kernel(1, "/bin/workload --quick").console);
    REQUIRE(expected.done);
    check_same(lab::parse_workload_log(run.console), expected);
  }
}

// Would catch: a machine that is started and then fails at its first entry.
TEST_CASE("nested paging on a processor without EPT is refused in one line") {
  const KernelRun run =
      run_image(HVLAB_MONOLITHIC, HVLAB_KERNEL, 1, "exit=debug vm1=vcpus:1 -- run=/bin/init",
                {"--cpu", "intel-penryn", "--module", HVLAB_PROGRAMS});
  CAPTURE(run.console);
  CHECK(run.console.find("nested paging needs a processor with EPT and unrestricted guests") !=
        std::string::npos);
}
