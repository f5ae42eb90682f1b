// What Intel's processors and AMD's do otherwise where a program can tell, each rule in both forms
// (docs/oracle.md; the manuals where they say so). The profile's maker decides.
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kDebug = 1, kGeneralProtection = 13, kPageFault = 14;

timing::Profile of(bool intel) {
  timing::Profile p = everything();
  p.vendor = intel ? "GenuineIntel" : "AuthenticAMD";
  return p;
}

/// A page that is not there, and what stands before it.
constexpr u64 kMissing = kData + 0x1000;

struct Long : Machine {
  explicit Long(bool intel) : Machine(of(intel)) { long_mode(); }
  void take_away(u64 page) {
    poke<u64>(pte_address(page), 0);
    settle();
  }
  u64 saved_flags(bool error) { return peek<u64>(cpu().gpr[kRsp] + (error ? 24 : 16)); }
};

}  // namespace

// SDM vol. 2, PUSH: "all recent Intel Core and Intel Atom processors perform a 16-bit move". Catches the
// upper half written by Intel's or left alone by AMD's, and a stack pointer that moves by 2.
TEST_CASE("PUSH of a segment register with 32 bits writes 2 bytes on Intel's processors and 4 on AMD's") {
  for (const bool intel : {false, true}) {
    Machine m{of(intel)};
    m.protected_mode();
    m.poke<u32>(kStack - 4, 0xAAAA'AAAA);
    CHECK(m.run({0x1E}) == -1);  // PUSH DS
    CHECK(m.cpu().gpr[kRsp] == kStack - 4);
    CHECK(m.peek<u32>(kStack - 4) == (intel ? 0xAAAA'0000u | kData0 : kData0));
  }
}

// SDM vol. 2, PUSH: "a zero-extended value is pushed" with 64 bits, on all.
TEST_CASE("PUSH of a segment register with 64 bits writes 8 bytes") {
  for (const bool intel : {false, true}) {
    Long m(intel);
    m.poke<u64>(kStack - 8, ~u64{0});
    CHECK(m.run({0x0F, 0xA0}) == -1);  // PUSH FS
    CHECK(m.peek<u64>(kStack - 8) == kData0);
    CHECK(m.cpu().gpr[kRsp] == kStack - 8);
  }
}

// Catches a POP that faults for bytes that it does not look at.
TEST_CASE("POP of a segment register reads 2 bytes on Intel's processors and all on AMD's") {
  for (const bool intel : {false, true}) {
    Long m(intel);
    m.take_away(kMissing);
    m.poke<u16>(kMissing - 2, kData0);
    m.cpu().gpr[kRsp] = kMissing - 2;
    m.poke<u8>(kIdt + kPageFault * 16 + 4, 1);                // a stack of its own
    CHECK(m.run({0x0F, 0xA1}) == (intel ? -1 : kPageFault));  // POP FS
    if (intel) CHECK(m.cpu().gpr[kRsp] == kMissing + 6);
  }
}

// Catches a return address that is written too early or not at all, and a stack pointer that stays moved.
TEST_CASE("a CALL to where nothing can be has written its return address on Intel's processors") {
  for (const bool intel : {false, true}) {
    for (const bool stack_there : {true, false}) {
      Long m(intel);
      for (const int v : {kGeneralProtection, kPageFault})
        m.poke<u8>(kIdt + v * 16u + 4, 1);  // a stack of their own
      m.poke<u64>(kMissing - 8, 0), m.poke<u64>(kMissing + 0x1000 - 8, 0);
      m.cpu().gpr[kRsp] = stack_there ? kMissing : kMissing + 0x1000;
      if (!stack_there) m.take_away(kMissing);
      m.cpu().gpr[kRax] = u64{1} << 63;
      const int expected = intel && !stack_there ? kPageFault : kGeneralProtection;
      CHECK(m.run({0xFF, 0xD0}) == expected);  // CALL RAX
      CHECK(m.peek<u64>(kMissing - 8) == (intel && stack_there ? kCode + 2 : 0));
      CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 32) == (stack_there ? kMissing : kMissing + 0x1000));
    }
  }
}

// The same of a relative CALL, whose block has pushed before it knows where the target is. Catches RSP that
// stays moved by the fault.
TEST_CASE("a relative CALL out of the canonical addresses faults before it moves RSP") {
  constexpr u64 kTop = 0x7FFF'FFFF'F000;
  for (const bool intel : {false, true}) {
    Long m(intel);
    // The last page below the hole is the code's: tables of their own for it.
    constexpr u64 kOwn = kTables + 0x2'0000;
    m.poke<u64>(kTables + 255 * 8, kOwn | 7);
    m.poke<u64>(kOwn + 511 * 8, (kOwn + 0x1000) | 7);
    m.poke<u64>(kOwn + 0x1000 + 511 * 8, (kOwn + 0x2000) | 7);
    m.poke<u64>(kOwn + 0x2000 + 511 * 8, kCode | 7);
    m.settle();
    m.poke<u64>(kStack - 8, 0);
    const u8 code[] = {0x90, 0xE8, 0x00, 0x20, 0x00, 0x00, 0xF4};  // NOP; CALL +2000h
    m.write(kCode, code);
    execute::memory_written(*m.code, kCode, sizeof code);
    m.cpu().rip = kTop;
    CHECK(m.go() == kGeneralProtection);
    CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 32) == kStack);
    CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == kTop + 1);
  }
}

