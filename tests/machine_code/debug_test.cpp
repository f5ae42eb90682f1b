// Debug registers, single step and their traps in running code (SDM vol. 3, 18.2 and 18.3).
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr u64 kWrite = 1, kReadWrite = 3, kIo = 2;

struct Bench {
  Machine m;
  explicit Bench(u64 address = 0, u64 kind = 0, u64 length = 0) {
    m.long_mode();
    m.cpu().gpr[kRsi] = kData;
    if (address != 0) {
      m.cpu().dr[0] = address;
      m.cpu().dr7 |= 1 | kind << 16 | length << 18;
    }
    m.settle();
  }
  u64 return_offset() { return m.peek<u64>(m.cpu().gpr[kRsp]) - kCode; }
};

}  // namespace

// Catches data breakpoints that fire before the instruction, for reads, or not at all in blocks.
TEST_CASE("a write breakpoint traps behind the instruction that writes") {
  Bench b(kData + 4, kWrite, 0);
  CHECK(b.m.run({0x8A, 0x46, 0x04, 0x88, 0x46, 0x03, 0x88, 0x46, 0x04, 0x90}) ==
        1);  // read it; write beside it; write it
  CHECK(b.return_offset() == 9);
  CHECK((b.m.cpu().dr6 & 0xF) == 1);
}

// Catches a read-write breakpoint that only sees writes, and its length.
TEST_CASE("a read-write breakpoint covers its length") {
  Bench b(kData + 8, kReadWrite, 2);
  CHECK(b.m.run({0x8A, 0x46, 0x07, 0x8A, 0x46, 0x10, 0x8A, 0x46, 0x0F, 0x90}) ==
        1);  // before, behind, last byte
  CHECK(b.return_offset() == 9);
}

// Catches accesses that begin outside and reach into the breakpoint.
TEST_CASE("an access that overlaps the breakpoint hits it") {
  Bench b(kData + 8, kWrite, 0);
  CHECK(b.m.run({0x48, 0x89, 0x46, 0x01, 0x90}) == 1);
}

// Catches the RF flag not holding an instruction breakpoint off, so that it would repeat for ever.
TEST_CASE("an instruction breakpoint faults once, RF lets its instruction go") {
  Bench b(kCode + 1, 0, 0);
  CHECK(b.m.run({0x90, 0xFF, 0xC0, 0x90}) == 1);
  CHECK(b.return_offset() == 1);
  CHECK(b.m.cpu().gpr[kRax] == 0);
  CHECK((b.m.peek<u64>(b.m.cpu().gpr[kRsp] + 16) & flag::kRf) ==
        0);  // the handler sets it (SDM vol. 3, 18.3.1.1)
  Bench again(kCode, 0, 0);
  again.m.cpu().rflags_rest |= flag::kRf;
  CHECK(again.m.run({0xFF, 0xC0, 0x90}) == -1);
  CHECK(again.m.cpu().gpr[kRax] == 1);
  CHECK_FALSE(again.m.cpu().rflag(flag::kRf));
}

// Catches I/O breakpoints without CR4.DE, and with it not found.
TEST_CASE("an I/O breakpoint needs CR4.DE") {
  Bench off(0x80, kIo, 0);
  CHECK(off.m.run({0xE6, 0x80, 0x90}) == -1);
  Bench on(0x80, kIo, 0);
  on.m.cpu().cr4 |= cr4::kDe;
  on.m.settle();
  CHECK(on.m.run({0xE6, 0x80, 0x90}) == 1);
  CHECK(on.return_offset() == 2);
}

// Catches DR7 set by code that running blocks do not notice.
TEST_CASE("MOV DR7 arms a breakpoint for the next instruction") {
  Bench b;
  b.m.cpu().gpr[kRax] = kData;
  b.m.cpu().gpr[kRcx] = 1 | kWrite << 16;
  CHECK(b.m.run({0x0F, 0x23, 0xC0, 0x0F, 0x23, 0xF9, 0x88, 0x06, 0x90}) ==
        1);  // mov dr0, rax; mov dr7, rcx; mov [rsi], al
  CHECK(b.return_offset() == 8);
}

