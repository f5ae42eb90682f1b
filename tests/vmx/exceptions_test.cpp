// Exceptions of a guest (SDM vol. 3, 25.6.3, 26.2, 28.1, 28.2.2).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt), kTriple = code_of(ExitReason::TripleFault);
constexpr u64 kHardware = 3, kPrivileged = 5, kSoftware = 6;
const std::initializer_list<u8> kUd2{0x0F, 0x0B};
constexpr u64 kUnmapped = 0x70'0000;
const std::initializer_list<u8> kRead{0xA1, 0, 0, 0x70, 0, 0, 0, 0, 0},
    kWrite{0xA3, 0, 0, 0x70, 0, 0, 0, 0, 0};

u64 info(GuestMachine& m) { return m[Field::ExitInterruptionInfo]; }

}  // namespace

// Catches exceptions that exit under another's bit, or that are delivered though their bit is set.
TEST_CASE("the exception bitmap, a bit a vector") {
  struct Case {
    unsigned vector;
    bool error;
    u64 error_code;
    std::initializer_list<u8> code;
  };
  for (const Case& c : {
           Case{0, false, 0, {0x31, 0xC9, 0xF7, 0xF1}},              // XOR ECX, ECX; DIV ECX
           Case{6, false, 0, kUd2},                                  //
           Case{7, false, 0, {0xD9, 0xE8}},                          // FLD1 under CR0.TS
           Case{11, true, 0x50, {0x66, 0xB8, 0x50, 0, 0x8E, 0xD8}},  // MOV DS: not present
           Case{12, true, 0, {0x48, 0xBD, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x8A, 0x45, 0}},  // MOV AL, [RBP]
           Case{13, true, 0x58, {0x66, 0xB8, 0x58, 0, 0x8E, 0xD8}},  // MOV DS: a system descriptor
       }) {
    INFO(c.vector);
    GuestMachine m;
    m[Field::GuestCr0] |= arch::cr0::kTs;
    m.poke<u64>(kGdt + 0x50, 0x00CF'1300'0000'FFFF);
    m.poke<u64>(kGdt + 0x58, 0x0000'8200'0000'FFFF);
    CHECK(m.enter(c.code) == kHlt);
    CHECK(m.handler() == static_cast<int>(c.vector));
    m[Field::ExceptionBitmap] = ~bit(c.vector) & 0xFFFF'FFFF;
    CHECK(m.again(c.code) == kHlt);
    m[Field::ExceptionBitmap] = bit(c.vector);
    CHECK(m.again(c.code) == 0);
    CHECK(info(m) == event_word(kHardware, c.vector, c.error));
    CHECK(m[Field::ExitInterruptionErrorCode] == c.error_code);
    CHECK(m.qualification() == 0);
    CHECK(m[Field::IdtVectoringInfo] == 0);
    CHECK(m.handler() == -1);
    CHECK((m[Field::GuestRflags] & arch::flag::kRf) != 0);  // as a handler's stack would have it
  }
}

// Catches a page fault that changes CR2 although it exits, or whose address is lost.
TEST_CASE("a page fault that exits tells its address and leaves CR2 alone") {
  GuestMachine m;
  m.poke<u64>(m.pte_address(kUnmapped), 0);
  m.intercept_exception(14);
  m.cpu().cr2 = 0x55;
  CHECK(m.enter(kWrite) == 0);
  CHECK(info(m) == event_word(kHardware, 14, true));
  CHECK(m[Field::ExitInterruptionErrorCode] == 2);
  CHECK(m.qualification() == kUnmapped);
  CHECK(m.cpu().cr2 == 0x55);
}

// Catches mask and match in the wrong sense.
TEST_CASE("page faults exit by error code") {
  GuestMachine m;
  m.poke<u64>(m.pte_address(kUnmapped), 0);
  struct Case {
    bool in_bitmap;
    u64 mask, match;
    bool write_exits, read_exits;
  };
  for (const Case& c :
       {Case{true, 0, 0, true, true}, Case{true, 2, 2, true, false}, Case{false, 2, 2, false, true},
        Case{true, 0, 1, false, false}, Case{false, 0, 1, true, true}}) {
    m[Field::ExceptionBitmap] = c.in_bitmap ? bit(14) : 0;
    m[Field::PageFaultMask] = c.mask;
    m[Field::PageFaultMatch] = c.match;
    CHECK((m.again(kWrite) == 0) == c.write_exits);
    CHECK((m.again(kRead) == 0) == c.read_exits);
  }
}

// Catches INT3, INTO and INT1 without their own types and lengths, and INT n taken for an exception.
TEST_CASE("software's exceptions have types of their own, INT n has none") {
  GuestMachine m;
  m[Field::ExceptionBitmap] = 0xFFFF'FFFF;
  CHECK(m.enter({0xCC}) == 0);
  CHECK(info(m) == event_word(kSoftware, 3));
  CHECK(m.length() == 1);
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK((m[Field::GuestRflags] & arch::flag::kRf) == 0);
  CHECK(m.again({0xF1}) == 0);
  CHECK(info(m) == event_word(kPrivileged, 1));
  CHECK(m.length() == 1);
  CHECK(m.again({0xCD, 0x03}) == kHlt);
  CHECK(m.handler() == 3);
  CHECK(m.again({0xCD, 0x0E}) == kHlt);
  CHECK(m.handler() == 14);
  GuestMachine into;
  into.guest_compatibility();
  into.intercept_exception(4);
  into[Field::GuestRflags] |= arch::flag::kOf;
  CHECK(into.enter({0xCE}) == 0);
  CHECK(info(into) == event_word(kSoftware, 4));
  CHECK(into.length() == 1);
}

// Catches an error code of real mode, where there are none.
TEST_CASE("in real mode exceptions have no error code") {
  GuestMachine m;
  m.guest_real();
  m.intercept_exception(13);
  m[Field::GuestEsLimit + arch::kDs] = 0x0FFF;
  CHECK(m.enter({0xA0, 0x00, 0x10}) == 0);  // MOV AL, [1000h]
  CHECK(info(m) == event_word(kHardware, 13));
}

// Catches the first event lost when a second one exits.
TEST_CASE("the event whose delivery was interrupted is in the IDT-vectoring fields") {
  GuestMachine m;
  m.intercept_exception(14);
  m.poke<u64>(m.pte_address(kGuestStack - 8), 0);
  CHECK(m.enter(kUd2) == 0);
  CHECK(m[Field::IdtVectoringInfo] == event_word(kHardware, 6));
  CHECK(info(m) == event_word(kHardware, 14, true));
  CHECK(m.qualification() == kGuestStack - 8);
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(m.again({0x66, 0xB8, 0x50, 0x01, 0x8E, 0xD8}) == 0);  // MOV DS, 150h
  CHECK(m[Field::IdtVectoringInfo] == event_word(kHardware, 13, true));
  CHECK(m[Field::IdtVectoringErrorCode] == 0x150);
  CHECK(m.again({0xCD, 0x80}) == 0);  // INT 80h
  CHECK(m[Field::IdtVectoringInfo] == event_word(4, 0x80));
  CHECK(m.length() == 2);
  CHECK(m.again({0xCC}) == 0);
  CHECK(m[Field::IdtVectoringInfo] == event_word(kSoftware, 3));
  CHECK(m.length() == 1);
  CHECK(m.again({0xF1}) == 0);
  CHECK(m[Field::IdtVectoringInfo] == event_word(kPrivileged, 1));
  CHECK(m.length() == 1);
}

// Catches a page fault on the way of another event that does not reach CR2 although it is delivered itself.
TEST_CASE("an exception that is delivered leaves its mark before a second one exits") {
  GuestMachine m;
  m.intercept_exception(8);
  m.poke<u64>(m.pte_address(kUnmapped), 0);
  m[Field::GuestIdtrLimit] = 14 * 16 - 1;  // #PF has no gate: #GP in its delivery makes #DF
  CHECK(m.enter(kRead) == 0);
  CHECK(info(m) == event_word(kHardware, 8, true));
  CHECK(m.cpu().cr2 == kUnmapped);
  // 28.2.4: a double fault is no event on the way.
  CHECK(m[Field::IdtVectoringInfo] == 0);
  m.intercept_exception(13);
  CHECK(m.again(kRead) == 0);
  CHECK(info(m) == event_word(kHardware, 13, true));
  CHECK(m[Field::IdtVectoringInfo] == event_word(kHardware, 14, true));
}

// Catches a third fault that shuts the machine down, or tells events.
TEST_CASE("a triple fault leaves the guest") {
  GuestMachine m;
  m[Field::GuestIdtrLimit] = 0;
  CHECK(m.enter(kUd2) == kTriple);
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(m[Field::IdtVectoringInfo] == 0);
  CHECK(info(m) == 0);
  CHECK(m.cpu().activity == cpu::Activity::Halted);  // the host's
}

// Catches #DB that changes debug registers although it exits (28.1), or whose bits are lost.
TEST_CASE("#DB exits with its conditions, DR6, DR7 and DEBUGCTL untouched") {
  GuestMachine m;
  m.intercept_exception(1);
  m.set(Control::EntryLoadDebugControls);
  m.set(Control::ExitSaveDebugControls);
  m[Field::GuestDebugCtl] = 1;
  m[Field::GuestRflags] |= arch::flag::kTf;
  m.cpu().dr6 = arch::dr6::kFixed1 | 8;
  CHECK(m.enter({0x90, 0x90}) == 0);
  CHECK(info(m) == event_word(kHardware, 1));
  CHECK(m.qualification() == arch::dr6::kBs);
  CHECK(m[Field::GuestRip] == kGuestCode + 1);
  CHECK(m.cpu().dr6 == (arch::dr6::kFixed1 | 8));
  CHECK(m[Field::GuestDebugCtl] == 1);
  // An instruction breakpoint is the fault that saves RF as it is (18.3.1.1).
  m[Field::GuestRflags] = 2;
  m[Field::GuestDebugCtl] = 0;
  m[Field::GuestDr7] = 0x400 | 2 << 4;
  m.cpu().dr[2] = kGuestCode + 1;
  CHECK(m.again({0x90, 0x90}) == 0);
  CHECK(m.qualification() == 4);
  CHECK((m[Field::GuestRflags] & arch::flag::kRf) == 0);
  CHECK(m[Field::GuestRip] == kGuestCode + 1);
  // General detect.
  m[Field::GuestDr7] = 0x2400;
  CHECK(m.again({0x0F, 0x21, 0xC0}) == 0);  // MOV RAX, DR0
  CHECK(m.qualification() == arch::dr6::kBd);
  CHECK(m[Field::GuestDr7] == 0x2400);
}