// SDM vol. 2, REP: EFLAGS are restored to what they were before the instruction. Catches flags of the last
// element there on Intel's, and those from before it on AMD's, also over a piece of the instruction that
// ended at a page.
TEST_CASE("flags at a fault between elements of REPE CMPS") {
  for (const bool intel : {false, true}) {
    for (const u64 before : {u64{2}, u64{0x1000 - 2}}) {
      Long m(intel);
      m.take_away(kMissing + 0x1000);
      m.cpu().gpr[kRsi] = kMissing + 0x1000 - before;
      m.cpu().gpr[kRdi] = kData + 0x5FF0;  // across a page
      m.cpu().gpr[kRcx] = 0x2000;
      CHECK(m.run({0xF3, 0xA6}) == kPageFault);
      CHECK(m.cpu().gpr[kRcx] == 0x2000 - before);
      CHECK(((m.saved_flags(true) & flag::kZf) != 0) == !intel);
    }
  }
}

// Catches a trap whose flags are of the element before it on Intel's, or from before it on AMD's, and a scan
// that goes on with wrong ones.
TEST_CASE("flags at a trap between elements of REPNE SCAS, and at its end") {
  for (const bool intel : {false, true}) {
    for (const u8 first : {u8{1}, u8{3}}) {  // 2 - 1 has no carry, 2 - 3 has one
      Long m(intel);
      m.poke<u8>(kData, first), m.poke<u8>(kData + 1, 2);
      m.cpu().gpr[kRdi] = kData;
      m.cpu().gpr[kRax] = 2;
      m.cpu().gpr[kRcx] = 9;
      m.cpu().set_rflags(m.cpu().rflags() | flag::kTf);
      m.cpu().refresh();
      CHECK(m.run({0xF2, 0xAE}) == kDebug);
      CHECK(m.cpu().gpr[kRcx] == 8);
      CHECK(((m.saved_flags(false) & flag::kCf) != 0) == (!intel && first == 3));
      CHECK((m.saved_flags(false) & flag::kZf) == 0);
      m.poke<u64>(m.cpu().gpr[kRsp] + 16, m.saved_flags(false) & ~flag::kTf);
      m.poke<u8>(kHandlers + kDebug * 16, 0x48), m.poke<u8>(kHandlers + kDebug * 16 + 1, 0xCF);  // IRETQ
      m.cpu().rip = kHandlers + kDebug * 16;
      execute::memory_written(*m.code, m.cpu().rip, 2);
      m.cpu().activity = cpu::Activity::Active;
      m.go();
      CHECK(m.cpu().gpr[kRcx] == 7);
      CHECK((m.cpu().rflags() & flag::kZf) != 0);
    }
  }
}