// Catches MOV SS not delaying the trap of the single step.
TEST_CASE("a single step over MOV SS traps one instruction later") {
  Bench b;
  b.m.cpu().gpr[kRax] = kData0;
  b.m.cpu().rflags_rest |= flag::kTf;
  CHECK(b.m.run({0x8E, 0xD0, 0x90, 0x90}) == 1);
  CHECK(b.return_offset() == 3);
  CHECK((b.m.cpu().dr6 & dr6::kBs) != 0);
}

// Catches a trap only at the end of a repeated string instruction.
TEST_CASE("a single step stops after each element of a repeated instruction") {
  Bench b;
  b.m.cpu().gpr[kRdi] = kData;
  b.m.cpu().gpr[kRcx] = 3;
  b.m.cpu().rflags_rest |= flag::kTf;
  CHECK(b.m.run({0xF3, 0xAA, 0x90}) == 1);
  CHECK(b.return_offset() == 0);
  CHECK(b.m.cpu().gpr[kRcx] == 2);
}

// Catches a trap for the instruction that faults, or a lost one for the branch.
TEST_CASE("a single step over a branch traps at its target") {
  Bench b;
  b.m.cpu().rflags_rest |= flag::kTf;
  CHECK(b.m.run({0xEB, 0x02, 0x0F, 0x0B, 0x90}) == 1);
  CHECK(b.return_offset() == 4);
}

// Catches INT1 delivered as a software interrupt: DR6 is not changed, and there is no privilege check.
TEST_CASE("INT1 goes to vector 1 from any level") {
  Bench b;
  b.m.user();
  b.m.poke<u8>(kIdt + 16 + 5, 0x8E);  // gate of level 0
  CHECK(b.m.run({0xF1, 0x90}) == 1);
  CHECK(b.return_offset() == 1);
}

// Catches general detection that misses, or that lets the access happen first.
TEST_CASE("DR7.GD faults on access to a debug register") {
  Bench b;
  b.m.cpu().dr7 |= dr7::kGd;
  b.m.settle();
  CHECK(b.m.run({0x0F, 0x21, 0xC0}) == 1);
  CHECK(b.return_offset() == 0);
  CHECK((b.m.cpu().dr6 & dr6::kBd) != 0);
}

// Catches the trap of a single step over MOV SS that comes, with BS, in the handler of a fault behind it:
// what waits behind MOV SS is lost with a fault, as with an event that VM entry injects (SDM vol. 3, 27.7.3).
TEST_CASE("a fault behind MOV SS takes the trap that waited with it") {
  Bench b;
  b.m.cpu().gpr[kRax] = kData0;
  b.m.cpu().rflags_rest |= flag::kTf;
  CHECK(b.m.run({0x8E, 0xD0, 0x0F, 0x0B}) == 6);  // mov ss, eax; ud2
  CHECK((b.m.cpu().dr6 & dr6::kBs) == 0);
  CHECK(b.return_offset() == 2);

  Bench general;  // detection is a fault, too
  general.m.cpu().gpr[kRax] = kData0;
  general.m.cpu().rflags_rest |= flag::kTf;
  general.m.cpu().dr7 |= dr7::kGd;
  general.m.settle();
  CHECK(general.m.run({0x8E, 0xD0, 0x0F, 0x21, 0xC0}) == 1);  // mov rax, dr0
  CHECK((general.m.cpu().dr6 & (dr6::kBd | dr6::kBs)) == dr6::kBd);
  CHECK(general.return_offset() == 2);
}

