// Would catch: a segment at its virtual address, a start-info field at the wrong place, module entries that
// do not match the modules, a header flag that is ignored.
#include "fake_memory.hpp"
#include "sample_images.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/load.hpp"
#include "sim/boot/multiboot1.hpp"
#include "sim/boot/pvh.hpp"

using namespace hvlab;
using namespace hvlab::boot;
using Catch::Contains;

namespace {

struct Booted {
  using Loader = EntryState (*)(const BootRequest&, Placement&);
  Booted(Loader load, const BootRequest& request, u64 ram = 64 << 20) : memory(ram), map(memory_map(ram)) {
    Placement placement(map, memory);
    state = load(request, placement);
  }
  FakeMemory memory;
  std::vector<MemoryRange> map;
  EntryState state;
};

BootRequest request(std::vector<u8> image) {
  BootRequest result;
  result.kernel = {"vmlinux", std::move(image), ""};
  result.command_line = "quiet";
  result.rsdp = 0xF'0000;
  return result;
}

const std::vector<u8> kCode = {0xF4, 0xEB, 0xFD};

}  // namespace

TEST_CASE("an ELF kernel is entered at its PVH note with the start info in EBX") {
  BootRequest wanted = request(sample::elf64(kCode, 0x100'0000, 0x100'0001, 0xFFFF'FFFF'8000'0000));
  wanted.initrds = {{"initrd", std::vector<u8>(5000, 7), ""}};
  const Booted booted(load_pvh, wanted);
  CHECK(booted.state.eip == 0x100'0001);
  CHECK(booted.memory.read(0x100'0000, 3) == kCode);
  const u64 info = booted.state.ebx;
  CHECK(booted.memory.get<u32>(info) == 0x336E'C578);
  CHECK(booted.memory.get<u32>(info + 4) == 1);
  CHECK(booted.memory.get<u32>(info + 12) == 1);  // modules
  const u64 module = booted.memory.get<u64>(info + 16);
  CHECK(booted.memory.get<u64>(module) == (64 << 20) - kTableBytes - 8192);
  CHECK(booted.memory.get<u64>(module + 8) == 5000);
  CHECK(booted.memory.get<u8>(booted.memory.get<u64>(module) + 4999) == 7);
  CHECK(booted.memory.text(booted.memory.get<u64>(info + 24)) == "quiet");
  CHECK(booted.memory.get<u64>(info + 32) == 0xF'0000);
  CHECK(booted.memory.get<u32>(info + 48) == booted.map.size());
  const u64 map = booted.memory.get<u64>(info + 40);
  for (size_t i = 0; i < booted.map.size(); ++i) {
    CHECK(booted.memory.get<u64>(map + i * 24) == booted.map[i].address);
    CHECK(booted.memory.get<u64>(map + i * 24 + 8) == booted.map[i].bytes);
    CHECK(booted.memory.get<u32>(map + i * 24 + 16) == static_cast<u32>(booted.map[i].type));
  }
}

TEST_CASE("an ELF kernel without room for its zeroed part, or with nothing to load, is refused") {
  BootRequest wanted = request(sample::elf64(kCode, (64 << 20) - kTableBytes - 4096, 0x100'0000));
  CHECK_THROWS_WITH(Booted(load_pvh, wanted), Contains("loadable segment 0") && Contains("does not lie in"));
  wanted = request(sample::elf64(kCode, 0x100'0000, 0x100'0000));
  wanted.kernel.bytes[64] = 6;
  CHECK_THROWS_WITH(Booted(load_pvh, wanted), Contains("nothing to load"));
  wanted = request(sample::elf64(kCode, 0x100'0000, 0x100'0000));
  sample::put<u64>(wanted.kernel.bytes, 64 + 8, ~u64{0});
  CHECK_THROWS_WITH(Booted(load_pvh, wanted), Contains("outside the file"));
  wanted = request(sample::elf64(kCode, 0x100'0000, 0x100'0000));
  wanted.kernel.bytes[0x188] = 17;
  CHECK_THROWS_WITH(Booted(load_pvh, wanted), Contains("no PVH entry note"));
}

TEST_CASE("a multiboot kernel gets memory, command lines and modules") {
  BootRequest wanted = request(sample::elf32_multiboot(3, 0x10'0000));
  wanted.kernel.name = "xen";
  wanted.initrds = {{"vmlinuz", std::vector<u8>(5000, 1), "root=/dev/ram0"}, {"initrd", {9, 8}, ""}};
  const Booted booted(load_multiboot1, wanted);
  CHECK(booted.state.eip == 0x10'000C);
  CHECK(booted.state.eax == 0x2BAD'B002);
  const u64 info = booted.state.ebx;
  CHECK(booted.memory.get<u32>(info) == 0b10'0100'1101);
  CHECK(booted.memory.get<u32>(info + 4) == 639);
  CHECK(booted.memory.get<u32>(info + 8) == 63 * 1024 - 64);
  CHECK(booted.memory.text(booted.memory.get<u32>(info + 16)) == "xen quiet");
  CHECK(booted.memory.get<u32>(info + 20) == 2);
  const u64 modules = booted.memory.get<u32>(info + 24);
  CHECK(booted.memory.get<u32>(modules) == 0x10'2000);  // the first page after the segment's zeroed part
  CHECK(booted.memory.get<u32>(modules + 4) == 0x10'2000 + 5000);
  CHECK(booted.memory.text(booted.memory.get<u32>(modules + 8)) == "vmlinuz root=/dev/ram0");
  CHECK(booted.memory.get<u32>(modules + 16) == 0x10'4000);
  CHECK(booted.memory.text(booted.memory.get<u32>(modules + 24)) == "initrd");
  CHECK(booted.memory.get<u8>(0x10'4001) == 8);
  CHECK(booted.memory.text(booted.memory.get<u32>(info + 64)) == "HVLab");
  CHECK(booted.memory.get<u32>(info + 44) == booted.map.size() * 24);
  const u64 map = booted.memory.get<u32>(info + 48);
  CHECK(booted.memory.get<u32>(map) == 20);
  CHECK(booted.memory.get<u64>(map + 24 + 4) == booted.map[1].address);
}

TEST_CASE("a multiboot header may say itself where the image goes") {
  std::vector<u8> image(0x40, 0xEE);
  const u32 flags = 0x1'0000;
  const u32 fields[] = {0x1BAD'B002, flags,    0u - 0x1BAD'B002 - flags, 0x20'0010, 0x20'0000, 0x20'0038,
                        0x20'1000,   0x20'0030};
  std::memcpy(image.data() + 0x18, fields, sizeof fields);
  const Booted booted(load_multiboot1, request(image));
  CHECK(booted.state.eip == 0x20'0030);
  CHECK(booted.memory.get<u32>(0x20'0010) == 0x1BAD'B002);
  CHECK(booted.memory.get<u8>(0x20'0037) == 0xEE);
  sample::put<u32>(image, 0x18 + 20, 0x20'0039);  // one byte more than the file has
  CHECK_THROWS_WITH(Booted(load_multiboot1, request(image)), Contains("truncated"));
  sample::put<u32>(image, 0x18 + 16, 0x20'0020);  // loaded after its own header
  CHECK_THROWS_WITH(Booted(load_multiboot1, request(image)), Contains("contradict"));
}

TEST_CASE("a multiboot header that demands the unknown, or has a wrong checksum, is not obeyed") {
  CHECK_THROWS_WITH(Booted(load_multiboot1, request(sample::elf32_multiboot(8, 0x10'0000))),
                    Contains("demands"));
  std::vector<u8> image = sample::elf32_multiboot(3, 0x10'0000);
  CHECK(kernel_kind(image) == KernelKind::Multiboot1);
  ++image[0x108];
  CHECK(kernel_kind(image) == KernelKind::Unknown);
}

TEST_CASE("kernels are told apart by their contents") {
  CHECK(kernel_kind(sample::bzimage({1, 2, 3})) == KernelKind::BzImage);
  CHECK(kernel_kind(sample::elf64(kCode, 0x100'0000, 0x100'0000)) == KernelKind::Pvh);
  CHECK(kernel_kind(std::vector<u8>(100)) == KernelKind::Unknown);
  CHECK(kernel_kind({}) == KernelKind::Unknown);
}
