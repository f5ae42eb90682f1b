// Repeated string instructions that something interrupts (SDM vol. 2, REP).
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kPageFault = 14;

Machine machine(u64 rsi, u64 rdi, u64 rcx) {
  Machine m;
  m.long_mode();
  m.cpu().gpr[kRsi] = rsi;
  m.cpu().gpr[kRdi] = rdi;
  m.cpu().gpr[kRcx] = rcx;
  return m;
}

}  // namespace

// Catches registers that do not say how far the instruction came, and elements done twice or not at all.
TEST_CASE("REP MOVS stops at the fault and goes on from there") {
  for (const bool source : {false, true}) {
    Machine m = machine(kData + 0xF00, kData + 0x4F80, 0x300);
    for (unsigned i = 0; i < 0x300; ++i) m.poke<u8>(kData + 0xF00 + i, static_cast<u8>(i * 7));
    const u64 missing = source ? kData + 0x1000 : kData + 0x5000;
    m.poke<u64>(m.pte_address(missing), 0);
    const u64 done = source ? 0x100 : 0x80;
    REQUIRE(m.run({0xF3, 0xA4}) == kPageFault);
    CHECK(m.cpu().cr2 == missing);
    CHECK(m.cpu().gpr[kRcx] == 0x300 - done);
    CHECK(m.cpu().gpr[kRsi] == kData + 0xF00 + done);
    CHECK(m.cpu().gpr[kRdi] == kData + 0x4F80 + done);
    CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == kCode);  // returns to the instruction itself
    m.poke<u64>(m.pte_address(missing), missing | 7);
    m.cpu().rip = kCode;
    m.cpu().activity = cpu::Activity::Active;
    CHECK(m.go() == -1);
    CHECK(m.cpu().gpr[kRcx] == 0);
    for (unsigned i = 0; i < 0x300; ++i) REQUIRE(m.peek<u8>(kData + 0x4F80 + i) == static_cast<u8>(i * 7));
  }
}

// Catches elements across a page boundary that are split by a fault.
TEST_CASE("an element that crosses into a missing page is not done") {
  Machine m = machine(0, kData + 0xFF1, 4);
  m.cpu().gpr[kRax] = 0x1122'3344'5566'7788;
  m.poke<u64>(m.pte_address(kData + 0x1000), 0);
  m.poke<u64>(kData + 0xFF9 - 1, 0);
  REQUIRE(m.run({0xF3, 0x48, 0xAB}) == kPageFault);
  CHECK(m.cpu().gpr[kRcx] == 3);
  CHECK(m.cpu().gpr[kRdi] == kData + 0xFF9);
  CHECK(m.peek<u32>(kData + 0xFF9) == 0);
}

// Catches overlapping copies done as a block move: each byte must see the one before.
TEST_CASE("an overlapping REP MOVSB repeats its pattern") {
  Machine m = machine(kData, kData + 3, 300);
  m.poke<u32>(kData, 0x0A'0B0C);
  CHECK(m.run({0xF3, 0xA4}) == -1);
  for (unsigned i = 0; i < 303; ++i) REQUIRE(m.peek<u8>(kData + i) == m.peek<u8>(kData + i % 3));
}

// Catches 32-bit counts taken as 64-bit ones, and the upper half kept.
TEST_CASE("with a 32-bit address size ECX counts and the upper halves are cleared") {
  Machine m = machine(0, kData | u64{0xFFFF} << 32, 2 | u64{0xFFFF} << 32);
  CHECK(m.run({0x67, 0xF3, 0xAA}) == -1);
  CHECK(m.cpu().gpr[kRcx] == 0);
  CHECK(m.cpu().gpr[kRdi] == kData + 2);
}

// Catches a long instruction that no interrupt gets into.
TEST_CASE("a cycle limit stops a long REP between elements, and it goes on") {
  timing::Profile slow = everything();
  slow.cost[static_cast<size_t>(decode::CostClass::StringUnit)] = 10;
  Machine m(slow);
  m.long_mode();
  m.cpu().gpr[kRdi] = kData;
  m.cpu().gpr[kRcx] = 0x8000;
  m.write(kCode, std::vector<u8>{0xF3, 0xAA, 0xF4});
  CHECK(m.processor->run(100) == execute::Stop::CycleLimit);
  CHECK(m.cpu().rip == kCode);
  CHECK(m.cpu().gpr[kRcx] > 0);
  CHECK(m.cpu().gpr[kRcx] < 0x8000);
  CHECK(m.processor->run(10'000'000) == execute::Stop::Halted);
  CHECK(m.cpu().gpr[kRcx] == 0);
}

// Catches stores of REP STOS over code that is still decoded.
TEST_CASE("REP STOS over the code behind it") {
  Machine m = machine(0, kCode + 2, 3);
  m.cpu().gpr[kRax] = 0x40;                                        // REX prefixes before what follows
  CHECK(m.run({0xF3, 0xAA, 0x0F, 0x0B, 0x90, 0xFF, 0xC3}) == -1);  // over UD2; inc ebx
  CHECK(m.cpu().gpr[kRbx] == 1);
}
