// What a guest can do to the management machine by split devices: hypercalls, grants, rings, events.
#include "hypervisor_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

KernelRun run_split(unsigned cores, const std::string& disk_interface, const std::string& line) {
  const DiskFile disk;
  return run_image(HVLAB_DRIVER_DOMAIN, HVLAB_KERNEL, cores, "exit=debug " + line,
                   {"--module", HVLAB_PROGRAMS, "--disk", disk.path.string() + ",if=" + disk_interface,
                    "--nic", "e1000", "--net", "peer"});
}

}  // namespace

// Would catch: an argument, a grant, a ring's index or entry that is believed; pages that go away under the
// back end because another grant of them ends; a call of the management machine's that others may make; a
// back end that no longer serves the neighbour.
TEST_CASE("a guest that attacks split devices harms its own") {
  struct Case {
    const char *disk, *attacker;
    unsigned management;
  };
  for (const Case& c : {Case{"ide", "disk:pv,net:pv", 1},
                        {"virtio", "disk:pv,net:pv", 2},
                        {"virtio", "disk:pv,net:e1000", 1},
                        {"ide", "disk:pv,net:pv,transmit:map,offload:on", 2},
                        {"ide", "disk:pv,net:pv,transmit:header,receive:flip,offload:on", 1},
                        {"virtio", "disk:pv,net:pv,transmit:map,receive:flip", 2}}) {
    const KernelRun run =
        run_split(2, c.disk,
                  "management=vcpus:" + std::to_string(c.management) + " vm1=" + c.attacker +
                      " vm2=vcpus:2,disk:pv,net:pv -- attack=split -- run=" + kWorkload);
    CAPTURE(c.disk, c.attacker, c.management, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("vm1: attack: split over, 0 exceptions"));
    CHECK(run.console.find("NOT") == std::string::npos);
    const auto logs = lab::parse_workload_logs(run.console);
    REQUIRE(logs.size() == 2);
    check_same(logs[1]);
  }
}

// Would catch: bytes of the management machine's or a neighbour's around a frame in a page that has changed
// hands; an exchange of a page that the hypervisor follows, that somebody uses, or that was not offered.
TEST_CASE("a guest finds its frames in its pages, and nothing else") {
  for (const char* manner :
       {"", ",receive:flip", ",receive:flip,transmit:map", ",receive:flip,transmit:header,offload:on"}) {
    const KernelRun run = run_split(
        2, "ide",
        std::string("management=vcpus:2 vm1=net:pv") + manner +
            " vm2=net:pv,receive:flip,transmit:map -- attack=card -- run=/bin/bulk --check --kibibytes 400");
    CAPTURE(manner, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.console.find(*manner == 0
                               ? "attack: enough frames came, copied"
                               : "attack: enough frames came, with their pages") != std::string::npos);
    CHECK(run.console.find("NOT") == std::string::npos);
    CHECK(run.console.find("HVLAB phase=receive hash=64000") != std::string::npos);
  }
}

// Would catch: pages of a guest whose devices are emulated, that are the management machine's for good, and
// go away when a grant of one of them ends.
TEST_CASE("a guest can have one device split and the other one emulated") {
  const std::string again = " ; /bin/network ; " + kWorkload + " disk link ; /bin/network";
  for (const char* devices : {"disk:pv,net:e1000", "disk:virtio,net:pv"}) {
    const KernelRun run =
        run_split(2, "ide", std::string("vm1=") + devices + " -- run=/bin/init " + kWorkload + again);
    CAPTURE(devices, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.console.find("network: pattern of 1000 bytes received") != std::string::npos);
  }
}
