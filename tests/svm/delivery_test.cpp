// Deliveries that do not reach their handler: what the exit tells of the event (APM vol. 2, 15.7.2), task
// switches (15.14.1), and injection into guests below long mode (15.20).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;
namespace vi = arch::svm::virtual_interrupt;

namespace {

constexpr u64 kValid = bit(31), kError = bit(11);
constexpr u64 word(u64 type, u64 vector, u64 error = 0) { return kValid | type << 8 | vector | error << 32; }

constexpr u16 kOther = kTssSelector + 8;  // another TSS
constexpr u64 kGates = kData;             // an IDT of task gates

/// A protected-mode guest whose every vector leads through a task gate to kOther.
void task_gates(GuestMachine& m) {
  m.guest_protected();
  m.block.save.gdtr.limit = 0xFF;
  m.poke<u64>(kGdt + kOther, u64{0x89} << 40 | u64{kTss} << 16 | 0x67);
  for (u64 v = 0; v < 256; ++v) m.poke<u64>(kGates + v * 8, u64{0xE5} << 40 | u64{kOther} << 16);
  m.block.save.idtr = {0, 0, 0x7FF, kGates};
  m.intercept(Exit::TaskSwitch);
}

void expect_switch(const GuestMachine& m, u64 info2, u64 event) {
  CHECK(m.block.control.exit_code == code_of(Exit::TaskSwitch));
  CHECK(m.block.control.exit_info1 == kOther);
  CHECK(m.block.control.exit_info2 == info2);
  CHECK(m.block.control.exit_interrupt_info == event);
}

}  // namespace

// Catches causes, error codes and RF of a task switch told wrongly; a hypervisor has to do the switch from
// them.
TEST_CASE("task switches tell their cause, the error code, RF, and the event") {
  GuestMachine m;
  task_gates(m);
  m.enter({0xEA, 0, 0, 0, 0, kOther, 0});  // JMP FAR
  expect_switch(m, bit(38), 0);
  m.again({0x9A, 0, 0, 0, 0, kOther, 0});  // CALL FAR
  expect_switch(m, 0, 0);
  m.again({0xCD, 0x80});
  expect_switch(m, 0, word(4, 0x80));
  m.again({0xCC});
  expect_switch(m, 0, word(3, 3));
  m.again({0x0F, 0x0B});  // a fault: RF would have been saved set
  expect_switch(m, bit(48), word(3, 6));
  CHECK(m.block.save.rip == kGuestCode);
  m.again({0x66, 0xB8, 0xF0, 1, 0x8E, 0xD8});  // MOV AX, 1F0h; MOV DS, AX: #GP(1F0h)
  expect_switch(m, bit(44) | bit(48) | 0x1F0, word(3, 13, 0x1F0) | kError);
  m.block.control.event_injection = word(0, 0x41);
  m.again({0x90});
  expect_switch(m, 0, word(0, 0x41));
  m.block.control.event_injection = word(2, 2);
  m.again({0x90});
  expect_switch(m, 0, word(2, 2));
}

TEST_CASE("a return to the task before tells so") {
  GuestMachine m;
  task_gates(m);
  m.poke<u64>(kGdt + kOther, u64{0x8B} << 40 | u64{kTss} << 16 | 0x67);  // busy
  m.poke<u16>(kTss, kOther);
  m.block.save.rflags |= arch::flag::kNt;
  m.enter({0xCF});
  expect_switch(m, bit(36), 0);
}

// Catches an event that is forgotten where only some kinds or some places of its delivery were thought of.
TEST_CASE("the event is told wherever its delivery met a fault") {
  struct Place {
    const char* name;
    u64 page;
    u64 address, info1;
  };
  // The stack lies under a table that nothing else needs.
  constexpr u64 kFarStack = 0x60'0000, kFarTable = kTables + 0x6000;
  const Place places[] = {{"the gate", kIdt, kIdt + 6 * 16, 0x1'0000'0004},
                          {"the code segment's descriptor", kGdt, kGdt + kCode64, 0x1'0000'0004},
                          {"the stack", kFarStack, kFarStack + 0xFF8, 0x1'0000'0006},
                          {"the tables of the stack", kFarTable, kFarTable, 0x2'0000'0006}};
  for (const Place& p : places) {
    INFO(p.name);
    GuestMachine m;
    m.nested_paging();
    m.guest_code({0x0F, 0x0B});
    m.block.save.rsp = kFarStack + 0x1000;
    m.poke<u64>(m.nested_pte(p.page), 0);
    CHECK(m.enter() == code_of(Exit::NestedPageFault));
    CHECK(m.block.control.exit_info1 == p.info1);
    CHECK(m.block.control.exit_info2 == p.address);
    CHECK(m.block.control.exit_interrupt_info == word(3, 6));
    CHECK(m.block.control.fetched == 0);
    CHECK(m.block.save.rip == kGuestCode);
  }
}

