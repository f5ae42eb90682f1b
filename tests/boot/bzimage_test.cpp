// Would catch: a boot_params field at the wrong place, an initrd over the kernel or above the kernel's limit,
// a header that is believed without being checked.
#include "sim/boot/bzimage.hpp"

#include "fake_memory.hpp"
#include "sample_images.hpp"
#include "sim/base/user_error.hpp"

using namespace hvlab;
using namespace hvlab::boot;
using Catch::Contains;

namespace {

struct Booted {
  explicit Booted(const BootRequest& request, u64 ram = 64 << 20) : memory(ram) {
    Placement placement(memory_map(ram), memory);
    state = load_bzimage(request, placement);
  }
  FakeMemory memory;
  EntryState state;
};

BootRequest request(std::vector<u8> image) {
  BootRequest result;
  result.kernel = {"bzImage", std::move(image), ""};
  result.command_line = "console=ttyS0";
  result.rsdp = 0xF'0000;
  return result;
}

const std::vector<u8> kPayload(100, 0x5A);

}  // namespace

TEST_CASE("a relocatable bzImage starts at its preferred address with boot_params in ESI") {
  const std::vector<u8> image = sample::bzimage(kPayload);
  const Booted booted(request(image));
  CHECK(booted.state.eip == 0x100'0000);
  CHECK(booted.state.ebx == 0);
  CHECK(booted.state.edi == 0);
  CHECK(booted.state.ebp == 0);
  CHECK(booted.memory.read(0x100'0000, 116) == std::vector<u8>(image.begin() + 1024, image.end()));
  const u64 params = booted.state.esi;
  CHECK(booted.memory.get<u32>(params + 0x202) == 0x5372'6448);  // HdrS
  CHECK(booted.memory.get<u8>(params + 0x1F1) == 1);
  CHECK(booted.memory.get<u8>(params + 0x210) == 0xFF);
  CHECK(booted.memory.get<u32>(params + 0x214) == 0x100'0000);
  CHECK(booted.memory.text(booted.memory.get<u32>(params + 0x228)) == "console=ttyS0");
  CHECK(booted.memory.get<u64>(params + 0x070) == 0xF'0000);
  CHECK(booted.memory.get<u32>(params + 0x218) == 0);  // no initrd
}

TEST_CASE("boot_params carry the memory map") {
  const u64 ram = u64{4} << 30;
  const Booted booted(request(sample::bzimage(kPayload)), ram);
  const auto map = memory_map(ram);
  const u64 params = booted.state.esi;
  REQUIRE(booted.memory.get<u8>(params + 0x1E8) == map.size());
  for (size_t i = 0; i < map.size(); ++i) {
    CHECK(booted.memory.get<u64>(params + 0x2D0 + i * 20) == map[i].address);
    CHECK(booted.memory.get<u64>(params + 0x2D0 + i * 20 + 8) == map[i].bytes);
    CHECK(booted.memory.get<u32>(params + 0x2D0 + i * 20 + 16) == static_cast<u32>(map[i].type));
  }
}

TEST_CASE("initrds are joined at 4-byte boundaries, page-aligned, as high as the kernel allows") {
  std::vector<u8> image = sample::bzimage(kPayload);
  sample::put<u32>(image, 0x22C, 0x2FF'FFFF);
  BootRequest wanted = request(image);
  wanted.initrds = {{"a", {1, 2, 3, 4, 5}, ""}, {"b", {6, 7}, ""}};
  const Booted booted(wanted);
  const u64 address = booted.memory.get<u32>(booted.state.esi + 0x218);
  CHECK(address == 0x2FF'F000);
  CHECK(booted.memory.get<u32>(booted.state.esi + 0x21C) == 10);
  CHECK(booted.memory.read(address, 10) == std::vector<u8>{1, 2, 3, 4, 5, 0, 0, 0, 6, 7});
}

TEST_CASE("an initrd that leaves the kernel no room is refused") {
  BootRequest wanted = request(sample::bzimage(kPayload));
  wanted.initrds = {{"a", std::vector<u8>(40 << 20), ""}};
  CHECK_THROWS_WITH(Booted(wanted), Contains("no room for the initrd (40 MiB)"));
  CHECK_NOTHROW(Booted(wanted, 128 << 20));
}

TEST_CASE("a kernel that needs more memory than there is is refused") {
  CHECK_THROWS_WITH(Booted(request(sample::bzimage(kPayload)), 16 << 20), Contains("does not lie in"));
}

TEST_CASE("a kernel that cannot be moved is loaded at 1 MiB") {
  std::vector<u8> image = sample::bzimage(kPayload);
  image[0x234] = 0;
  CHECK(Booted(request(image)).state.eip == 0x10'0000);
}

TEST_CASE("broken bzImages are refused with one line") {
  const auto complaint = [](auto break_it) {
    std::vector<u8> image = sample::bzimage(kPayload);
    break_it(image);
    try {
      Booted booted(request(image));
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(complaint([](auto& image) { image[0x202] = 'h'; }), Contains("not a Linux bzImage"));
  CHECK_THAT(complaint([](auto& image) { image.resize(0x220); }), Contains("cut off"));
  CHECK_THAT(complaint([](auto& image) { image.resize(1000); }), Contains("setup code"));
  CHECK_THAT(complaint([](auto& image) { image.resize(1050); }), Contains("truncated"));
  CHECK_THAT(complaint([](auto& image) { image[0x1FE] = 0; }), Contains("AA55h"));
  CHECK_THAT(complaint([](auto& image) { image[0x211] = 0; }), Contains("zImage"));
  CHECK_THAT(complaint([](auto& image) { image[0x207] = 1; }), Contains("older than 2.02"));
  CHECK_THAT(complaint([](auto& image) { sample::put<u64>(image, 0x258, ~u64{0}); }),
             Contains("above 4 GiB"));
  CHECK_THAT(complaint([](auto& image) { sample::put<u32>(image, 0x238, 5); }), Contains("at most 5"));
}
