// Partitions on the simulated machine: each computes what the machine alone does, and reaches nothing of its
// neighbour's.
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

const std::string kProgram = "/bin/workload --quick --disk /dev/disk0";

struct Disks {
  DiskFile files[2];
  std::vector<std::string> options() const {
    return {"--disk", files[0].path.string() + ",if=virtio", "--disk", files[1].path.string() + ",if=virtio"};
  }
};

KernelRun run_partitions(unsigned cores, const std::string& line, const Disks& disks) {
  std::vector<std::string> options = disks.options();
  options.insert(options.end(), {"--module", HVLAB_PROGRAMS});
  return run_image(HVLAB_PARTITION, HVLAB_KERNEL, cores, "exit=debug " + line, options);
}

lab::WorkloadLog log_of_the_machine(const Disks& disks) {
  const KernelRun run = run_kernel(1, kProgram, disks.options());
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  return lab::parse_workload_log(run.console);
}

}  // namespace

// Would catch: an interrupt that goes to the firmware or to another partition; a device that reads or writes
// somebody else's memory; processors that a partition does not find, or cannot start.
TEST_CASE("a partition computes the same as the machine, alone and beside another one") {
  const Disks disks;
  const lab::WorkloadLog expected = log_of_the_machine(disks);
  struct Case {
    unsigned cores, first, second;  // cores of the machine and of its partitions
  };
  for (const Case& c : {Case{1, 1, 0}, {4, 4, 0}, {2, 1, 1}, {4, 3, 1}}) {
    std::string line = "vm1=disk:virtio,vcpus:" + std::to_string(c.first);
    if (c.second != 0) line += " vm2=disk:virtio,vcpus:" + std::to_string(c.second);
    const KernelRun run = run_partitions(c.cores, line + " -- run=" + kProgram, disks);
    CAPTURE(c.cores, c.first, c.second, run.console, run.errors);
    REQUIRE(run.well());
    const auto logs = lab::parse_workload_logs(run.console);
    REQUIRE(logs.size() == (c.second != 0 ? 2 : 1));
    CHECK(logs[0].processors == c.first);
    for (const lab::WorkloadLog& log : logs) check_same(log, expected);
  }
}

// Would catch: memory, ports, configuration space, pins or processors of a neighbour or of the firmware that
// an attack reaches (hv-models/kernel/attack_hypervisor.cpp). Commands between processors are part of it.
TEST_CASE("a partition that attacks everything harms nobody else") {
  const Disks disks;
  const KernelRun run = run_partitions(
      3, "vm1=vcpus:2,disk:virtio vm2=vcpus:1 -- run=" + kProgram + " -- attack=everything", disks);
  CAPTURE(run.console, run.errors);
  REQUIRE(run.well());
  CHECK(run.console.find("attack: everything over") != std::string::npos);
  CHECK(run.console.find("vm 2 end") < run.console.find("vm 1 end"));
  check_same(lab::parse_workload_logs(run.console).at(0), log_of_the_machine(disks));
}

// Would catch: a mistake in the words that goes unnoticed.
TEST_CASE("what the machine does not have no partition gets") {
  const Disks disks;
  const auto says = [&](const char* line, const char* what) {
    return run_partitions(2, std::string(line) + " -- run=/bin/init", disks).console.find(what) !=
           std::string::npos;
  };
  CHECK(says("vm1=vcpus:2 vm2=vcpus:1", "cores are missing"));
  CHECK(says("vm1=net:e1000", "no further network card"));
  CHECK(says("vm1=paging:shadow", "nested paging"));
}
