// Guests that attack, under every hypervisor that has them to itself.
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

// Would catch: a guest that reaches its hypervisor, its neighbour or the management machine: from ring 0, by
// instructions, MSRs, hypercalls, ports, addresses, interrupts, and emulated devices programmed by chance.
TEST_CASE("a guest that attacks its hypervisor harms itself alone") {
  const DiskFile disk;
  struct Case {
    const char* image;
    const char* attacker;
  };
  for (const Case& c :
       {Case{HVLAB_MONOLITHIC, "disk:ide,net:virtio"}, Case{HVLAB_DRIVER_DOMAIN, "disk:virtio,net:e1000"},
        Case{HVLAB_DRIVER_DOMAIN, "disk:pv,net:pv"}}) {
    const std::string neighbour =
        std::string(c.image) == HVLAB_MONOLITHIC ? "disk:virtio,net:e1000" : "disk:pv,net:pv";
    const KernelRun run = run_model(c.image, 2,
                                    std::string("vm1=") + c.attacker + " vm2=vcpus:2," + neighbour +
                                        " -- attack=everything -- run=" + kWorkload,
                                    disk);
    CAPTURE(c.image, c.attacker, run.console, run.errors);
    CHECK(run.console.find("attack: everything over") != std::string::npos);
    const auto logs = lab::parse_workload_logs(run.console);
    REQUIRE(logs.size() == 2);
    check_same(logs[1]);
  }
}
