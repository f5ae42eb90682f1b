// Catches options that are guessed, ignored or half understood instead of refused with one line that names
// them.
#include "sim/lab/boot_options.hpp"

#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"

namespace hvlab::lab {
namespace {

using Arguments = std::vector<std::string>;

// What refuses `arguments` (after --kernel k), or "accepted".
std::string refusal(Arguments arguments) {
  arguments.insert(arguments.begin(), {"--kernel", "k"});
  try {
    parse_boot_options(arguments);
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("every option arrives where it belongs") {
  const auto parsed = parse_boot_options({"--kernel=vmlinuz",
                                          "--initrd",
                                          "a",
                                          "--initrd",
                                          "b args",
                                          "--append",
                                          "quiet x=1",
                                          "--cpus",
                                          "4",
                                          "--memory",
                                          "1G",
                                          "--cpu",
                                          "intel-skylake",
                                          "--timing",
                                          "functional",
                                          "--loader",
                                          "pvh",
                                          "--disk",
                                          "d.img,profile=hdd-7200,if=ide,persist",
                                          "--disk",
                                          "e.img",
                                          "--nic",
                                          "e1000",
                                          "--net",
                                          "peer",
                                          "--link",
                                          "ethernet-10g",
                                          "--reproducible",
                                          "--debug-exit",
                                          "--max-time",
                                          "500ms",
                                          "--max-instructions",
                                          "1000",
                                          "--stats",
                                          "s.json",
                                          "--seed",
                                          "7",
                                          "--rtc",
                                          "2000-01-01",
                                          "--progress"});
  REQUIRE(parsed.has_value());
  const BootOptions& options = *parsed;
  REQUIRE(options.kernel == "vmlinuz");
  REQUIRE(options.initrds == Arguments{"a", "b args"});
  REQUIRE(options.append == "quiet x=1");
  REQUIRE(options.loader == "pvh");
  REQUIRE((options.reproducible && options.progress));
  REQUIRE(options.max_time == 500 * kMillisecond);
  REQUIRE(options.max_instructions == 1000);
  REQUIRE(options.stats_file == "s.json");
  const board::MachineConfig& machine = options.machine;
  REQUIRE(machine.processors == 4);
  REQUIRE(machine.memory == u64{1} << 30);
  REQUIRE(machine.profile == "intel-skylake");
  REQUIRE(machine.accuracy == timing::Accuracy::Functional);
  REQUIRE(machine.debug_exit);
  REQUIRE(machine.seed == 7);
  REQUIRE(machine.rtc_start == 946684800);
  REQUIRE(machine.disks.size() == 2);
  REQUIRE(machine.disks[0].file == "d.img");
  REQUIRE(machine.disks[0].profile == "hdd-7200");
  REQUIRE(machine.disks[0].interface == board::DiskInterface::Ide);
  REQUIRE(machine.disks[0].persist);
  REQUIRE(machine.disks[1].interface == board::DiskInterface::Virtio);
  REQUIRE_FALSE(machine.disks[1].persist);
  REQUIRE(machine.nics.size() == 1);
  REQUIRE(machine.nics[0].model == board::NicModel::E1000);
  REQUIRE(machine.nics[0].backend == board::NetBackend::Peer);
  REQUIRE(machine.nics[0].link_profile == "ethernet-10g");
}

TEST_CASE("without --net and --nic there is no network card") {
  REQUIRE(parse_boot_options({"--kernel", "k"})->machine.nics.empty());
  REQUIRE(parse_boot_options({"--kernel", "k", "--net", "none"})->machine.nics.empty());
  REQUIRE(parse_boot_options({"--kernel", "k", "--nic", "e1000"})->machine.nics.size() == 1);
}

TEST_CASE("something to boot is required") { REQUIRE_THROWS_AS(parse_boot_options({}), UserError); }

TEST_CASE("without a kernel the machine boots from a CD or a disk, in the order that is asked for") {
  const auto cd = parse_boot_options({"--cdrom", "a.iso", "--disk", "d.img"});
  CHECK(cd->kernel.empty());
  CHECK(cd->machine.cdrom->file == "a.iso");
  CHECK(cd->machine.cdrom->profile == "dvd-rom");
  CHECK_FALSE(cd->machine.firmware.disks_first);
  const auto disk = parse_boot_options({"--disk", "d.img", "--cdrom", "a.iso,profile=ram", "--boot", "disk",
                                        "--bios", "rom.bin", "--bios-log", "log"});
  CHECK(disk->machine.firmware.disks_first);
  CHECK(disk->machine.cdrom->profile == "ram");
  CHECK(disk->bios == "rom.bin");
  CHECK(disk->bios_log_file == "log");
  CHECK(parse_boot_options({"--kernel", "k", "--cdrom", "a.iso"})->machine.cdrom);
  for (const char* option : {"--append", "--initrd", "--loader"})
    CHECK_THROWS_AS(parse_boot_options({"--cdrom", "a.iso", option, "pvh"}), UserError);
}

TEST_CASE("every mistake is refused in one line that names the option") {
  const std::pair<Arguments, std::string> mistakes[] = {
      {{"--cpus", "0"}, "--cpus"},
      {{"--cpus", "9"}, "--cpus"},
      {{"--cpus", "-1"}, "cpus"},
      {{"--cpus", "two"}, "--cpus"},
      {{"--cpu"}, "--cpu"},
      {{"--memory", "1M"}, "--memory"},
      {{"--memory", "17G"}, "--memory"},
      {{"--memory", "4097K"}, "--memory"},
      {{"--memory", "lots"}, "--memory"},
      {{"--timing", "exact"}, "--timing"},
      {{"--loader", "elf"}, "--loader"},
      {{"--disk", ""}, "disk"},
      {{"--disk", ",persist"}, "--disk"},
      {{"--disk", "a,if=scsi"}, "--disk"},
      {{"--disk", "a,fast"}, "--disk"},
      {{"--disk=a,if=ide", "--disk=a,if=ide", "--disk=a,if=ide", "--disk=a,if=ide", "--disk=a,if=ide"},
       "--disk"},
      {{"--cdrom", ""}, "cdrom"},
      {{"--cdrom", ",profile=ram"}, "--cdrom"},
      {{"--cdrom", "a.iso,persist"}, "--cdrom"},
      {{"--cdrom", "a", "--cdrom", "b"}, "cdrom"},
      {{"--cdrom=a", "--disk=a,if=ide", "--disk=a,if=ide", "--disk=a,if=ide", "--disk=a,if=ide"}, "--disk"},
      {{"--boot", "disk"}, "--boot"},
      {{"--bios", "rom.bin"}, "--bios"},
      {{"--bios-log", "x"}, "--bios-log"},
      {{"--nic", "ne2000"}, "--nic"},
      {{"--net", "tap"}, "--net"},
      {{"--link", "ethernet-1g"}, "--link"},
      {{"--net", "user", "--reproducible"}, "--net"},
      {{"--max-time", "0s"}, "--max-time"},
      {{"--max-time", "soon"}, "--max-time"},
      {{"--max-instructions", "0"}, "--max-instructions"},
      {{"--slice", "0"}, "--slice"},
      {{"--code-cache", "64K"}, "--code-cache"},
      {{"--seed", "x"}, "--seed"},
      {{"--rtc", "yesterday"}, "--rtc"},
      {{"--stat", "x.json"}, "--stat"},  // an abbreviation
      {{"--kernel", "twice"}, "kernel"},
      {{"stray"}, "boot:"},
      {{"--no-such-option"}, "--no-such-option"},
      {{"--debug-exit=1"}, "debug-exit"},
  };
  for (const auto& [arguments, named] : mistakes) {
    const std::string line = refusal(arguments);
    CAPTURE(arguments, line);
    CHECK(line != "accepted");
    CHECK(line.find(named) != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
  }
}

}  // namespace hvlab::lab
