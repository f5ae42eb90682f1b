// RDMSR and WRMSR of a guest (SDM vol. 3, 25.6.9, 26.1.3).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kRead = code_of(ExitReason::Rdmsr), kWrite = code_of(ExitReason::Wrmsr);
const std::initializer_list<u8> kRdmsr{0x0F, 0x32}, kWrmsr{0x0F, 0x30};

u64 access(GuestMachine& m, u32 number, bool write) {
  m.cpu().gpr[arch::kRcx] = number;
  m.cpu().gpr[arch::kRax] = m.cpu().gpr[arch::kRdx] = 0;
  return m.again(write ? kWrmsr : kRdmsr);
}

}  // namespace

// Catches guests that get at MSRs though there are no bitmaps.
TEST_CASE("without MSR bitmaps every access exits") {
  GuestMachine m;
  for (const u32 number : {0x10u, 0x1FFFu, 0x2000u, 0xC000'0080u, 0xFFFF'FFFFu}) {
    CHECK(access(m, number, false) == kRead);
    CHECK(m.length() == 2);
    CHECK(access(m, number, true) == kWrite);
  }
}

// Catches bits taken from the wrong quarter of the page.
TEST_CASE("the bitmaps have a bit for each MSR of two ranges, for reads and for writes") {
  struct Case {
    u32 number;
    bool write;
    u64 offset;
  };
  for (const Case& c : {Case{0x174, false, 0}, Case{0xC000'0100, false, 0x400}, Case{0x174, true, 0x800},
                        Case{0xC000'0100, true, 0xC00}}) {
    GuestMachine m;
    m.set(Control::UseMsrBitmaps);
    for (u64 at = 0; at < 4096; at += 8) m.poke<u64>(kMsrBitmaps + at, 0);
    const u64 exits = c.write ? kWrite : kRead;
    CHECK(access(m, c.number, c.write) == code_of(ExitReason::Hlt));
    const u32 index = c.number & 0x1FFF;
    m.poke<u8>(kMsrBitmaps + c.offset + index / 8, static_cast<u8>(1u << index % 8));
    CHECK(access(m, c.number, c.write) == exits);
    CHECK(access(m, c.number, !c.write) == code_of(ExitReason::Hlt));
    CHECK(access(m, 0x2000, c.write) == exits);
    CHECK(access(m, 0xBFFF'FFFF, c.write) == exits);
    CHECK(access(m, 0xC000'2000, c.write) == exits);
  }
}

// Catches exits before the check of privilege, and #GP of an MSR that does not exist before the exit.
TEST_CASE("RDMSR exits after privilege, before existence") {
  GuestMachine m;
  m[Field::ExceptionBitmap] = 0xFFFF'FFFF;
  CHECK(access(m, 0x1234, false) == kRead);
  m.guest_user();
  CHECK(access(m, 0x1234, false) == 0);
  CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 13, true));
}
