// Would catch: a file error that crashes or says nothing, module arguments that are lost, a BIOS data area
// that hides the EBDA from those who look for it.
#include "sim/boot/load.hpp"

#include "fake_memory.hpp"
#include "sample_images.hpp"
#include "sim/base/user_error.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::boot;
using Catch::Contains;

namespace {

BootResult start(FakeMemory& memory, const std::string& kernel,
                 const std::vector<std::string>& initrds = {}) {
  BootSetup setup;
  setup.kernel = kernel;
  setup.initrds = initrds;
  setup.command_line = "a b";
  setup.ram_bytes = 64 << 20;
  setup.processors = 2;
  return load(setup, memory);
}

}  // namespace

TEST_CASE("files that cannot be kernels or initrds are refused by name") {
  const test::TemporaryFolder folder("load");
  FakeMemory memory(64 << 20);
  const std::string kernel = folder.file("bzImage", sample::bzimage({1}));
  CHECK_THROWS_WITH(start(memory, "/nowhere"), Contains("kernel '/nowhere' cannot be read: No such file"));
  CHECK_THROWS_WITH(start(memory, folder.path), Contains("not a regular file"));
  CHECK_THROWS_WITH(start(memory, folder.file("empty", {})), Contains("empty"));
  CHECK_THROWS_WITH(start(memory, folder.file("text", {'h', 'i'})), Contains("neither a Linux bzImage"));
  CHECK_THROWS_WITH(start(memory, folder.file("elf", {0x7F, 'E', 'L', 'F', 2})), Contains("ELF"));
  CHECK_THROWS_WITH(start(memory, folder.file("gz", {0x1F, 0x8B, 8, 0, 0, 0})),
                    Contains("damaged or cut off"));
  CHECK_THROWS_WITH(start(memory, kernel, {"/nowhere"}), Contains("initrd '/nowhere' cannot be read"));
}

TEST_CASE("a Linux kernel boots with tables, BIOS data and initrds in place") {
  const test::TemporaryFolder folder("load");
  FakeMemory memory(64 << 20);
  const BootResult result = start(memory, folder.file("bzImage", sample::bzimage({1})),
                                  {folder.file("i1", {1, 2}), folder.file("i 2", {3})});
  CHECK(result.kind == KernelKind::BzImage);
  CHECK(memory.get<u16>(0x40E) == 0x9FC0);
  CHECK(memory.get<u16>(0x413) == 639);
  CHECK(memory.get<u16>(0x400) == 0x3F8);
  CHECK(memory.get<u64>(result.state.esi + 0x070) == 0xF'0000);
  CHECK(memory.get<u32>(result.state.esi + 0x21C) == 5);
}

TEST_CASE("a BIOS call returns at once with carry set, an interrupt without a change") {
  const test::TemporaryFolder folder("load");
  FakeMemory memory(64 << 20);
  start(memory, folder.file("bzImage", sample::bzimage({1})));
  const auto routine = [&](unsigned vector) {
    return memory.read(u64{memory.get<u16>(vector * 4 + 2)} * 16 + memory.get<u16>(vector * 4), 9);
  };
  // push bp; mov bp, sp; or byte [bp + 6], 41h; pop bp; iret
  CHECK(routine(0x15) == std::vector<u8>{0x55, 0x89, 0xE5, 0x80, 0x4E, 0x06, 0x41, 0x5D, 0xCF});
  CHECK(routine(0xFF) == routine(0x10));
  CHECK(routine(0x08)[0] == 0xCF);
  CHECK(routine(0x70)[0] == 0xCF);
  CHECK(memory.get<u64>(0xF'0000) == 0x2052'5450'2044'5352);  // the RSDP is still whole
}

TEST_CASE("multiboot modules are file and arguments") {
  const test::TemporaryFolder folder("load");
  FakeMemory memory(64 << 20);
  const BootResult result = start(memory, folder.file("xen", sample::elf32_multiboot(3, 0x10'0000)),
                                  {folder.file("vmlinuz", {1, 2, 3}) + " root=/dev/ram0 quiet"});
  CHECK(result.kind == KernelKind::Multiboot1);
  const u32 modules = memory.get<u32>(result.state.ebx + 24);
  CHECK(memory.text(memory.get<u32>(modules + 8)) == "vmlinuz root=/dev/ram0 quiet");
}

TEST_CASE("symbols come from Linux kernels only, and their lack is no error") {
  const test::TemporaryFolder folder("load");
  CHECK(linux_symbols_file(folder.file("vmlinux", sample::elf64({1}, 0x100'0000, 0x100'0000))).size() > 100);
  CHECK(linux_symbols_file(folder.file("xen", sample::elf32_multiboot(3, 0x10'0000))).empty());
  CHECK(linux_symbols_file(folder.file("bzImage", sample::bzimage({1}))).empty());  // nothing in it
  CHECK(linux_symbols_file("/nowhere").empty());
}
