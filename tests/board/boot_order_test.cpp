// Catches device paths that firmware does not find, and a CD drive in a disk's place.
#include "sim/board/boot_order.hpp"

#include <catch2/catch.hpp>

namespace hvlab::board {

namespace {

MachineConfig machine(bool cdrom) {
  MachineConfig config;
  config.disks.resize(4);
  config.disks[0].interface = config.disks[2].interface = config.disks[3].interface = DiskInterface::Ide;
  if (cdrom) config.cdrom = CdromConfig{"cd.iso"};
  return config;
}

}  // namespace

TEST_CASE("IDE disks fill the channels in their order, around the CD drive") {
  CHECK(ide_places(machine(false)) == std::vector<unsigned>{0, kNotIde, 1, 2});
  CHECK(ide_places(machine(true)) == std::vector<unsigned>{0, kNotIde, 1, 3});
}

TEST_CASE("the CD comes first, or the disks do") {
  const std::string cd = "/pci@i0cf8/ide@1,1/drive@1/disk@0\n";
  const std::string disks =
      "/pci@i0cf8/ide@1,1/drive@0/disk@0\n/pci@i0cf8/scsi@8/disk@0,0\n/pci@i0cf8/ide@1,1/drive@0/disk@1\n"
      "/pci@i0cf8/ide@1,1/drive@1/disk@1\n";
  MachineConfig config = machine(true);
  CHECK(boot_order(config) == cd + disks);
  config.firmware.disks_first = true;
  CHECK(boot_order(config) == disks + cd);
}

}  // namespace hvlab::board
