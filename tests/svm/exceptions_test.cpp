// Each exception leaves the guest when its intercept is set, with the information that the manual wants, and
// goes to the guest's own handler when it is clear (APM vol. 2, 15.12).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

namespace {

struct Case {
  const char* name;
  unsigned vector;
  std::initializer_list<u8> program;
  u64 at;          // offset of the instruction that raises it
  u64 info1 = 0;   // the error code
  u64 length = 0;  // of the instruction, where the next one is told
  void (*prepare)(GuestMachine&) = [](GuestMachine&) {};
};

constexpr u16 kAbsent = 0x50;  // a selector behind those of the harness

const Case kCases[] = {
    {"DIV by 0", 0, {0x31, 0xC9, 0xF7, 0xF1}, 2},
    {"INT3", 3, {0x90, 0xCC}, 1, 0, 1},
    // MOV EAX, 7FFFFFFFh; INC EAX; INTO
    {"INTO",
     4,
     {0xB8, 0xFF, 0xFF, 0xFF, 0x7F, 0x40, 0xCE},
     6,
     0,
     1,
     [](GuestMachine& m) { m.guest_compatibility(); }},
    // MOV EAX, -1; BOUND EAX, [ESP + 0]
    {"BOUND",
     5,
     {0xB8, 0xFF, 0xFF, 0xFF, 0xFF, 0x62, 0x44, 0x24, 0x00},
     5,
     0,
     4,
     [](GuestMachine& m) { m.guest_compatibility(), m.poke<u64>(kGuestStack, u64{5} << 32); }},
    {"UD2", 6, {0x0F, 0x0B}, 0},
    {"FNINIT under TS",
     7,
     {0xDB, 0xE3},
     0,
     0,
     0,
     [](GuestMachine& m) { m.block.save.cr0 |= arch::cr0::kTs; }},
    {"JMP to a short TSS",
     10,
     {0xEA, 0, 0, 0, 0, kAbsent, 0},
     0,
     kAbsent,
     0,
     [](GuestMachine& m) {
       m.guest_protected();
       m.poke<u64>(kGdt + kAbsent, u64{0x89} << 40 | 0x10);
       for (u64 v = 0; v < 32; ++v)  // gates of 8 bytes
         m.poke<u64>(kData + v * 8, ((kHandlers + v * 16) & 0xFFFF) | u64{kCode32} << 16 | u64{0x8E} << 40 |
                                        (kHandlers >> 16) << 48);
       m.block.save.idtr = {0, 0, 0xFF, kData};
     }},
    {"MOV DS, not present",
     11,
     {0x66, 0xB8, kAbsent, 0, 0x8E, 0xD8},
     4,
     kAbsent,
     0,
     [](GuestMachine& m) { m.poke<u64>(kGdt + kAbsent, u64{0x13} << 40); }},
    // MOV RBP, 1 << 63; MOV EAX, [RBP]
    {"a stack access that is not canonical", 12, {0x48, 0xBD, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x8B, 0x45, 0}, 10},
    {"MOV DS beyond the table", 13, {0x66, 0xB8, 0xF0, 0, 0x8E, 0xD8}, 4, 0xF0},
    // FNINIT; FLDCW [RSP] (ZE unmasked); FLD1; FLDZ; FDIVP; FWAIT
    {"FWAIT after a division by 0",
     16,
     {0xDB, 0xE3, 0xD9, 0x2C, 0x24, 0xD9, 0xE8, 0xD9, 0xEE, 0xDE, 0xF9, 0x9B},
     11,
     0,
     0,
     [](GuestMachine& m) { m.poke<u16>(kGuestStack, 0x37B); }},
    {"a misaligned access under AM and AC",
     17,
     {0x8B, 0x44, 0x24, 0xF9},
     0,
     0,
     0,
     [](GuestMachine& m) {
       m.guest_user();
       m.block.save.cr0 |= arch::cr0::kAm;
       m.block.save.rflags |= arch::flag::kAc;
     }},
    // LDMXCSR [RSP] (ZE unmasked); MOV EAX, 1; CVTSI2SS XMM0, EAX; XORPS XMM1, XMM1; DIVSS XMM0, XMM1
    {"DIVSS by 0",
     19,
     {0x0F, 0xAE, 0x14, 0x24, 0xB8, 1,    0,    0,    0,    0xF3,
      0x0F, 0x2A, 0xC0, 0x0F, 0x57, 0xC9, 0xF3, 0x0F, 0x5E, 0xC1},
     16,
     0,
     0,
     [](GuestMachine& m) { m.poke<u32>(kGuestStack, 0x1D80); }},
};

}  // namespace

