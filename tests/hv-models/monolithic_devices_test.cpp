// The monolithic hypervisor's devices: what guests write reaches their part of the machine's disk by every
// way, and nobody else's; the switch connects them; what a hostile guest does with its devices harms itself
// alone.
#include "disk_files.hpp"
#include "kernel_run.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace fs = std::filesystem;

namespace {

constexpr size_t kDiskBytes = 16 << 20, kHalf = kDiskBytes / 2;

KernelRun run_guests(unsigned cores, const std::string& words, const std::vector<std::string>& options) {
  std::vector<std::string> all = {"--module", HVLAB_PROGRAMS};
  all.insert(all.end(), options.begin(), options.end());
  return run_image(HVLAB_MONOLITHIC, HVLAB_KERNEL, cores, "exit=debug " + words, all);
}

std::string persistent(const fs::path& disk, const std::string& interface) {
  return disk.string() + ",if=" + interface + ",persist";
}

}  // namespace

// Would catch: sectors that are mixed up, lost, cached for ever or put into another machine's part, by any of
// the models that a guest may have and any driver of the machine's.
TEST_CASE(
    "what a guest writes by each virtual disk is in its part of the machine's disk, and nothing elsewhere") {
  const TemporaryFolder folder("monolithic");
  const fs::path disk = folder.path / "disk", part = folder.path / "part";
  struct Machine {
    const char *interface, *words, *kind;
  };
  struct Guest {
    const char *disk, *words, *kind;
  };
  for (const Machine& machine :
       {Machine{"ide", "", "ide-dma"}, {"ide", "ide=pio ", "ide-pio"}, {"virtio", "", "virtio"}}) {
    for (const Guest& guest :
         {Guest{"ide", "", "ide-dma"}, {"ide", "ide=pio ", "ide-pio"}, {"virtio", "", "virtio"}}) {
      const std::string before = disk_contents(kDiskBytes);
      write_file(disk, before);
      const KernelRun run =
          run_guests(2,
                     std::string(machine.words) + "vm1=disk:virtio vm2=disk:" + guest.disk +
                         " -- run=/bin/probe identity -- " + guest.words +
                         "run=/bin/init /bin/mount --format /dev/disk0 /mnt ; /bin/files /mnt keep",
                     {"--disk", persistent(disk, machine.interface)});
      CAPTURE(machine.kind, guest.kind, run.console, run.errors);
      REQUIRE(run.well());
      CHECK(run.says("vm2: files: 12 checked in /mnt"));
      CHECK(run.console.find(std::string("hypervisor disk=") + machine.kind) != std::string::npos);
      CHECK(run.console.find(std::string("kernel disk=disk0 kind=") + guest.kind) != std::string::npos);
      const std::string after = read_file(disk);
      REQUIRE(after.size() == kDiskBytes);
      CHECK(after.compare(0, kHalf, before, 0, kHalf) == 0);
      // The machine itself finds the files in that half.
      write_file(part, after.substr(kHalf));
      const KernelRun check = run_kernel(1, "/bin/init /bin/mount /dev/disk0 /mnt ; /bin/files /mnt check",
                                         {"--disk", part.string()});
      CAPTURE(check.console, check.errors);
      CHECK(check.well());
      CHECK(check.says("files: 12 checked in /mnt"));
    }
  }
}

// Would catch: registers, tables or rings by chance that reach the neighbour's part, its frames, or the
// hypervisor; a flood or senders' addresses by chance that end the switch.
TEST_CASE("a guest that drives its devices by chance harms nobody's data and nobody's network") {
  const TemporaryFolder folder("monolithic");
  const fs::path disk = folder.path / "disk";
  for (const char* devices : {"disk:ide,net:e1000", "disk:virtio,net:virtio"}) {
    const std::string before = disk_contents(kDiskBytes);
    write_file(disk, before);
    const KernelRun run = run_guests(2,
                                     std::string("vm1=") + devices +
                                         " vm2=disk:virtio,net:virtio -- attack=everything -- "
                                         "run=/bin/init /bin/network ; /bin/network",
                                     {"--disk", persistent(disk, "ide"), "--net", "peer", "--nic", "e1000"});
    CAPTURE(devices, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.console.find("vm1: attack: everything over") != std::string::npos);
    CHECK(run.says("vm2: network: pattern of 1000 bytes received"));
    const std::string after = read_file(disk);
    CHECK(after.compare(kHalf, kHalf, before, kHalf, kHalf) == 0);
  }
}

// Would catch: a switch that sends guests' frames to the wire alone, or back to where they came from;
// addresses that are not each one's own.
TEST_CASE("guests and the host at the wire's end reach each other through the switch") {
  for (const char* card : {"e1000", "virtio"}) {
    for (const unsigned cores : {1u, 2u, 4u}) {
      const KernelRun run =
          run_guests(cores,
                     std::string("vm1=vcpus:2,net:e1000 vm2=net:virtio vm3=net:e1000 "
                                 "-- run=/bin/init /bin/network ; /bin/network ping 10.0.2.22 ; "
                                 "/bin/network echo 10.0.2.22 5000 "
                                 "-- run=/bin/network answer 5000 42 "
                                 "-- run=/bin/init /bin/network ; /bin/network echo 10.0.2.22 5000"),
                     {"--net", "peer", "--nic", card});
      CAPTURE(card, cores, run.console, run.errors);
      CHECK(run.well());
      CHECK(run.says("vm1: network: pattern of 1000 bytes received"));
      CHECK(run.says("vm3: network: pattern of 1000 bytes received"));
      CHECK(run.says("vm2: network: 42 datagrams answered"));
    }
  }
}

// Would catch: a machine without disk or card that is given somebody else's.
TEST_CASE(
    "a guest has the devices that it was given, and a hypervisor without a disk or a card says nothing of "
    "one") {
  const KernelRun run = run_guests(1, "vm1=disk:virtio,net:e1000 vm2=vcpus:1 -- run=/bin/probe identity", {});
  CAPTURE(run.console, run.errors);
  CHECK(run.well());
  CHECK(run.console.find("disk=") == std::string::npos);
  CHECK(run.console.find("HVLAB instance=1 HVLAB kernel network=e1000") != std::string::npos);
  CHECK(run.console.find("HVLAB instance=2 HVLAB kernel network=") == std::string::npos);
}
