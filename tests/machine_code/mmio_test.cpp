// Accesses to what is not RAM: each exactly once, with the right size, in the right order.
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr u64 kDevice = 0x80'0000;  // just behind the RAM

/// The device's page mapped behind the last one of RAM.
Machine machine() {
  Machine m;
  m.long_mode();
  m.poke<u64>(kTables + 0x2000 + kDevice / 0x20'0000 * 8, kDevice | 0x80 | 7);
  m.cpu().gpr[kRsi] = kDevice;
  m.bus.device_value = 0x1111'2222'3333'4444;
  return m;
}

std::string log(const Machine& m) {
  std::string text;
  for (const auto& a : m.bus.accesses)
    text += a.kind + std::to_string(a.address - kDevice) + ":" + std::to_string(a.size) + " ";
  return text;
}

}  // namespace

// Catches reads repeated because the block was left in the middle, or done before an earlier instruction.
TEST_CASE("a load from a device is one access") {
  Machine m = machine();
  CHECK(m.run({0xFF, 0xC1, 0x8B, 0x46, 0x08, 0xFF, 0xC1}) == -1);
  CHECK(log(m) == "r8:4 ");
  CHECK(m.cpu().gpr[kRax] == 0x3333'4444);
  CHECK(m.cpu().gpr[kRcx] == 2);
}

TEST_CASE("a store to a device is one access with its value") {
  Machine m = machine();
  m.cpu().gpr[kRax] = 0xABCD;
  CHECK(m.run({0x66, 0x89, 0x46, 0x02}) == -1);
  CHECK(log(m) == "w2:2 ");
  CHECK(m.bus.accesses[0].value == 0xABCD);
}

// Catches read-modify-write instructions that read twice.
TEST_CASE("a read-modify-write reads once and writes once") {
  const std::initializer_list<u8> kCodes[] = {
      {0x83, 0x06, 0x01}, {0xF0, 0x83, 0x06, 0x01}, {0xFF, 0x06}, {0xF7, 0x1E},
      {0xD1, 0x26},       {0x0F, 0xAB, 0x06},       {0x87, 0x06}, {0x0F, 0xC1, 0x06},
      {0x0F, 0xB1, 0x0E}, {0x0F, 0xA5, 0x06}};
  for (const auto& code : kCodes) {
    Machine m = machine();
    CHECK(m.run(code) == -1);
    CHECK(log(m) == "r0:4 w0:4 ");
  }
}

// Catches an access across RAM and device that does one half twice.
TEST_CASE("an access that begins in RAM and ends in a device") {
  Machine m = machine();
  m.cpu().gpr[kRsi] = kDevice - 2;
  m.poke<u16>(kDevice - 2, 0x5566);
  CHECK(m.run({0x8B, 0x06}) == -1);
  CHECK(log(m) == "r0:2 ");
  CHECK(m.cpu().gpr[kRax] == 0x4444'5566);
  m.bus.accesses.clear();
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.cpu().gpr[kRax] = 0x0102'0304;
  CHECK(m.run({0x89, 0x06}) == -1);
  CHECK(log(m) == "w0:2 ");
  CHECK(m.bus.accesses[0].value == 0x0102);
  CHECK(m.peek<u16>(kDevice - 2) == 0x0304);
}

// Catches unaligned accesses handed to devices as they are.
TEST_CASE("an access that is not aligned is split into aligned ones") {
  Machine m = machine();
  m.cpu().gpr[kRsi] = kDevice + 1;
  CHECK(m.run({0x48, 0x8B, 0x06}) == -1);
  CHECK(log(m) == "r1:1 r2:2 r4:4 r8:1 ");
}

// Catches string instructions that touch a device more than once for an element.
TEST_CASE("REP MOVS from a device reads each element once") {
  Machine m = machine();
  m.cpu().gpr[kRdi] = kData;
  m.cpu().gpr[kRcx] = 3;
  CHECK(m.run({0xF3, 0xA5}) == -1);
  CHECK(log(m) == "r0:4 r4:4 r8:4 ");
}

// Catches a device that is read although the instruction then faults.
TEST_CASE("PUSH of a device operand with a missing stack reads nothing twice") {
  Machine m = machine();
  m.cpu().gpr[kRdi] = kData;
  m.poke<u64>(m.pte_address(kData), kData | 5);  // not writable
  CHECK(m.run({0x48, 0xA5}) == 14);              // movsq
  CHECK(m.cpu().gpr[kRsi] == kDevice);
}

// Catches device accesses charged to the wrong instruction: the write must see the time of the one before it.
TEST_CASE("16-byte accesses reach a device as two of eight") {
  Machine m = machine();
  CHECK(m.run({0xF3, 0x0F, 0x6F, 0x06}) == -1);
  CHECK(log(m) == "r0:8 r8:8 ");
}