// Catches MMX state entered by a store that did not happen, or not entered.
TEST_CASE("a store of an MMX register that faults has entered MMX state on Intel's processors") {
  for (const bool intel : {false, true}) {
    Long m(intel);
    m.take_away(kMissing);
    m.cpu().x87.valid = 0;
    m.cpu().x87.set_top(3);
    m.cpu().gpr[kRax] = kMissing;
    CHECK(m.run({0x0F, 0x7F, 0x00}) == kPageFault);  // MOVQ [RAX], MM0
    CHECK(m.cpu().x87.valid == (intel ? 0xFF : 0));
    CHECK((m.cpu().x87.status >> 11 & 7) == (intel ? 0 : 3));
  }
}

// Catches CVTPI2PS from memory that leaves the x87 state alone on Intel's, or enters MMX state on AMD's.
TEST_CASE("CVTPI2PS from memory enters MMX state on Intel's processors") {
  for (const bool intel : {false, true}) {
    Long m(intel);
    m.cpu().x87.valid = 0;
    m.cpu().gpr[kRax] = kData;
    CHECK(m.run({0x0F, 0x2A, 0x00}) == -1);
    CHECK(m.cpu().x87.valid == (intel ? 0xFF : 0));
  }
}

// Catches a page fault of a store that an unmasked exception keeps from happening, on Intel's, and its
// absence on AMD's.
TEST_CASE("a suppressed x87 store looks at its page on AMD's processors alone") {
  for (const bool intel : {false, true}) {
    Long m(intel);
    m.take_away(kMissing);
    m.cpu().x87.control = 0x037E;  // invalid operation unmasked
    m.cpu().x87.valid = 0;         // ST(0) is empty
    m.cpu().gpr[kRax] = kMissing;
    CHECK(m.run({0xDF, 0x10}) == (intel ? -1 : kPageFault));  // FIST word [RAX]
    CHECK(((m.cpu().x87.status & 0x80) != 0) == intel);
  }
}

// Catches an underflow, and the scaled result of an unmasked one, where Intel's processors see none.
TEST_CASE("FPREM of a denormal number by infinity underflows on AMD's processors alone") {
  constexpr u16 kUnderflow = 16, kDenormal = 2;
  for (const bool intel : {false, true}) {
    for (const u8 which : {u8{0xF8}, u8{0xF5}}) {  // FPREM, FPREM1
      Long m(intel);
      m.cpu().x87 = {};
      m.cpu().x87.control = 0x036F;  // underflow unmasked
      m.cpu().x87.valid = 3;
      m.cpu().x87.st(0) = {0x1234, 0x8000};
      m.cpu().x87.st(1) = {u64{1} << 63, 0x7FFF};
      CHECK(m.run({0xD9, which}) == -1);
      CHECK((m.cpu().x87.status & kDenormal) != 0);
      CHECK(((m.cpu().x87.status & kUnderflow) != 0) == !intel);
      if (intel)
        CHECK((m.cpu().x87.st(0).significand == 0x1234 && m.cpu().x87.st(0).sign_exponent == 0x8000));
    }
  }
}

// SDM vol. 3, 18.3.1.1: "the breakpoint will be suppressed as if EFLAGS.RF were 1". Catches a breakpoint
// there on Intel's processors, and one that AMD's, which hold off traps alone, miss.
TEST_CASE("an instruction breakpoint behind MOV SS hits on AMD's processors only") {
  for (const bool intel : {false, true}) {
    Long m(intel);
    cpu::Cpu& c = m.cpu();
    c.gpr[kRax] = kData0;
    c.dr[0] = kCode + 2;
    c.dr7 |= 1;
    m.settle();
    CHECK(m.run({0x8E, 0xD0, 0xFF, 0xC1}) == (intel ? -1 : kDebug));  // mov ss, eax; inc ecx
    CHECK(c.gpr[kRcx] == (intel ? 1 : 0));
  }
}
