// Debian's SeaBIOS, unmodified, from the reset vector to a boot loader and on to Debian's kernel: from a CD
// that grub-mkrescue made, and from a disk with SYSLINUX. Catches whatever firmware, loaders and Linux expect
// of a PC that the unit tests of ROM, shadow RAM, firmware's files and the CD drive misunderstand.
#include <catch2/catch.hpp>
#include <iostream>

#include "guest_run.hpp"
#include "sim/base/child.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

const std::string kWords = "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off";

// Images of which the tests boot one each.
struct Media {
  Scratch scratch;
  std::string sample = (scratch / "sample").string(), initrd = (scratch / "initrd").string();
  Media() {
    need_systems({"kernel", "busybox", "seabios"});
    std::string bytes(300'000, '\0');
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + (i >> 9));
    write_file(sample, bytes);
    assemble(HVLAB_SYSTEM_TESTS "/recipes/firmware.sh", {sample}, initrd);
  }
  std::string make(const std::string& kind, const std::string& words) const {
    const std::string file = (scratch / kind).string();
    const std::string maker = std::string(HVLAB_SYSTEM_TESTS) + "/make_media";
    Child child({"sh", maker, kind, file, debian_kernel(), initrd, sample, words}, true);
    const int status = child.wait();
    if (status == 77) {
      std::cerr << "a bootable " << kind << " cannot be made here: skipped\n";
      std::exit(77);
    }
    REQUIRE(status == 0);
    return file;
  }
};

const Media& media() {
  static const Media all;
  return all;
}

const std::string& disk() {
  static const std::string file = media().make("disk", kWords);
  return file;
}

bool has(const GuestRun& run, const std::string& text) { return run.console.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("a CD boots: SeaBIOS, GRUB, Debian's kernel, which reads the CD by its own drivers") {
  const GuestRun run = run_guest({"--cdrom", media().make("iso", kWords + " hvlab.cdrom")});
  INFO(run.console << run.errors);
  CHECK(run.status == 0);
  for (const char* text :
       {"SeaBIOS (version", "Booting from DVD/CD...", "Welcome to GRUB!", "GRUB on the CD"})
    CHECK(has(run, text));
  for (const char* line :
       {"PROCESSORS 1", "OK acpi", "OK smbios", "OK tables", "OK found", "OK dma", "OK volume", "OK files"})
    CHECK(run.says(line));
  CHECK_FALSE(has(run, "FAIL"));
}

TEST_CASE("a virtio disk boots: SeaBIOS, SYSLINUX, Debian's kernel on two processors") {
  const GuestRun run = run_guest({"--disk", disk(), "--cpus", "2", "--memory", "4G"});
  INFO(run.console << run.errors);
  CHECK(run.status == 0);
  for (const char* text : {"SeaBIOS (version", "Booting from Hard Disk...", "SYSLINUX on the disk"})
    CHECK(has(run, text));
  for (const char* line : {"PROCESSORS 2", "OK acpi", "OK smbios", "OK tables"}) CHECK(run.says(line));
  CHECK_FALSE(has(run, "FAIL"));
}

TEST_CASE("an IDE disk's boot loader loads, the same way each time") {
  const std::string statistics = (media().scratch / "stats").string();
  std::string first;
  for (unsigned i = 0; i < 2; ++i) {
    const GuestRun run =
        run_guest({"--disk", disk() + ",if=ide", "--max-time", "1500ms", "--stats", statistics});
    INFO(run.console << run.errors);
    CHECK(run.status == 124);
    CHECK(has(run, "SYSLINUX on the disk"));
    if (i != 0) CHECK(read_file(statistics) == first);
    first = read_file(statistics);
  }
}

TEST_CASE("firmware says what it does, and that nothing can be booted") {
  const std::string log = (media().scratch / "log").string(), blank = (media().scratch / "blank").string();
  write_file(blank, std::string(1 << 20, '\0'));
  const GuestRun run = run_guest({"--disk", blank, "--max-time", "3s", "--bios-log", log});
  INFO(run.console << run.errors);
  CHECK(run.status == 124);
  CHECK(has(run, "No bootable device."));
  CHECK(read_file(log).find("Found QEMU fw_cfg") != std::string::npos);
  CHECK(read_file(log).find("/pci@i0cf8/scsi@8/disk@0,0") != std::string::npos);
}
