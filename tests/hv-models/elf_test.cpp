#include "hv-models/kernel/elf.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <vector>

#include "hv-models/kernel/error.hpp"

using namespace hvlab;
using namespace hvlab::kernel;

namespace {

constexpr u64 kUserEnd = 0x7fff'ffff'f000;

// Offsets from the System V ABI, chapters 4 and 5.
struct Image {
  std::vector<u8> bytes = std::vector<u8>(4096);
  template <typename T>
  void put(size_t at, T value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
  }
  Image() {
    std::memcpy(bytes.data(),
                "\x7f"
                "ELF\2\1\1",
                7);
    put<u16>(16, 2);          // ET_EXEC
    put<u16>(18, 62);         // EM_X86_64
    put<u64>(24, 0x40'1000);  // entry
    put<u64>(32, 64);         // program headers
    put<u16>(54, 56);
    put<u16>(56, 2);
    segment(0, 5, 0, 0x40'0000, 0x1800, 0x1800);
    segment(1, 6, 0x1800, 0x40'3800, 0x100, 0x2000);
  }
  void segment(unsigned i, u32 flags, u64 offset, u64 address, u64 file_bytes, u64 memory_bytes) {
    const size_t at = 64 + 56 * i;
    put<u32>(at, 1);
    put<u32>(at + 4, flags);
    put<u64>(at + 8, offset);
    put<u64>(at + 16, address);
    put<u64>(at + 32, file_bytes);
    put<u64>(at + 40, memory_bytes);
  }
  int read() { return read_elf(bytes.data(), bytes.size(), kUserEnd, program); }
  ElfProgram program;
};

}  // namespace

TEST_CASE("a static program's segments, rights and headers") {
  Image image;
  REQUIRE(image.read() == 0);
  CHECK(image.program.entry == 0x40'1000);
  CHECK(image.program.headers == 0x40'0040);
  REQUIRE(image.program.segment_count == 2);
  CHECK(image.program.segments[0].access == 5);  // read, execute
  CHECK(image.program.segments[1].access == 3);  // read, write
  CHECK(image.program.end == 0x40'6000);
}

TEST_CASE("what is no program for user memory is refused") {
  Image image;
  SECTION("another machine") { image.put<u16>(18, 3); }
  SECTION("position-independent") { image.put<u16>(16, 3); }
  SECTION("32 bits") { image.bytes[4] = 1; }
  SECTION("headers beyond the file") { image.put<u64>(32, 4090); }
  SECTION("headers whose end wraps") { image.put<u64>(32, ~u64{0} - 8); }
  SECTION("a segment in the kernel") { image.segment(1, 6, 0, 0xffff'8000'0000'0000, 16, 16); }
  SECTION("a segment that ends in the hole") { image.segment(1, 6, 0, 0x7fff'ffff'e000, 16, 0x2000); }
  SECTION("a segment that wraps") { image.segment(1, 6, 0, 0x40'4000, 16, ~u64{0}); }
  SECTION("a segment at page 0") { image.segment(0, 5, 0, 0, 16, 16); }
  SECTION("segments that share a page") { image.segment(1, 6, 0x1800, 0x40'1800, 16, 16); }
  SECTION("more file than memory") { image.segment(1, 6, 0, 0x40'4000, 32, 16); }
  SECTION("an offset that is no page's") { image.segment(1, 6, 8, 0x40'4000, 16, 16); }
  SECTION("an interpreter") { image.put<u32>(64, 3); }
  SECTION("an entry in the kernel") { image.put<u64>(24, 0xffff'8000'0000'0000); }
  CHECK(image.read() == kNotExecutable);
}

TEST_CASE("damaged headers give an error or segments in user memory, never more") {
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    Image image;
    for (int j = 0; j < 3; ++j) image.bytes[random() % 176] = static_cast<u8>(random());
    if (image.read() != 0) continue;
    for (unsigned s = 0; s < image.program.segment_count; ++s) {
      const ElfSegment& segment = image.program.segments[s];
      REQUIRE(segment.address >= 4096);
      REQUIRE(segment.memory_bytes <= kUserEnd);
      REQUIRE(segment.address + segment.memory_bytes <= kUserEnd);
      REQUIRE(segment.file_bytes <= segment.memory_bytes);
    }
  }
}
