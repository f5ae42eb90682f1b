#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <string>

#include "fake_wires.hpp"
#include "sim/base/user_error.hpp"
#include "sim/devices/debug_console.hpp"
#include "sim/devices/debug_exit.hpp"
#include "sim/devices/fw_cfg.hpp"

using namespace hvlab;
using namespace hvlab::devices;

namespace {

struct Memory final : Dma {
  std::vector<u8> bytes = std::vector<u8>(65536, 0xEE);
  void read(u64 address, void* to, size_t count) override {
    for (size_t i = 0; i < count; ++i) {
      static_cast<u8*>(to)[i] = address + i < bytes.size() ? bytes[address + i] : 0xFF;
    }
  }
  void write(u64 address, const void* from, size_t count) override {
    for (size_t i = 0; i < count && address < bytes.size() && address + i < bytes.size(); ++i) {
      bytes[address + i] = static_cast<const u8*>(from)[i];
    }
  }
};

struct Board {
  Memory memory;
  FwCfg fw_cfg{memory};

  std::string read(u16 key, size_t count) {
    fw_cfg.ports().write(0, 2, key);
    std::string text;
    for (size_t i = 0; i < count; ++i) text += static_cast<char>(fw_cfg.ports().read(1, 1));
    return text;
  }
  void dma(u32 control, u32 length, u64 address) {
    const std::array<u64, 2> block = {__builtin_bswap64(u64{control} << 32 | length),
                                      __builtin_bswap64(address)};
    memory.write(0x100, block.data(), 16);
    fw_cfg.dma_ports().write(0, 4, 0);
    fw_cfg.dma_ports().write(4, 4, __builtin_bswap32(0x100));
  }
};

}  // namespace

TEST_CASE("signature and features") {
  Board b;
  CHECK(b.read(0, 4) == "QEMU");
  CHECK(b.read(1, 4) == std::string("\3\0\0\0", 4));
  CHECK(b.fw_cfg.dma_ports().read(0, 4) == 0x554D'4551);
  CHECK(b.fw_cfg.dma_ports().read(4, 4) == 0x4746'4320);
}

// Catches keys of an architecture's own that lead to common ones: firmware would read 17745 ACPI tables
// there.
TEST_CASE("a key of the architecture's own that nobody set is empty, and not the common one") {
  Board b;
  CHECK(b.read(0x8000, 4) == std::string(4, '\0'));
  CHECK(b.read(0x4000, 4) == "QEMU");
  b.fw_cfg.set_item(0x8003, {'x'});
  CHECK(b.read(0x8003, 1) == "x");
  CHECK(b.read(0x0003, 1) == std::string(1, '\0'));
}

// Catches a directory whose numbers are not big-endian or whose keys lead elsewhere.
TEST_CASE("files are found through the directory") {
  Board b;
  b.fw_cfg.set_file("etc/b", {'b', 'b'});
  b.fw_cfg.set_file("etc/a", {'a'});
  const std::string directory = b.read(0x19, 4 + 128);
  CHECK(directory.substr(0, 4) == std::string("\0\0\0\2", 4));
  CHECK(directory.substr(4, 8) == std::string("\0\0\0\1\0\x21\0\0", 8));
  CHECK(std::string(directory.c_str() + 12) == "etc/a");
  CHECK(b.read(0x21, 2) == std::string("a\0", 2));
  CHECK(b.read(0x20, 2) == "bb");
}

TEST_CASE("DMA selects, skips and reads, with zeroes beyond the end") {
  Board b;
  b.fw_cfg.set_item(0x8, {'k', 'e', 'r', 'n'});
  b.dma(0x0008'000C, 1, 0);  // select and skip
  b.dma(0x02, 5, 0x200);
  CHECK(std::memcmp(&b.memory.bytes[0x200], "ern\0\0\xEE", 6) == 0);
  CHECK(std::memcmp(&b.memory.bytes[0x100], "\0\0\0\0", 4) == 0);
}

TEST_CASE("writing by DMA is refused") {
  Board b;
  b.dma(0x0000'0018, 4, 0x200);
  CHECK(std::memcmp(&b.memory.bytes[0x100], "\0\0\0\1", 4) == 0);
}

TEST_CASE("a file name that does not fit is the user's mistake") {
  Board b;
  CHECK_THROWS_AS(b.fw_cfg.set_file(std::string(56, 'x'), {}), UserError);
}

TEST_CASE("debug exit passes the value on") {
  u32 seen = 0;
  DebugExit exit([&](u32 value) { seen = value; });
  exit.write(0, 1, 0x1FF);
  CHECK(seen == 0xFF);
}

// Catches messages that are lost, doubled or in the wrong order.
TEST_CASE("the debug console answers, and each byte written to it is a character") {
  struct Sink final : observe::DeviceProbe::Sink {
    std::string text;
    void device_event(observe::DeviceId, observe::EventKind kind, u64 a, u64) override {
      if (kind == observe::EventKind::Console) text += static_cast<char>(a);
    }
  } sink;
  DebugConsole console({&sink, 1});
  CHECK(console.read(0, 1) == 0xE9);
  console.write(0, 1, 'a');
  console.write(0, 4, 0x65646362);
  CHECK(sink.text == "abcde");
}

TEST_CASE("no sequence of accesses breaks fw_cfg") {
  Board b;
  b.fw_cfg.set_file("etc/x", std::vector<u8>(100, 1));
  test::Random random{9};
  for (int i = 0; i < 100'000; ++i) {
    test::poke(random.below(2) != 0 ? b.fw_cfg.ports() : b.fw_cfg.dma_ports(), random, 9);
    if (random.below(16) == 0) {
      b.dma(static_cast<u32>((random.next() & 0x1F) | random.below(0x30) << 16),
            static_cast<u32>(random.below(20'000)), random.below(100'000));
    }
  }
}
