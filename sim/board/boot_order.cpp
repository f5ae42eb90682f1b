#include "sim/board/boot_order.hpp"

#include <fmt/format.h>

#include "sim/board/pci_slots.hpp"

namespace hvlab::board {

namespace {

std::string ide_path(unsigned place) {
  return fmt::format("/pci@i0cf8/ide@{:x},{:x}/drive@{:x}/disk@{:x}\n", kPiixSlot, kIdeFunction, place / 2,
                     place % 2);
}

}  // namespace

std::vector<unsigned> ide_places(const MachineConfig& config) {
  std::vector<unsigned> places;
  unsigned next = 0;
  for (const DiskConfig& disk : config.disks) {
    if (disk.interface != DiskInterface::Ide) {
      places.push_back(kNotIde);
      continue;
    }
    if (config.cdrom && next == kCdromDrive) ++next;
    places.push_back(next++);
  }
  return places;
}

std::string boot_order(const MachineConfig& config) {
  const std::string cdrom = config.cdrom ? ide_path(kCdromDrive) : "";
  std::string disks;
  unsigned slot = kDiskSlot;
  for (const unsigned place : ide_places(config))
    disks += place == kNotIde ? fmt::format("/pci@i0cf8/scsi@{:x}/disk@0,0\n", slot++) : ide_path(place);
  return config.firmware.disks_first ? disks + cdrom : cdrom + disks;
}

}  // namespace hvlab::board
