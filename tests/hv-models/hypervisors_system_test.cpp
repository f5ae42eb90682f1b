// The hypervisors of our own on the simulated machine: their guests compute what the machine itself does,
// whatever their devices are and however many processors there are.
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

// Would catch: a world switch that loses a register; interrupts lost between processors; devices and drivers
// that lose, repeat or mix up data; a ring whose sides both sleep.
TEST_CASE(
    "a guest computes the same as the machine, with each kind of devices and any number of processors") {
  struct Case {
    const char* image;
    unsigned cores, vcpus;
    const char* devices;
  };
  const DiskFile disk;
  for (const Case& c : {Case{HVLAB_MONOLITHIC, 1, 1, "disk:ide,net:e1000"},
                        {HVLAB_MONOLITHIC, 2, 4, "disk:virtio,net:virtio"},
                        {HVLAB_MONOLITHIC, 3, 2, "disk:ide,net:virtio"},
                        {HVLAB_MONOLITHIC, 2, 3, "disk:ide,net:e1000,paging:shadow"},
                        {HVLAB_MONOLITHIC, 4, 4, "disk:virtio,net:e1000"},
                        {HVLAB_DRIVER_DOMAIN, 1, 1, "disk:pv,net:pv"},
                        {HVLAB_DRIVER_DOMAIN, 2, 2, "disk:pv,net:pv"},
                        {HVLAB_DRIVER_DOMAIN, 3, 1, "disk:pv,net:pv"},
                        {HVLAB_DRIVER_DOMAIN, 4, 4, "disk:pv,net:pv"},
                        {HVLAB_DRIVER_DOMAIN, 1, 1, "disk:ide,net:e1000"},
                        {HVLAB_DRIVER_DOMAIN, 3, 2, "disk:virtio,net:virtio"}}) {
    const KernelRun run =
        run_model(c.image, c.cores,
                  "vm1=vcpus:" + std::to_string(c.vcpus) + "," + c.devices + " -- run=" + kWorkload, disk);
    CAPTURE(c.image, c.cores, c.vcpus, c.devices, run.console, run.errors);
    REQUIRE(run.well());
    const lab::WorkloadLog log = lab::parse_workload_log(run.console);
    CHECK(log.processors == c.vcpus);
    check_same(log);
  }
}

// Would catch: machines that share what is each one's own: parts of the disk, addresses, frames.
TEST_CASE("several machines work beside each other with one disk and one card") {
  const DiskFile disk;
  struct Case {
    const char* image;
    const char* first;
    const char* second;
  };
  for (const Case& c : {Case{HVLAB_MONOLITHIC, "disk:ide,net:e1000", "disk:virtio,net:virtio"},
                        {HVLAB_DRIVER_DOMAIN, "disk:pv,net:pv", "disk:pv,net:pv"},
                        {HVLAB_DRIVER_DOMAIN, "disk:ide,net:pv", "disk:pv,net:e1000"}}) {
    const KernelRun run = run_model(
        c.image, 4,
        std::string("vm1=vcpus:4,") + c.first + " vm2=vcpus:2," + c.second + " -- run=" + kWorkload, disk);
    CAPTURE(c.image, run.console, run.errors);
    REQUIRE(run.well());
    const auto logs = lab::parse_workload_logs(run.console);
    REQUIRE(logs.size() == 2);
    for (const lab::WorkloadLog& log : logs) check_same(log);
  }
}

// Would catch: a word that changes nothing. Tables of small pages take memory of their own.
TEST_CASE("the second stage can be of small pages") {
  const DiskFile disk;
  u64 memory[2] = {};
  for (const bool small : {false, true}) {
    const KernelRun run =
        run_model(HVLAB_MONOLITHIC, 1,
                  std::string("vm1=pages:") + (small ? "small" : "large") + " -- run=/bin/probe", disk);
    CAPTURE(small, run.console, run.errors);
    const size_t at = run.console.find("instance=1 memory=");
    REQUIRE(at != std::string::npos);
    memory[small] = std::stoull(run.console.substr(at + 18));
  }
  CHECK(memory[1] - memory[0] == 32 * 4096);  // a table for each 2 MiB of 64
}

// Would catch: a mistake in the words that goes unnoticed.
TEST_CASE("what a hypervisor cannot do it says") {
  const DiskFile disk;
  CHECK(run_model(HVLAB_MONOLITHIC, 1, "vm1=disk:pv -- run=/bin/init", disk).console.find("pv devices") !=
        std::string::npos);
  CHECK(run_model(HVLAB_MONOLITHIC, 1, "vm1=memory:2048 -- run=/bin/init", disk)
            .console.find("not enough memory") != std::string::npos);
}
