// Port instructions and the I/O permission bitmap.
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/control/io_permission.hpp"

using namespace hvlab;
using namespace hvlab::test;
using decode::Outcome;

// Catches ports open to ring 3 that the bitmap closes, or closed ones that it opens.
TEST_CASE("I/O permission: IOPL first, then the bitmap with its extra byte") {
  Machine m;
  m.protected_mode();
  m.user();
  cpu::Cpu& c = m.cpu();
  const auto open = [&](u16 port, unsigned bytes) {
    return control::check_io_permission(c, port, bytes) == Outcome::Next;
  };
  m.poke<u16>(kTss + 0x66, 0x68);
  CHECK(!open(0x10, 1));  // no bitmap within the limit
  c.tr.limit = 0x68 + 8;
  m.poke<u64>(kTss + 0x68, ~(u64{3} << 16));  // only ports 10h and 11h
  CHECK(open(0x10, 1));
  CHECK(open(0x10, 2));
  CHECK(!open(0x11, 2));
  CHECK(!open(0x10, 4));
  CHECK(!open(0x40, 1));  // its byte is within the limit, the following one is not
  c.set_rflags(3 << 12);
  CHECK(open(0x40, 1));
}

// Catches wrong sizes, ports or registers.
TEST_CASE("IN and OUT by immediate and by DX") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  m.bus.device_value = 0x1122'3344'5566'7788;
  c.gpr[arch::kRdx] = 0x1F0;
  c.gpr[arch::kRax] = 0xFFFF'FFFF;
  m.run({0xE4, 0x60, 0x66, 0xED, 0xEE, 0xE7, 0x80});  // in al, 60h; in ax, dx; out dx, al; out 80h, eax
  REQUIRE(m.bus.accesses.size() == 4);
  CHECK((m.bus.accesses[0].address == 0x60 && m.bus.accesses[0].size == 1));
  CHECK((m.bus.accesses[1].address == 0x1F0 && m.bus.accesses[1].size == 2));
  CHECK((m.bus.accesses[2].kind == 'o' && m.bus.accesses[2].value == 0x88));
  CHECK((m.bus.accesses[3].size == 4 && m.bus.accesses[3].value == 0xFFFF'7788));
}

// Catches elements lost or repeated in string port input.
TEST_CASE("REP INSW fills memory, REP OUTSB empties it") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  m.bus.device_value = 0xBEEF;
  c.gpr[arch::kRdi] = kData;
  c.gpr[arch::kRcx] = 3;
  c.gpr[arch::kRdx] = 0x1F0;
  m.run({0xF3, 0x66, 0x6D});
  CHECK(c.gpr[arch::kRdi] == kData + 6);
  CHECK(c.gpr[arch::kRcx] == 0);
  CHECK(m.peek<u64>(kData) == 0xBEEF'BEEF'BEEF);
  CHECK(m.bus.accesses.size() == 3);
  c.activity = cpu::Activity::Active;
  c.rip = kCode;
  c.gpr[arch::kRsi] = kData;
  c.gpr[arch::kRcx] = 2;
  m.run({0xF3, 0x6E});
  REQUIRE(m.bus.accesses.size() == 5);
  CHECK(m.bus.accesses[4].value == 0xBE);
}