// Catches an intercept of another vector, an error code that is lost, or a RIP that is not the instruction's.
TEST_CASE("exceptions exit when intercepted") {
  for (const Case& c : kCases) {
    INFO(c.name);
    GuestMachine m;
    c.prepare(m);
    m.intercept_exception(c.vector);
    CHECK(m.enter(c.program) == 0x40 + c.vector);
    CHECK(m.block.save.rip == kGuestCode + c.at);
    CHECK(m.block.control.exit_info1 == c.info1);
    CHECK(m.block.control.exit_info2 == 0);
    CHECK(m.block.control.exit_interrupt_info == 0);
    CHECK(m.block.control.next_rip == (c.length != 0 ? kGuestCode + c.at + c.length : 0));
  }
}

// Catches an exit that nobody asked for.
TEST_CASE("exceptions reach the guest's handler when not intercepted, whatever else is") {
  for (const Case& c : kCases) {
    INFO(c.name);
    GuestMachine m;
    c.prepare(m);
    for (unsigned v = 0; v < 32; ++v)
      if (v != c.vector) m.intercept_exception(v);
    m.intercept(arch::svm::kException + c.vector, false);
    const u64 code = m.enter(c.program);
    CHECK(code == code_of(Exit::Hlt));
    CHECK(m.handler() == static_cast<int>(c.vector));
  }
}

// Catches software interrupts taken for the exceptions whose vectors they name (table 15-7).
TEST_CASE("INT n and INT1 are not exceptions to intercept") {
  GuestMachine m;
  for (unsigned v = 0; v < 32; ++v) m.intercept_exception(v);
  for (const u8 vector : {u8{0}, u8{1}, u8{3}, u8{4}, u8{6}, u8{14}}) {
    CHECK(m.again({0xCD, vector}) == code_of(Exit::Hlt));
    CHECK(m.handler() == vector);
  }
  CHECK(m.again({0xF1}) == code_of(Exit::Hlt));
  CHECK(m.handler() == 1);
}

TEST_CASE("NMI is no exception to intercept") {
  GuestMachine m;
  m.intercept_exception(2);
  m.cpu().gif = false;
  m.cpu().nmi_pending = true;
  CHECK(m.enter({0x90, 0x90}) == code_of(Exit::Hlt));
  CHECK(m.handler() == 2);
}

// Catches CR2 or DR6 changed by an exception that the guest has not seen, or not changed by one it has.
TEST_CASE("CR2 and DR6 change with the exceptions that the guest takes") {
  GuestMachine m;
  m.poke<u64>(m.pte_address(0x70'0000), 0);
  CHECK(m.enter({0xA1, 0x34, 0, 0x70, 0, 0, 0, 0, 0}) == code_of(Exit::Hlt));
  CHECK(m.handler() == 14);
  CHECK(m.block.save.cr2 == 0x70'0034);
  m.block.save.rflags |= arch::flag::kTf;
  CHECK(m.again({0x90, 0x90}) == code_of(Exit::Hlt));
  CHECK(m.handler() == 1);
  CHECK((m.block.save.dr6 & bit(14)) != 0);
}

// Catches the fetched bytes cut short, or counted beyond the page that the instruction begins in.
TEST_CASE("the bytes of an instruction that faults on its data: up to the end of its page") {
  GuestMachine m;
  m.intercept_exception(14);
  m.poke<u64>(m.pte_address(0x70'0000), 0);
  const u64 at = kGuestCode + 0x1000 - 9;
  m.poke<u64>(m.pte_address(kGuestCode + 0x1000), 0);
  const u8 load[] = {0xA1, 0x34, 0, 0x70, 0, 0, 0, 0, 0};  // MOV EAX, [700034h]
  m.write(at, load);
  m.block.save.rip = at;
  CHECK(m.enter() == 0x40 + 14);
  CHECK(m.block.control.fetched == 9);
  CHECK(std::memcmp(m.block.control.instruction, load, 9) == 0);
  // ... even if the next page is there, as long as nothing was fetched from it.
  m.poke<u64>(m.pte_address(kGuestCode + 0x1000), (kGuestCode + 0x1000) | 7);
  m.block.save.rip = at;
  CHECK(m.enter() == 0x40 + 14);
  CHECK(m.block.control.fetched == 9);
  m.poke<u64>(m.pte_address(kGuestCode + 0x1000), 0);
  // None of an instruction that could not be fetched.
  m.block.save.rip = kGuestCode + 0x1000;
  CHECK(m.enter() == 0x40 + 14);
  CHECK(m.block.control.exit_info2 == kGuestCode + 0x1000);
  CHECK(m.block.control.fetched == 0);
}
