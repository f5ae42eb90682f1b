// Debian's Xen, by multiboot, with Debian's kernel as its paravirtual dom0, and with guests beside it. The
// first catches what a kernel alone does not use: a kernel in ring 3 under an own hypervisor, page tables
// checked by somebody else, SYSCALL into another ring's handler, IRET between outer rings, interrupt
// redirection by the hypervisor's own drivers.
#include <catch2/catch.hpp>
#include <regex>

#include "guest_run.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/boot/vmlinux_extract.hpp"
#include "sim/lab/debian_systems.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

struct System {
  Scratch scratch;
  std::string initrd = (scratch / "bare.cpio").string(), kernel = (scratch / "vmlinux").string();
  System() {
    need_systems({"kernel", "busybox", "xen"});
    assemble(HVLAB_WORKLOADS "/recipes/bare.sh", {}, initrd);
    const std::vector<u8> elf =
        boot::cached_vmlinux({"vmlinuz", boot::read_file(debian_kernel(), "kernel"), ""});
    write_file(kernel, {elf.begin(), elf.end()});
  }
};

const System& the_system() {
  static const System system;
  return system;
}

// "phase=cpu hash=0123 ...": what the workload computed, without its times.
std::vector<std::string> results(const std::string& console) {
  static const std::regex pattern("phase=[a-z]+ hash=[0-9a-f]+");
  return {std::sregex_token_iterator(console.begin(), console.end(), pattern), {}};
}

GuestRun boot_bare() {
  const std::string command_line =
      "console=ttyS0,115200 quiet panic=-1 cryptomgr.notests mitigations=off 8250.nr_uarts=1 hvlab.quick=1";
  return run_guest(
      {"--kernel", the_system().kernel, "--initrd", the_system().initrd, "--append", command_line});
}

}  // namespace

TEST_CASE("a paravirtual dom0 computes what the kernel alone does, and switches the machine off") {
  struct Variant {
    const char *processors, *processor, *memory, *words;
  };
  const Variant variant = GENERATE(
      Variant{"1", "amd-zen2", "768M", "mitigations=off"}, Variant{"4", "amd-zen2", "768M", ""},
      Variant{"4", "intel-skylake", "5G", "mitigations=off"}, Variant{"1", "intel-skylake", "768M", ""});
  const System& system = the_system();
  const GuestRun run = run_guest(
      {"--kernel", debian_cache() + "/xen/xen.gz", "--initrd",
       system.kernel + " console=hvc0 quiet panic=-1 cryptomgr.notests hvlab.quick=1 " + variant.words,
       "--initrd", system.initrd, "--append", "console=com1 com1=115200,8n1 dom0_mem=500M loglvl=warning",
       "--cpus", variant.processors, "--cpu", variant.processor, "--memory", variant.memory});
  INFO(run.errors);
  INFO(run.console);
  CHECK(run.status == 0);
  CHECK(run.console.find("Panic on CPU") == std::string::npos);
  CHECK(run.says("HVLAB done"));
  static const std::vector<std::string> expected = results(boot_bare().console);
  CHECK(expected.size() >= 8);
  CHECK(results(run.console) == expected);
}

// Catches what only guests beside dom0 use: the tool stack's hypercalls on foreign pages, grants, event
// channels, a virtual processor given up for another one's; of PVH besides them nested paging and SVM as Xen
// drives it.
TEST_CASE("a guest that dom0's tool stack starts computes what the kernel alone does") {
  const std::string type = GENERATE("pv", "pvh");
  const System& system = the_system();
  need_systems({"xen-tools"});
  std::filesystem::create_directories(lab::cache_directory() + "/initrd");
  assemble(HVLAB_WORKLOADS "/recipes/guest.sh", {}, lab::cache_directory() + "/initrd/guest.cpio");
  const std::string initrd = (system.scratch / "xen.cpio").string();
  assemble(HVLAB_WORKLOADS "/recipes/xen-" + type + ".sh", {system.kernel}, initrd);
  const GuestRun run = run_guest(
      {"--kernel", debian_cache() + "/xen/xen.gz", "--initrd",
       system.kernel +
           " console=hvc0 quiet panic=-1 cryptomgr.notests mitigations=off hvlab.quick=1 hvlab.way=xen-" +
           type,
       "--initrd", initrd, "--append",
       "console=com1 com1=115200,8n1 loglvl=warning dom0_mem=512M,max:512M spec-ctrl=no", "--cpus", "1",
       "--cpu", "amd-zen2", "--memory", "960M"});
  INFO(run.errors);
  INFO(run.console);
  CHECK(run.status == 0);
  CHECK(run.console.find("(domid 1)") != std::string::npos);
  CHECK(run.says("HVLAB done"));
  CHECK(results(run.console) == results(boot_bare().console));
}
