// Debian's 32-bit kernels to their first process and back: 32-bit paging without PAE, and PAE paging, with
// one and four processors. Catches what no 64-bit system ever executes: their own decompressors in 32-bit
// code, SYSENTER and INT 80h from 32-bit user code, call gates of 32-bit TSSs, PDPTEs.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "guest_run.hpp"

using namespace hvlab::test;

TEST_CASE("32-bit systems run to their end") {
  static const Scratch scratch;
  static const bool there = [] {
    if (std::system(HVLAB_SYSTEM_TESTS "/fetch_i386") != 0) {
      std::cerr << "Debian's i386 packages cannot be had: skipped\n";
      std::exit(77);
    }
    assemble(HVLAB_SYSTEM_TESTS "/recipes/linux32.sh", {scratch.folder()}, scratch / "linux32.cpio");
    return true;
  }();
  REQUIRE(there);
  struct Variant {
    const char *kernel, *loader, *processors, *processor, *memory;
  };
  // 5 GiB are beyond what 32-bit paging reaches; PAE maps them through its high-memory windows.
  const Variant variant = GENERATE(Variant{"vmlinuz-686", "bzimage", "1", "amd-zen2", "512M"},
                                   Variant{"vmlinuz-686", "bzimage", "4", "intel-skylake", "5G"},
                                   Variant{"vmlinuz-686-pae", "pvh", "1", "intel-skylake", "512M"},
                                   Variant{"vmlinuz-686-pae", "pvh", "4", "amd-zen2", "5G"});
  const auto [kernel, loader, processors, processor, memory] = variant;
  const GuestRun run = run_guest(
      {"--kernel", debian_cache() + "-i386/" + kernel, "--loader", loader, "--initrd",
       (scratch / "linux32.cpio").string(), "--cpus", processors, "--cpu", processor, "--memory", memory,
       "--append", "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off 8250.nr_uarts=1"});
  INFO(kernel);
  INFO(run.errors);
  INFO(run.console);
  CHECK(run.status == 0);
  CHECK(run.says(std::string("processors=") + processors + " machine=i686"));
  for (const char* name : {"files", "memory", "processes", "parallel", "floating-point", "no-complaints"}) {
    INFO(name);
    CHECK(run.says("OK " + std::string(name)));
  }
}
