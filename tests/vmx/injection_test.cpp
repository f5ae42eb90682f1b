// Event injection by VM entry (SDM vol. 3, 27.6).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt);
constexpr u64 kExternal = 0, kNmi = 2, kHardware = 3, kSoftwareInterrupt = 4, kPrivileged = 5, kSoftware = 6,
              kOther = 7;

u64 inject(GuestMachine& m, u64 word, u64 error = 0, u64 length = 0) {
  m[Field::EntryInterruptionInfo] = word;
  m[Field::EntryExceptionErrorCode] = error;
  m[Field::EntryInstructionLength] = length;
  return m.again({0x90});
}

}  // namespace

// Catches an event that arrives as another one, without or with too many error codes, or with a wrong return
// address; or CR2 and DR6 that change.
TEST_CASE("each type of event arrives at its handler") {
  struct Case {
    u64 word, error, length;
    int vector;
  };
  for (const Case& c :
       {Case{event_word(kExternal, 0x41), 0, 0, 0x41}, Case{event_word(kNmi, 2), 0, 0, 2},
        Case{event_word(kHardware, 13, true), 0x1234, 0, 13}, Case{event_word(kHardware, 6), 0, 0, 6},
        Case{event_word(kHardware, 14, true), 6, 0, 14}, Case{event_word(kHardware, 1), 0, 0, 1},
        Case{event_word(kSoftwareInterrupt, 0x80), 0, 2, 0x80}, Case{event_word(kPrivileged, 1), 0, 1, 1},
        Case{event_word(kSoftware, 3), 0, 1, 3}, Case{event_word(kSoftware, 4), 0, 1, 4}}) {
    INFO(c.word);
    GuestMachine m;
    if ((c.word >> 8 & 7) == kExternal) m[Field::GuestRflags] |= arch::flag::kIf;
    m.cpu().cr2 = 0x55;
    m.cpu().dr6 = arch::dr6::kFixed1;
    m[Field::ExceptionBitmap] = 0xFFFF'FFFF;  // injected events are not intercepted
    CHECK(inject(m, c.word, c.error, c.length) == kHlt);
    CHECK(m.handler() == c.vector);
    const bool error = (c.word & bit(11)) != 0;
    if (error) CHECK(m.stack(0) == c.error);
    CHECK(m.stack(error ? 1 : 0) == kGuestCode + c.length);
    CHECK(m.cpu().cr2 == 0x55);
    CHECK(m.cpu().dr6 == arch::dr6::kFixed1);
    CHECK(m[Field::EntryInterruptionInfo] == (c.word & ~bit(31)));
  }
}

// Catches an injected event that counts as intercepted, and one that is lost when its delivery exits.
TEST_CASE("a fault in the delivery of an injected event exits and tells it") {
  for (const u64 word : {event_word(kHardware, 13, true), event_word(kSoftwareInterrupt, 0x80),
                         event_word(kNmi, 2), event_word(kPrivileged, 1)}) {
    GuestMachine m;
    m.intercept_exception(14);
    m.poke<u64>(m.pte_address(kGuestStack - 8), 0);
    CHECK(inject(m, word, 0x77, 2) == 0);
    CHECK(m[Field::IdtVectoringInfo] == word);
    if ((word & bit(11)) != 0) CHECK(m[Field::IdtVectoringErrorCode] == 0x77);
    const u64 type = word >> 8 & 7;
    CHECK(m.length() == (type == kSoftwareInterrupt || type == kPrivileged ? 2 : 0));
    CHECK(m[Field::GuestRip] == kGuestCode);
    CHECK((m[Field::GuestInterruptibility] & 8) == (type == kNmi ? 8 : 0));
  }
}

// Catches gates that a program may not use, but an injected software event gets through; and the reverse.
TEST_CASE("of injected events the gate's privilege counts for INT n, INT3 and INTO alone") {
  const auto ends = [](u64 word, u64 length) {
    GuestMachine m;
    m.guest_user();
    m.intercept_exception(13);
    for (const u64 v : {0x80u, 3u, 1u, 6u}) m.poke<u8>(kIdt + v * 16 + 5, 0x8E);  // DPL 0
    return inject(m, word, 0, length);
  };
  CHECK(ends(event_word(kSoftwareInterrupt, 0x80), 2) == 0);
  CHECK(ends(event_word(kSoftware, 3), 1) == 0);
  CHECK(ends(event_word(kPrivileged, 1), 1) != 0);
  CHECK(ends(event_word(kHardware, 6), 0) != 0);
}

// Catches injections in other modes that find no handler.
TEST_CASE("events are injected into 32-bit and real mode") {
  GuestMachine wide;
  wide.guest_protected();
  CHECK(inject(wide, event_word(kSoftwareInterrupt, 0x41), 0, 2) == kHlt);
  CHECK(wide.handler() == 0x41);
  CHECK(wide.peek<u32>(wide[Field::GuestRsp]) == kGuestCode + 2);
  GuestMachine real;
  real.guest_real();
  real[Field::EntryInterruptionInfo] = event_word(kHardware, 6);
  CHECK(real.enter({0x90}) == kHlt);
  CHECK(real[Field::GuestEsBase + arch::kCs] + real[Field::GuestRip] == kHandlers + 6 * 16);
}

// Catches a halted guest that sleeps on.
TEST_CASE("an injected event wakes a guest that halts") {
  GuestMachine m;
  m[Field::GuestActivity] = 1;
  m[Field::GuestRflags] |= arch::flag::kIf;
  CHECK(inject(m, event_word(kExternal, 0x41)) == kHlt);
  CHECK(m.handler() == 0x41);
  CHECK(m[Field::GuestActivity] == 0);
}

// Catches an injected NMI that does not hold off others.
TEST_CASE("an injected NMI blocks NMIs") {
  for (const bool is_virtual : {false, true}) {
    GuestMachine m;
    m.set(Control::NmiExiting, is_virtual);
    m.set(Control::VirtualNmis, is_virtual);
    CHECK(inject(m, event_word(kNmi, 2)) == kHlt);
    CHECK(m.handler() == 2);
    CHECK((m[Field::GuestInterruptibility] & 8) != 0);
    CHECK(m.cpu().nmi_blocked == !is_virtual);
  }
}

// Catches an MTF VM exit that comes late, or takes the control.
TEST_CASE("an MTF VM exit is injected") {
  GuestMachine m;
  CHECK(inject(m, event_word(kOther, 0)) == code_of(ExitReason::MonitorTrapFlag));
  CHECK(m[Field::GuestRip] == kGuestCode);
}