TEST_CASE("interrupted deliveries of INT3, INTO, INT1 and of a virtual interrupt") {
  const auto told = [](std::initializer_list<u8> program, auto prepare) {
    GuestMachine m;
    m.intercept_exception(14);
    m.poke<u64>(m.pte_address(kGuestStack - 8), 0);
    prepare(m);
    CHECK(m.enter(program) == 0x40 + 14);
    return m.block.control.exit_interrupt_info;
  };
  const auto nothing = [](GuestMachine&) {};
  CHECK(told({0xCC}, nothing) == word(3, 3));
  CHECK(told({0xF1}, nothing) == word(3, 1));
  CHECK(told({0xB8, 0xFF, 0xFF, 0xFF, 0x7F, 0x40, 0xCE}, [](GuestMachine& m) { m.guest_compatibility(); }) ==
        word(3, 4));
  CHECK(told({0x90}, [](GuestMachine& m) {
          m.block.save.rflags |= arch::flag::kIf;
          m.block.control.interrupt =
              vi::kIrq | vi::kMasking | u64{5} << vi::kPriorityShift | u64{0x60} << vi::kVectorShift;
        }) == word(0, 0x60));
  CHECK(told({0x8A, 0x44, 0x24, 0xF8}, nothing) == 0);  // a fault of the program itself
}

// Catches an injected event delivered by the rules of another mode.
TEST_CASE("injection into real mode and 32-bit protected mode") {
  GuestMachine real;
  real.guest_real();
  real.block.control.event_injection = word(3, 13, 0x77) | kError;
  CHECK(real.enter({0x90}) == code_of(Exit::Hlt));
  CHECK(real.block.save.cs.base + real.block.save.rip == kHandlers + 13 * 16);
  CHECK(real.block.save.rsp == 0x7000 - 6);  // three words: real mode has no error codes

  GuestMachine wide;
  wide.guest_protected();
  for (u64 v = 0; v < 32; ++v)
    wide.poke<u64>(kGates + v * 8, ((kHandlers + v * 16) & 0xFFFF) | u64{kCode32} << 16 | u64{0x8E} << 40 |
                                       ((kHandlers + v * 16) >> 16) << 48);
  wide.block.save.idtr = {0, 0, 0x7FF, kGates};
  wide.block.control.event_injection = word(3, 13, 0x77) | kError;
  CHECK(wide.enter({0x90}) == code_of(Exit::Hlt));
  CHECK(wide.handler() == 13);
  CHECK(wide.peek<u32>(wide.block.save.rsp) == 0x77);
  CHECK(wide.peek<u32>(wide.block.save.rsp + 4) == kGuestCode);
  // Gates' privilege counts for INT n and INT3, not for what the processor raises (15.20).
  wide.guest_user();
  wide.block.save.cs = {kUserCode32, 0xCFB, 0xFFFF'FFFF, 0};
  wide.poke<u32>(kTss + 4, static_cast<u32>(kStack));
  wide.poke<u32>(kTss + 8, kData0);
  wide.intercept_exception(13);
  for (const u64 event : {word(4, 0x10), word(3, 3)}) {
    wide.block.control.event_injection = event;
    wide.block.control.next_rip = kGuestCode;
    CHECK(wide.again({0x90}) == 0x40 + 13);
    CHECK(wide.block.control.exit_info1 == (event & 0xFF) * 8 + 2);
    CHECK(wide.block.control.exit_interrupt_info == event);
  }
  wide.block.control.event_injection = word(3, 6);
  wide.again({0x90});
  CHECK(wide.handler() == 6);
}

// Catches NMI that are not blocked by one that was injected, or blocked for ever.
TEST_CASE("an injected NMI blocks others until IRET") {
  GuestMachine m;
  m.intercept(Exit::Iret);
  m.block.control.event_injection = word(2, 2);
  m.poke<u8>(kHandlers + 2 * 16, 0x90);
  m.poke<u8>(kHandlers + 2 * 16 + 1, 0xCF);
  CHECK(m.enter({0x90}) == code_of(Exit::Iret));
  CHECK(m.cpu().nmi_blocked);
}
