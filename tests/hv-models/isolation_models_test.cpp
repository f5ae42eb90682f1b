// Guests that attack, under the other hypervisors: what differs from the monolithic one is who else is there
// to be attacked.
#include <filesystem>
#include <fstream>

#include "hypervisor_run.hpp"
#include "isolation_run.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

const AttackedModel kDriverDomain = {
    HVLAB_DRIVER_DOMAIN,
    HVLAB_KERNEL,
    {"--module", HVLAB_PROGRAMS, "--module", HVLAB_HOSTILE, "--module", HVLAB_PROGRAMS},
    "management=vcpus:1,memory:32",
    "",
    true,
    10'000};
// The host's turns are 4 ms; the VMMs are processes as well, and one that is woken goes before.
const AttackedModel kHosted = {HVLAB_KERNEL, HVLAB_HOSTILE_HOSTED, {}, "model=hosted", "", true, 12'000};
// Nobody waits for anybody: single microseconds that are the machine's own.
const AttackedModel kPartition = {
    HVLAB_PARTITION, HVLAB_HOSTILE, {"--module", HVLAB_PROGRAMS}, "", "", false, 0, 10};

}  // namespace

// Would catch: as isolation_test, where there is a management machine, which is a guest too.
TEST_CASE("driver-domain: what attackers do stays in their machines") {
  check_contained({{"memory", "tables", "strings", "registers", "ports"}, 1, 1, "5"}, kDriverDomain);
  check_contained({{"chance", "calls", "instructions", "messages"}, 2, 1, "6"}, kDriverDomain);
  check_contained({{"timer", "io-apic", "triple-fault", "lost-tables"}, 3, 2, "7"}, kDriverDomain);
}

// Would catch: the same, with emulated devices: registers of which a program of the management machine's
// answers.
TEST_CASE("driver-domain: attackers whose devices are emulated") {
  AttackedModel model = kDriverDomain;
  model.attacker = ",disk:ide,net:e1000";
  const DiskFile disk;
  model.options.insert(model.options.end(),
                       {"--disk", disk.path.string() + ",if=ide", "--nic", "e1000", "--net", "peer"});
  check_contained({{"memory", "ports"}, 2, 1, "8"}, model);
  check_contained({{"tables", "io-apic"}, 2, 2, "9"}, model);  // "strings": 15 us an element
}

// Would catch: what a host's process of ring 3 must not be able to do by a guest of its, nor a guest by its
// exits.
TEST_CASE("hosted: what attackers do stays in their processes' machines") {
  check_contained({{"memory", "tables", "strings", "registers"}, 1, 1, "10"}, kHosted);
  check_contained({{"chance", "ports", "calls", "instructions"}, 2, 1, "11"}, kHosted);
  check_contained({{"messages", "timer", "io-apic", "triple-fault", "lost-tables"}, 2, 2, "12"}, kHosted);
}

// Would catch: memory, registers, pins or processors of another partition or of the firmware that are within
// reach. (Not devices: there is no IOMMU.)
TEST_CASE("partition: what attackers do stays in their partitions") {
  check_contained({{"memory", "tables", "strings"}, 4, 1, "13"}, kPartition);
  check_contained({{"registers", "ports", "calls"}, 4, 1, "14"}, kPartition);
  check_contained({{"instructions", "chance", "io-apic"}, 4, 1, "15"}, kPartition);
  check_contained({{"triple-fault", "lost-tables", "timer"}, 4, 1, "16"}, kPartition);
  check_contained({{"messages", "messages"}, 5, 2, "17"}, kPartition);
}
