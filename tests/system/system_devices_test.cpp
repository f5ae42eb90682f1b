// Debian's kernel with its own drivers on every device of the machine. Catches whatever the unit tests of the
// devices, written by the same people, misunderstand.
#include <catch2/catch.hpp>

#include "guest_run.hpp"

using namespace hvlab::test;

namespace {

constexpr size_t kPatternBytes = 1 << 20, kDiskBytes = 32 << 20;

std::string pattern() {
  std::string bytes(kPatternBytes, '\0');
  unsigned state = 1;
  for (char& byte : bytes) {
    state = state * 1103515245u + 12345u;
    byte = static_cast<char>(state >> 16);
  }
  return bytes;
}

// What the simulated peer serves: docs/media.md.
std::string download() {
  std::string bytes(1'000'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 131 + (i >> 8) * 17);
  return bytes;
}

// A disk that holds the pattern in its first MiB and, 15 MiB further, once more.
std::string disk() {
  std::string bytes(kDiskBytes, '\0');
  bytes.replace(0, kPatternBytes, pattern());
  bytes.replace(size_t{15} << 20, kPatternBytes, pattern());
  return bytes;
}

struct System {
  Scratch scratch;
  System() {
    need_systems({"kernel", "busybox"});
    write_file(scratch / "pattern", pattern());
    write_file(scratch / "download", download());
    assemble(HVLAB_SYSTEM_TESTS "/recipes/devices.sh", {HVLAB_UDP_ECHO, scratch.folder()},
             scratch / "devices.cpio");
  }
  GuestRun run(const std::string& words, std::vector<std::string> options) const {
    options.insert(
        options.end(),
        {"--kernel", debian_kernel(), "--loader", "pvh", "--initrd", (scratch / "devices.cpio").string(),
         "--append",
         "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off 8250.nr_uarts=1 " + words});
    return run_guest(options);
  }
};

const System& the_system() {
  static const System system;
  return system;
}

void check_devices(const GuestRun& run, const std::string& processors) {
  INFO(run.errors);
  INFO(run.console);
  CHECK(run.status == 0);
  CHECK(run.says("processors=" + processors));
  CHECK(run.console.find("FAIL") == std::string::npos);
  for (const char* name : {"disk-there", "disk-reads", "disk-writes", "disk-direct", "disk-neighbours",
                           "disk-parallel", "link-up", "dhcp", "ping", "udp-echo", "tcp-echo", "tcp-download",
                           "entropy", "console", "no-complaints"}) {
    INFO(name);
    CHECK(run.says("OK " + std::string(name)));
  }
  CHECK(run.says("through the virtio console"));
}

}  // namespace

TEST_CASE("paravirtual and emulated devices carry what they are given") {
  struct Variant {
    const char *disk, *name, *nic, *processors, *processor, *memory, *words;
  };
  const Variant variant =
      GENERATE(Variant{"", "vda", "virtio", "1", "amd-zen2", "512M", ""},
               Variant{"", "vda", "virtio", "4", "intel-skylake", "5G", ""},
               Variant{",if=ide", "sda", "e1000", "1", "intel-skylake", "512M", ""},
               Variant{",if=ide", "sda", "e1000", "4", "amd-zen2", "16G", ""},
               // No DMA from the disk, and interrupt pins instead of messages.
               Variant{",if=ide", "sda", "e1000", "1", "amd-zen2", "5G", "libata.dma=0 pci=nomsi"},
               Variant{"", "vda", "virtio", "2", "amd-zen2", "512M", "pci=nomsi"});
  const System& system = the_system();
  const std::filesystem::path image = system.scratch / "disk.img";
  write_file(image, disk());
  const GuestRun run =
      system.run(std::string("hvlab.disk=") + variant.name + " " + variant.words,
                 {"--disk", image.string() + variant.disk, "--nic", variant.nic, "--net", "peer", "--cpus",
                  variant.processors, "--cpu", variant.processor, "--memory", variant.memory});
  check_devices(run, variant.processors);
  CHECK(read_file(image) == disk());  // without `persist` the file stays as it was
}

TEST_CASE("what the guest writes to a persistent disk is in its file") {
  const char* interface = GENERATE("", ",if=ide");
  const System& system = the_system();
  const std::filesystem::path image = system.scratch / "disk.img";
  write_file(image, disk());
  const GuestRun run = system.run(std::string("hvlab.disk=") + (*interface == 0 ? "vda" : "sda"),
                                  {"--disk", image.string() + interface + ",persist", "--net", "peer"});
  check_devices(run, "1");
  std::string expected = disk();
  expected.replace(100 << 16, kPatternBytes, pattern());
  expected.replace(40001 * 512, 9 * 512, pattern().substr(0, 9 * 512));
  CHECK(read_file(image) == expected);
}

TEST_CASE("each way to end a system has its status") {
  struct End {
    const char* words;
    int status;
  };
  // 116: every processor halted for good; 118: triple fault; 120: reset, by ACPI, the keyboard controller and
  // port CF9h.
  const End end =
      GENERATE(End{"hvlab.end=poweroff", 0}, End{"hvlab.end=halt", 116}, End{"hvlab.end=reboot", 120},
               End{"hvlab.end=reboot reboot=k", 120}, End{"hvlab.end=reboot reboot=p", 120},
               End{"hvlab.end=reboot reboot=t", 118}, End{"hvlab.end=crash", 120});
  const char* processors = GENERATE("1", "4");
  const GuestRun run = the_system().run(end.words, {"--cpus", processors});
  INFO(end.words);
  INFO(run.console);
  INFO(run.errors);
  CHECK(run.says("END of the guest's tests"));
  CHECK(run.status == end.status);
}