// Catches two traps where there is one, and BS in DR6 for an INT1.
TEST_CASE("INT1 behind MOV SS is the only debug exception") {
  for (const bool step : {true, false}) {
    Bench b(kData, kReadWrite, 1);
    b.m.poke<u16>(kData, kData0);
    if (step) b.m.cpu().rflags_rest |= flag::kTf;
    CHECK(b.m.run({0x8E, 0x16, 0x2E, 0xF1, 0x90}) == 1);  // mov ss, [rsi]; cs: int1
    CHECK(b.m.cpu().dr6 == dr6::kFixed1);
    CHECK(b.return_offset() == 4);
    CHECK(b.m.cpu().gpr[kRsp] == kStack - 40);
  }
}

// Catches a breakpoint on MOV SS's operand that is lost with INT n behind it: it comes in INT's handler,
// before the first instruction there (SDM vol. 3, 6.8.3).
TEST_CASE("a breakpoint that MOV SS has met waits for INT n, and traps in its handler") {
  for (const bool software : {true, false}) {
    Bench b(kData, kReadWrite, 1);
    b.m.poke<u16>(kData, kData0);
    const u64 handler = software ? 0x80 : 3;
    CHECK((software ? b.m.run({0x8E, 0x16, 0xCD, 0x80}) : b.m.run({0x8E, 0x16, 0xCC})) == 1);
    CHECK(b.m.peek<u64>(b.m.cpu().gpr[kRsp]) == kHandlers + handler * 16);
    CHECK((b.m.cpu().dr6 & 0xF) == 1);
  }
}

// Catches a HLT that sleeps through the trap of its own single step.
TEST_CASE("a single step over HLT ends it") {
  Bench b;
  b.m.cpu().rflags_rest |= flag::kTf;
  CHECK(b.m.run({0xF4, 0x90}) == 1);
  CHECK(b.return_offset() == 1);
}

// Catches a trap that waits for the first instruction of the program, or comes for the SYSRET of a system
// that is stepped itself: SYSRET loads TF at once, unlike IRET and POPF (observed of both makers' processors;
// Linux avoids SYSRET for it, arch/x86/entry/entry_64.S).
TEST_CASE("SYSRET traps by the TF that it has loaded") {
  for (const char* vendor : {"GenuineIntel", "AuthenticAMD"}) {
    timing::Profile p = everything();
    p.vendor = vendor;
    Machine m(p);
    m.long_mode();
    cpu::Cpu& c = m.cpu();
    c.star = u64{kUserData - 8 - 3} << 48;
    c.gpr[kRcx] = kCode + 0x100;
    c.gpr[kR11] = flag::kTf | 2;
    m.settle();
    CHECK(m.run({0x48, 0x0F, 0x07}) == 1);
    CHECK(m.peek<u64>(c.gpr[kRsp]) == kCode + 0x100);
    CHECK(m.peek<u64>(c.gpr[kRsp] + 8) == kUserCode64);

    Machine stepped(p);
    stepped.long_mode();
    stepped.cpu().star = u64{kUserData - 8 - 3} << 48;
    stepped.cpu().gpr[kRcx] = kCode + 0x100;
    stepped.cpu().gpr[kR11] = 2;
    stepped.cpu().rflags_rest |= flag::kTf;
    stepped.poke<u16>(kCode + 0x100, 0x0B0F);
    stepped.settle();
    CHECK(stepped.run({0x48, 0x0F, 0x07}) == 6);
  }
}

// Catches the trap of an element that is lost with the fault of a later one.
TEST_CASE("a breakpoint of a repeated instruction traps before a later element faults") {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  c.seg[kEs].limit = kData + 7;
  c.gpr[kRdi] = kData;
  c.gpr[kRcx] = 16;
  c.dr[0] = kData + 2;
  c.dr7 |= 1 | kWrite << 16;
  m.settle();
  CHECK(m.run({0xF3, 0xAA}) == 1);
  CHECK((c.dr6 & 0xF) == 1);
  CHECK(c.gpr[kRcx] == 8);
  CHECK(m.peek<u32>(static_cast<u32>(c.gpr[kRsp])) == kCode);
}
