// Would catch (under ASan and UBSan): an index, length or sum taken from a broken header without a check.
// Images are changed at random places, mostly in their headers; each must load or be refused, nothing else.
#include <random>

#include "fake_memory.hpp"
#include "sample_images.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/bzimage.hpp"
#include "sim/boot/load.hpp"
#include "sim/boot/multiboot1.hpp"
#include "sim/boot/pvh.hpp"
#include "sim/boot/vmlinux_extract.hpp"

using namespace hvlab;
using namespace hvlab::boot;

namespace {

void load_as(KernelKind kind, const std::vector<u8>& image) {
  constexpr u64 kRam = 64 << 20;
  FakeMemory memory(kRam);
  Placement placement(memory_map(kRam), memory);
  BootRequest request;
  request.kernel = {"k", image, ""};
  request.initrds = {{"i", {1, 2, 3}, ""}};
  switch (kind) {
    case KernelKind::BzImage: load_bzimage(request, placement); break;
    case KernelKind::Pvh: load_pvh(request, placement); break;
    default: load_multiboot1(request, placement); break;
  }
}

void change(std::vector<u8>& image, std::mt19937& random) {
  static constexpr u64 kValues[] = {0,      1,           0x7F,        0x80,        0xFF,
                                    0xFFFF, 0x7FFF'FFFF, 0x8000'0000, 0xFFFF'FFFF, ~u64{0}};
  for (u64 i = 1 + random() % 3; i > 0 && image.size() > 8; --i) {
    const size_t at = random() % (image.size() - 8);
    const u64 value = random() % 2 == 0 ? kValues[random() % std::size(kValues)] : random();
    std::memcpy(image.data() + at, &value, size_t{1} << (random() % 4));
  }
  if (random() % 8 == 0) image.resize(random() % image.size());
}

void fuzz(KernelKind kind, const std::vector<u8>& good, unsigned rounds) {
  REQUIRE_NOTHROW(load_as(kind, good));
  std::mt19937 random(1);
  unsigned refused = 0;
  for (unsigned i = 0; i < rounds; ++i) {
    std::vector<u8> image = good;
    change(image, random);
    kernel_kind(image);
    try {
      load_as(kind, image);
      if (kind == KernelKind::BzImage) extract_vmlinux({"k", image, ""});
    } catch (const UserError& error) {
      ++refused;
      CHECK(std::string(error.what()).find('\n') == std::string::npos);
    }
  }
  CHECK(refused > 0);
}

}  // namespace

TEST_CASE("mutated bzImages load or are refused") {
  std::vector<u8> image = sample::bzimage({0x1F, 0x8B, 8, 0, 0, 0, 0, 0});
  fuzz(KernelKind::BzImage, image, 3000);
}

TEST_CASE("mutated PVH kernels load or are refused") {
  fuzz(KernelKind::Pvh, sample::elf64({0xF4}, 0x100'0000, 0x100'0000), 3000);
}

TEST_CASE("mutated multiboot kernels load or are refused") {
  fuzz(KernelKind::Multiboot1, sample::elf32_multiboot(3, 0x10'0000), 3000);
  std::vector<u8> image(0x60, 0x90);
  const u32 flags = 0x1'0003;
  const u32 fields[] = {0x1BAD'B002, flags,    0u - 0x1BAD'B002 - flags, 0x20'0000, 0x20'0000, 0x20'0040,
                        0x20'1000,   0x20'0020};
  std::memcpy(image.data(), fields, sizeof fields);
  fuzz(KernelKind::Multiboot1, image, 3000);
}

TEST_CASE("mutated compressed kernels unpack or are refused") {
  std::mt19937 random(2);
  for (const char* magic :
       {"\x1F\x8B\x08", "\xFD\x37zXZ", "BZh9", "\x28\xB5\x2F\xFD", "\x02\x21\x4C\x18", "\x5D"}) {
    for (unsigned i = 0; i < 200; ++i) {
      std::vector<u8> payload(64);
      for (u8& each : payload) each = static_cast<u8>(random());
      std::memcpy(payload.data(), magic, std::strlen(magic));
      CHECK_THROWS_AS(extract_vmlinux({"k", sample::bzimage(payload), ""}), UserError);
    }
  }
}
