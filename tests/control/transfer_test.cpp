// Far jumps, calls and returns.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/far.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::Exception;
using decode::Outcome;

namespace {

constexpr u16 kGate = 0x50;  // a free slot of the harness' GDT

u64 call_gate(u16 selector, u32 offset, u8 parameters, u8 access) {
  return (offset & 0xFFFF) | u64{selector} << 16 | u64{parameters} << 32 | u64{access} << 40 |
         u64{offset >> 16} << 48;
}

}  // namespace

// Catches a far call that pushes the wrong size or order, and a far return that does not undo it.
TEST_CASE("far call and return at the same level") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  REQUIRE(control::far_call(c, kCode16, 0x1'2345, 4, 0x777) == Outcome::Next);
  CHECK(c.seg[arch::kCs].selector == kCode16);
  CHECK(c.rip == 0x1'2345);
  CHECK(m.peek<u32>(kStack - 8) == 0x777);
  CHECK(m.peek<u16>(kStack - 4) == kCode32);
  REQUIRE(control::far_return(c, 4, 12) == Outcome::Next);
  CHECK(c.rip == 0x777);
  CHECK(c.seg[arch::kCs].selector == kCode32);
  CHECK(c.gpr[arch::kRsp] == kStack + 12);
}

// Catches a direct far transfer that changes the privilege level.
TEST_CASE("a direct far jump does not change the level") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  CHECK(control::far_jump(c, kUserCode32, 0, 4, 0) == Outcome::Fault);
  CHECK(c.fault.vector == Exception::GeneralProtection);
  CHECK(c.fault.error == (kUserCode32 & ~3u));
  CHECK(control::far_jump(c, 0, 0, 4, 0) == Outcome::Fault);
  CHECK(c.fault.error == 0);
  m.user();
  CHECK(control::far_jump(c, kCode32, 0, 4, 0) == Outcome::Fault);
}

// Catches parameters lost or reversed, or the wrong stack, when a call gate leads inward.
TEST_CASE("a call gate to ring 0 copies parameters to the inner stack, RET n releases both") {
  Machine m;
  m.protected_mode();
  m.poke<u64>(kGdt + kGate, call_gate(kCode32, 0x4000, 2, 0xEC));
  m.user();
  cpu::Cpu& c = m.cpu();
  c.gpr[arch::kRsp] = 0x6000;
  m.poke<u32>(0x6000, 0x1111);
  m.poke<u32>(0x6004, 0x2222);
  REQUIRE(control::far_call(c, kGate, 0, 4, 0x888) == Outcome::Next);
  CHECK(c.cpl == 0);
  CHECK(c.rip == 0x4000);
  const u64 sp = c.gpr[arch::kRsp];
  CHECK(sp == kStack - 0x1000 - 24);
  CHECK(m.peek<u32>(sp) == 0x888);
  CHECK(m.peek<u32>(sp + 4) == kUserCode32);
  CHECK(m.peek<u32>(sp + 8) == 0x1111);
  CHECK(m.peek<u32>(sp + 12) == 0x2222);
  CHECK(m.peek<u32>(sp + 16) == 0x6000);
  CHECK(m.peek<u32>(sp + 20) == kUserData);
  c.seg[arch::kDs] = c.seg[arch::kSs];
  REQUIRE(control::far_return(c, 4, 8) == Outcome::Next);
  CHECK(c.cpl == 3);
  CHECK(c.gpr[arch::kRsp] == 0x6008);
  CHECK(!c.seg[arch::kDs].usable());  // ring 0's data is not left to ring 3
}

// Catches a 64-bit gate read as 8 bytes, or its frame of the wrong width.
TEST_CASE("a 64-bit call gate has 16 bytes and pushes 8-byte words") {
  Machine m;
  m.long_mode();
  m.poke<u64>(kGdt + kGate, call_gate(kCode64, 0x9000'4000, 0, 0xEC));
  m.poke<u64>(kGdt + kGate + 8, 0x7F);
  m.user();
  cpu::Cpu& c = m.cpu();
  REQUIRE(control::far_call(c, kGate, 0, 4, 0x888) == Outcome::Next);
  CHECK(c.rip == 0x7F'9000'4000);
  const u64 sp = c.gpr[arch::kRsp];
  CHECK(sp == kStack - 0x1000 - 32);
  CHECK(m.peek<u64>(sp) == 0x888);
  CHECK(m.peek<u64>(sp + 8) == kUserCode64);
  CHECK(c.seg[arch::kSs].selector == 0);
}

// Catches the way into 64-bit code: L and D together, and limits that 64-bit code does not have.
TEST_CASE("from compatibility mode to 64-bit code by a far jump") {
  Machine m;
  m.compatibility_mode();
  cpu::Cpu& c = m.cpu();
  REQUIRE(control::far_jump(c, kCode64, 0x5000, 4, 0) == Outcome::Next);
  CHECK(c.mode == cpu::Mode::Long);
  m.poke<u8>(kGdt + kCode64 + 6, 0xEF);  // L and D
  CHECK(control::far_jump(c, kCode64, 0x5000, 4, 0) == Outcome::Fault);
}

// Catches RET to a more privileged level, and a return stack of another level.
TEST_CASE("far return never goes inward and checks the outer stack") {
  Machine m;
  m.protected_mode();
  m.user();
  cpu::Cpu& c = m.cpu();
  c.gpr[arch::kRsp] = 0x6000;
  m.poke<u32>(0x6000, 0x100);
  m.poke<u32>(0x6004, kCode32);
  CHECK(control::far_return(c, 4, 0) == Outcome::Fault);
  CHECK(c.fault.error == kCode32);
  m.protected_mode();
  c.gpr[arch::kRsp] = 0x6000;
  m.poke<u32>(0x6004, kUserCode32);
  m.poke<u32>(0x6008, 0x5000);
  m.poke<u32>(0x600C, kData0);
  CHECK(control::far_return(c, 4, 0) == Outcome::Fault);
  CHECK(c.fault.error == kData0);
  CHECK(c.gpr[arch::kRsp] == 0x6000);
}

// Catches the decoder's operands of far pointers mixed up.
TEST_CASE("far jumps by instruction: direct and through memory") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  m.poke<u8>(0x5000, 0xF4);
  m.run({0xEA, 0x00, 0x50, 0x00, 0x00, kCode32, 0x00});
  CHECK(c.rip == 0x5001);
  m.poke<u32>(0x5100, 0x5000);
  m.poke<u16>(0x5104, kCode32);
  c.activity = cpu::Activity::Active;
  c.rip = kCode;
  m.run({0xFF, 0x2D, 0x00, 0x51, 0x00, 0x00});
  CHECK(c.rip == 0x5001);
}
