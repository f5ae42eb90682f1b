// Task switches of a guest (SDM vol. 3, 26.4.2, table 28-2).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u16 kOther = kTssSelector + 8;  // another TSS
constexpr u64 kGates = kData;             // an IDT of task gates
constexpr u64 kCall = 0, kIret = u64{1} << 30, kJump = u64{2} << 30, kGate = u64{3} << 30;

/// A protected-mode guest whose every vector leads through a task gate to kOther.
void task_gates(GuestMachine& m, u8 type = 0x89) {
  m.guest_protected();
  m[Field::GuestGdtrLimit] = 0xFF;
  m.poke<u64>(kGdt + kOther, u64{type} << 40 | u64{kTss} << 16 | 0x67);
  for (u64 v = 0; v < 256; ++v) m.poke<u64>(kGates + v * 8, u64{0xE5} << 40 | u64{kOther} << 16);
  m[Field::GuestIdtrBase] = kGates;
  m[Field::GuestIdtrLimit] = 0x7FF;
}

}  // namespace

// Catches causes told wrongly, and lengths and events that a hypervisor has to do the switch from.
TEST_CASE("every task switch exits and tells its cause, length, event and RF") {
  struct Case {
    std::initializer_list<u8> code;
    u64 source, event, length;
    bool rf;
  };
  GuestMachine m;
  task_gates(m);
  for (const Case& c :
       {Case{{0xEA, 0, 0, 0, 0, kOther, 0}, kJump, 0, 7, false},
        Case{{0x9A, 0, 0, 0, 0, kOther, 0}, kCall, 0, 7, false},
        Case{{0xCD, 0x80}, kGate, event_word(4, 0x80), 2, false},
        Case{{0xCC}, kGate, event_word(6, 3), 1, false}, Case{{0xF1}, kGate, event_word(5, 1), 1, false},
        Case{{0x0F, 0x0B}, kGate, event_word(3, 6), 0, true}}) {
    CHECK(m.again(c.code) == code_of(ExitReason::TaskSwitch));
    CHECK(m.qualification() == (kOther | c.source));
    CHECK(m[Field::IdtVectoringInfo] == c.event);
    CHECK(m.length() == c.length);
    CHECK(m[Field::GuestRip] == kGuestCode);
    CHECK(((m[Field::GuestRflags] & arch::flag::kRf) != 0) == c.rf);
    m[Field::GuestRflags] = 2;
  }
  m[Field::EntryInterruptionInfo] = event_word(2, 2);
  CHECK(m.again({0x90}) == code_of(ExitReason::TaskSwitch));
  CHECK(m.qualification() == (kOther | kGate));
  CHECK(m[Field::IdtVectoringInfo] == event_word(2, 2));
}

TEST_CASE("a return to the task before exits") {
  GuestMachine m;
  task_gates(m, 0x8B);
  m.poke<u16>(kTss, kOther);
  m[Field::GuestRflags] |= arch::flag::kNt;
  CHECK(m.enter({0xCF}) == code_of(ExitReason::TaskSwitch));
  CHECK(m.qualification() == (kOther | kIret));
  CHECK(m.length() == 1);
}

// Catches an exit before the checks that come first.
TEST_CASE("a task that cannot be switched to is the guest's exception") {
  GuestMachine m;
  task_gates(m, 0x09);  // not present
  m.intercept_exception(11);
  CHECK(m.enter({0xEA, 0, 0, 0, 0, kOther, 0}) == 0);
  CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 11, true));
}
