// Port instructions of a guest (SDM vol. 3, 25.6.4, 26.1.3, table 28-5).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kDirectionIn = bit(3), kString = bit(4), kRep = bit(5), kImmediate = bit(6);
constexpr u64 kIo = code_of(ExitReason::IoInstruction), kHlt = code_of(ExitReason::Hlt);

void set_bitmap(GuestMachine& m, u16 port, bool on = true) {
  const u64 at = (port < 0x8000 ? kIoBitmapA : kIoBitmapB) + (port & 0x7FFF) / 8;
  const u8 old = m.peek<u8>(at), mask = static_cast<u8>(1u << port % 8);
  m.poke<u8>(at, on ? old | mask : old & ~mask);
}

}  // namespace

// Catches a control that is not looked at, or the wrong one of the two.
TEST_CASE("ports exit by control") {
  GuestMachine m;
  CHECK(m.enter({0xE4, 0x60}) == kHlt);
  m.set(Control::UnconditionalIoExiting);
  CHECK(m.again({0xE4, 0x60}) == kIo);
  m.set(Control::UseIoBitmaps);  // goes before
  CHECK(m.again({0xE4, 0x60}) == kHlt);
  set_bitmap(m, 0x60);
  CHECK(m.again({0xE4, 0x60}) == kIo);
}

// Catches a wrong bit of the qualification.
TEST_CASE("the qualification tells width, direction, string, REP, operand and port") {
  GuestMachine m;
  m.set(Control::UnconditionalIoExiting);
  struct Case {
    std::initializer_list<u8> code;
    u64 told;
  };
  const u64 dx = u64{0x3F8} << 16;
  for (const Case& c : {
           Case{{0xE4, 0x60}, u64{0x60} << 16 | kImmediate | kDirectionIn},
           Case{{0xE5, 0x61}, u64{0x61} << 16 | kImmediate | kDirectionIn | 3},
           Case{{0x66, 0xE5, 0x61}, u64{0x61} << 16 | kImmediate | kDirectionIn | 1},
           Case{{0xE6, 0x62}, u64{0x62} << 16 | kImmediate},
           Case{{0xE7, 0x62}, u64{0x62} << 16 | kImmediate | 3},
           Case{{0xEC}, dx | kDirectionIn},
           Case{{0xED}, dx | kDirectionIn | 3},
           Case{{0xEE}, dx},
           Case{{0x66, 0xEF}, dx | 1},
           Case{{0x6C}, dx | kString | kDirectionIn},
           Case{{0x6D}, dx | kString | kDirectionIn | 3},
           Case{{0xF3, 0x6E}, dx | kString | kRep},
           Case{{0xF3, 0x66, 0x6F}, dx | kString | kRep | 1},
       }) {
    m.cpu().gpr[arch::kRdx] = 0x3F8;
    m.cpu().gpr[arch::kRcx] = 3;
    m.cpu().gpr[arch::kRsi] = m.cpu().gpr[arch::kRdi] = kData;
    CHECK(m.again(c.code) == kIo);
    CHECK(m.qualification() == c.told);
    CHECK(m.length() == c.code.size());
    CHECK(m[Field::GuestRip] == kGuestCode);
  }
  CHECK(m.bus.accesses.empty());
}

// Catches strings whose address or instruction information is not the operand's (28.2.1, table 28-8).
TEST_CASE("strings tell their linear address, address size and segment") {
  GuestMachine m;
  m.set(Control::UnconditionalIoExiting);
  m[Field::GuestEsBase + arch::kFs] = 0x1'0000;
  m.cpu().gpr[arch::kRdx] = 0x3F8;
  m.cpu().gpr[arch::kRdi] = 0xF'0000'1000;
  m.cpu().gpr[arch::kRsi] = 0xE'0000'2000;
  CHECK(m.enter({0x6C}) == kIo);
  CHECK(m[Field::GuestLinearAddress] == 0xF'0000'1000);
  CHECK((m[Field::ExitInstructionInfo] >> 7 & 7) == 2);
  CHECK(m.again({0x67, 0x6C}) == kIo);
  CHECK(m[Field::GuestLinearAddress] == 0x1000);
  CHECK((m[Field::ExitInstructionInfo] >> 7 & 7) == 1);
  CHECK(m.again({0x64, 0x6E}) == kIo);
  CHECK(m[Field::GuestLinearAddress] == 0xE'0001'2000);
  CHECK((m[Field::ExitInstructionInfo] >> 15 & 7) == arch::kFs);
}

// Catches the wrong bitmap, a byte of a wide access that is not looked at, and an access past the last port
// that does not exit.
TEST_CASE("each byte of an access is looked up") {
  GuestMachine m;
  m.set(Control::UseIoBitmaps);
  const auto exits = [&](u16 port, std::initializer_list<u8> code) {
    m.cpu().gpr[arch::kRdx] = port;
    return m.again(code) == kIo;
  };
  set_bitmap(m, 0x7FFF);
  CHECK(exits(0x7FFF, {0xEC}));
  CHECK(!exits(0x8000, {0xEC}));
  CHECK(exits(0x7FFE, {0x66, 0xED}));
  CHECK(exits(0x7FFC, {0xED}));
  CHECK(!exits(0x7FFB, {0xED}));
  set_bitmap(m, 0x7FFF, false);
  set_bitmap(m, 0x8000);
  CHECK(exits(0x8000, {0xEC}));
  CHECK(exits(0x7FFD, {0xED}));
  CHECK(!exits(0x7FFF, {0xEC}));
  CHECK(!exits(0xFFFF, {0xEC}));
  CHECK(exits(0xFFFF, {0x66, 0xED}));
  CHECK(exits(0xFFFD, {0xED}));
  CHECK(!exits(0xFFFC, {0xED}));
}

// Catches an exit before the checks of IOPL (26.1.1), and bitmaps in no memory that upset the simulator.
TEST_CASE("ports that the program may not use are its #GP first; bitmaps outside memory read as ones") {
  GuestMachine m;
  m.guest_user();
  m.poke<u16>(kTss + 0x66, 0x68);  // no map in the TSS
  m.set(Control::UnconditionalIoExiting);
  m.intercept_exception(13);
  CHECK(m.enter({0xE4, 0x60}) == 0);
  CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 13, true));
  GuestMachine far;
  far.set(Control::UseIoBitmaps);
  far[Field::IoBitmapA] = 0xFF'FFFF'F000;
  CHECK(far.enter({0xE4, 0x60}) == kIo);
}
