// What a guest writes to its disk is in its part of the machine's, byte for byte, and nothing else is
// changed: by every way that there is from a program to the medium.
#include <sstream>

#include "disk_files.hpp"
#include "kernel_run.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::test;
namespace fs = std::filesystem;

namespace {

constexpr size_t kDiskBytes = 4 << 20, kHalf = kDiskBytes / 2, kSector = 512;

// As hv-models/user/programs/sectors.cpp fills it.
char pattern(size_t at, size_t seed) { return static_cast<char>(at * 7 + at / kSector * 13 + seed); }

// What the program says that it wrote, put into `disk` from `part` on. The number of such lines.
unsigned apply(const std::string& console, size_t part, std::string& disk) {
  std::istringstream lines(console);
  unsigned count = 0;
  for (std::string line; std::getline(lines, line);) {
    const size_t at = line.find("sectors: ");
    size_t first = 0, sectors = 0, seed = 0;
    if (at == std::string::npos || !(std::istringstream(line.substr(at + 9)) >> first >> sectors >> seed))
      continue;
    REQUIRE(part + (first + sectors) * kSector <= disk.size());
    for (size_t i = first * kSector; i < (first + sectors) * kSector; ++i) disk[part + i] = pattern(i, seed);
    ++count;
  }
  return count;
}

struct Way {
  const char* image;
  std::vector<std::string> files;  // the loader's
  const char* words;               // of the machine
  const char* guest;               // that writes; with monolithic and the like it is the second
  const char* kind;                // of the disk that it sees
  size_t part;                     // where its part begins
};

// With each driver of the machine's. The disk is the last of the machine's.
void check_way(const Way& way, const std::vector<std::string>& interfaces, bool second_disk = false) {
  const TemporaryFolder folder("storage");
  const fs::path disk = folder.path / "disk", other = folder.path / "other";
  for (const std::string& interface : interfaces) {
    std::string expected = disk_contents(kDiskBytes);
    for (const fs::path& each : {disk, other}) write_file(each, expected);
    std::vector<std::string> options(way.files.begin() + 1, way.files.end());
    if (second_disk)
      options.insert(options.end(), {"--disk", other.string() + ",if=" + interface + ",persist"});
    options.insert(options.end(), {"--disk", disk.string() + ",if=" + interface + ",persist"});
    const KernelRun run =
        run_image(way.image, way.files[0], 2,
                  std::string("exit=debug ") + way.words + way.guest + "/bin/sectors /dev/disk0", options);
    CAPTURE(way.image, way.words, way.guest, interface, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.console.find("sectors: all read back") != std::string::npos);
    CHECK(run.console.find(std::string("kind=") + way.kind) != std::string::npos);
    CHECK(apply(run.console, way.part, expected) == 12);
    CHECK((read_file(disk) == expected));
    CHECK((read_file(other) == disk_contents(kDiskBytes)));
  }
}

// The neighbour does nothing.
constexpr const char *kRun = "run=", *kContained = "run=/bin/launch --contain 1 ",
                     *kIdle = " -- run=/bin/probe identity -- run=",
                     *kPio = " -- run=/bin/probe identity -- ide=pio run=";
const std::vector<std::string> kBoth = {"ide", "virtio"}, kIde = {"ide"}, kVirtio = {"virtio"};
const std::vector<std::string> kPrograms = {HVLAB_PROGRAMS}, kHosted = {HVLAB_HOSTED},
                               kGuest = {HVLAB_KERNEL, "--module", HVLAB_PROGRAMS};

}  // namespace

TEST_CASE("storage: the kernel alone, by each driver") {
  check_way({HVLAB_KERNEL, kPrograms, "", kRun, "ide-dma", 0}, kIde);
  check_way({HVLAB_KERNEL, kPrograms, "ide=pio ", kRun, "ide-pio", 0}, kIde);
  check_way({HVLAB_KERNEL, kPrograms, "", kRun, "virtio", 0}, kVirtio);
}

TEST_CASE("storage: a container") {
  check_way({HVLAB_KERNEL, kPrograms, "", kContained, "ide-dma", 0}, kIde);
  check_way({HVLAB_KERNEL, kPrograms, "", kContained, "virtio", 0}, kVirtio);
}

TEST_CASE("storage: monolithic, by each model of a disk and each driver") {
  constexpr const char* kWords[] = {"vm1=disk:virtio vm2=vcpus:2,disk:ide",
                                    "vm1=disk:virtio vm2=vcpus:2,disk:virtio",
                                    "vm1=disk:ide vm2=disk:ide,paging:shadow"};

  check_way({HVLAB_MONOLITHIC, kGuest, kWords[0], kIdle, "ide-dma", kHalf}, kBoth);
  check_way({HVLAB_MONOLITHIC, kGuest, kWords[0], kPio, "ide-pio", kHalf}, kBoth);
  check_way({HVLAB_MONOLITHIC, kGuest, kWords[1], kIdle, "virtio", kHalf}, kBoth);
  check_way({HVLAB_MONOLITHIC, kGuest, kWords[2], kIdle, "ide-dma", kHalf}, kVirtio);
}

TEST_CASE("storage: hosted, by each model of a disk") {
  const std::string ide = "model=hosted vm1=disk:virtio vm2=vcpus:2,disk:ide",
                    virtio = "model=hosted vm1=disk:ide vm2=disk:virtio,paging:shadow";
  check_way({HVLAB_KERNEL, kHosted, ide.c_str(), kIdle, "ide-dma", kHalf}, kBoth);
  check_way({HVLAB_KERNEL, kHosted, ide.c_str(), kPio, "ide-pio", kHalf}, kVirtio);
  check_way({HVLAB_KERNEL, kHosted, virtio.c_str(), kIdle, "virtio", kHalf}, kBoth);
}

TEST_CASE("storage: driver-domain, split and by each model of a disk") {
  check_way({HVLAB_DRIVER_DOMAIN, kGuest, "vm1=disk:pv vm2=vcpus:2,disk:pv", kIdle, "pv", kHalf}, kBoth);
  check_way(
      {HVLAB_DRIVER_DOMAIN, kGuest, "vm1=disk:pv vm2=disk:pv,net:e1000,paging:shadow", kIdle, "pv", kHalf},
      kVirtio);
  check_way({HVLAB_DRIVER_DOMAIN, kGuest, "vm1=disk:pv vm2=disk:ide", kIdle, "ide-dma", kHalf}, kBoth);
  check_way({HVLAB_DRIVER_DOMAIN, kGuest, "vm1=disk:pv vm2=disk:ide", kPio, "ide-pio", kHalf}, kVirtio);
  check_way({HVLAB_DRIVER_DOMAIN, kGuest, "vm1=disk:ide vm2=vcpus:2,disk:virtio", kIdle, "virtio", kHalf},
            kVirtio);
}

// The second partition has the second controller, and all of its disk.
TEST_CASE("storage: a partition") {
  check_way({HVLAB_PARTITION, kGuest, "vm1=disk:virtio vm2=disk:virtio", kIdle, "virtio", 0}, kVirtio, true);
  check_way({HVLAB_PARTITION, kGuest, "vm1=disk:ide", " -- run=", "ide-dma", 0}, kIde);
}
