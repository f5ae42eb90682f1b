// Instructions whose results are the processor's own, so that no host can be asked: tables, counters, random
// numbers, saved state (SDM vol. 2).
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kInvalidOpcode = 6, kProtection = 13;

Machine long_machine() {
  Machine m;
  m.long_mode();
  m.cpu().gpr[kRsi] = kData;
  return m;
}

}  // namespace

// Catches offset and selector taken from the wrong ends, and the wrong segment register.
TEST_CASE("LDS, LES, LSS, LFS, LGS load an offset and a selector") {
  struct Row {
    std::initializer_list<u8> code;
    unsigned segment;
  };
  const Row kRows[] = {{{0xC5, 0x06}, kDs},
                       {{0xC4, 0x06}, kEs},
                       {{0x0F, 0xB2, 0x06}, kSs},
                       {{0x0F, 0xB4, 0x06}, kFs},
                       {{0x0F, 0xB5, 0x06}, kGs}};
  for (const Row& row : kRows) {
    Machine m;
    m.protected_mode();
    m.cpu().gpr[kRsi] = kData;
    m.poke<u32>(kData, 0x1234'5678);
    m.poke<u16>(kData + 4, row.segment == kSs ? kData0 : kData16);
    m.cpu().seg[row.segment].selector = 0;
    CHECK(m.run(row.code) == -1);
    CHECK(m.cpu().gpr[kRax] == 0x1234'5678);
    CHECK(m.cpu().seg[row.segment].selector == (row.segment == kSs ? kData0 : kData16));
  }
}

// Catches a 64-bit offset on AMD's processors, and none on Intel's.
TEST_CASE("LFS with REX.W loads 64 bits on Intel's processors, 32 on AMD's") {
  for (const bool intel : {true, false}) {
    timing::Profile p = everything();
    p.vendor = intel ? "GenuineIntel" : "AuthenticAMD";
    Machine m(p);
    m.long_mode();
    m.cpu().gpr[kRsi] = kData;
    m.poke<u64>(kData, 0x0000'0010'1234'5678);
    m.poke<u16>(kData + 8, 0);
    CHECK(m.run({0x48, 0x0F, 0xB4, 0x06}) == -1);
    CHECK(m.cpu().gpr[kRax] == (intel ? 0x0000'0010'1234'5678u : 0x1234'5678u));
    CHECK(m.cpu().seg[kFs].selector == (intel ? 0 : kData0));
  }
}

// Catches the same of far jumps and calls, and a call that pushes what its pointer has instead of its operand
// size.
TEST_CASE("far pointers with REX.W have 64-bit offsets on Intel's processors, 32 on AMD's") {
  for (const bool intel : {true, false}) {
    for (const bool call : {true, false}) {
      timing::Profile p = everything();
      p.vendor = intel ? "GenuineIntel" : "AuthenticAMD";
      Machine m(p);
      m.long_mode();
      m.cpu().gpr[kRsi] = kData;
      m.poke<u64>(kData, intel ? kCode + 0x100 : u64{kCode64} << 32 | (kCode + 0x100));
      m.poke<u16>(kData + 8, kCode64);
      m.poke<u8>(kCode + 0x100, 0xF4);
      CHECK((call ? m.run({0x48, 0xFF, 0x1E}) : m.run({0x48, 0xFF, 0x2E})) == -1);
      CHECK(m.cpu().rip == kCode + 0x101);
      CHECK(m.cpu().gpr[kRsp] == kStack - (call ? 16 : 0));
    }
  }
}

// Catches SGDT and SIDT exchanged, and a base that is cut.
TEST_CASE("SGDT and SIDT store limit and base") {
  Machine m = long_machine();
  CHECK(m.run({0x0F, 0x01, 0x06, 0x0F, 0x01, 0x4E, 0x10}) == -1);
  CHECK(m.peek<u16>(kData) == m.cpu().gdtr.limit);
  CHECK(m.peek<u64>(kData + 2) == kGdt);
  CHECK(m.peek<u16>(kData + 0x10) == m.cpu().idtr.limit);
  CHECK(m.peek<u64>(kData + 0x12) == kIdt);
}

// Catches the wrong selector, and upper bits that are kept.
TEST_CASE("STR, SLDT and SMSW give selector and machine status") {
  Machine m = long_machine();
  m.cpu().gpr[kRax] = m.cpu().gpr[kRcx] = m.cpu().gpr[kRdx] = ~u64{0};
  m.cpu().ldtr.selector = 0x68;
  CHECK(m.run({0x0F, 0x00, 0xC8, 0x0F, 0x00, 0xC1, 0x0F, 0x01, 0xE2}) == -1);  // str eax; sldt ecx; smsw edx
  CHECK(m.cpu().gpr[kRax] == kTssSelector);
  CHECK(m.cpu().gpr[kRcx] == 0x68);
  CHECK((m.cpu().gpr[kRdx] & 0xFFFF) == (m.cpu().cr0 & 0xFFFF));
}

// Catches segment registers read or pushed with the wrong width.
TEST_CASE("MOV and PUSH of segment registers") {
  Machine m = long_machine();
  m.cpu().gpr[kRax] = ~u64{0};
  m.cpu().seg[kFs].selector = kData0;
  CHECK(m.run({0x8C, 0xE0, 0x0F, 0xA0, 0x59}) == -1);  // mov eax, fs; push fs; pop rcx
  CHECK(m.cpu().gpr[kRax] == kData0);
  CHECK(m.cpu().gpr[kRcx] == kData0);
}

// Catches a counter that stands still or goes back, and the upper halves of the results.
TEST_CASE("RDTSC advances, RDTSCP adds the processor's number") {
  Machine m = long_machine();
  m.cpu().tsc_aux = 0x77;
  m.cpu().gpr[kRdx] = ~u64{0};
  // rdtsc; mov ebx, eax; nop; rdtscp; sub eax, ebx
  CHECK(m.run({0x0F, 0x31, 0x89, 0xC3, 0x90, 0x0F, 0x01, 0xF9, 0x29, 0xD8}) == -1);
  CHECK(m.cpu().gpr[kRax] == 3);
  CHECK(m.cpu().gpr[kRdx] == 0);
  CHECK(m.cpu().gpr[kRcx] == 0x77);
}

// Catches CR4.TSD and CR4.PCE ignored.
TEST_CASE("counters are for CPL 0 alone with CR4.TSD, or without CR4.PCE") {
  Machine tsc = long_machine();
  tsc.user();
  tsc.cpu().cr4 |= cr4::kTsd;
  tsc.settle();
  CHECK(tsc.run({0x0F, 0x31}) == kProtection);
  Machine pmc = long_machine();
  pmc.user();
  CHECK(pmc.run({0x0F, 0x33}) == kProtection);
}

// Catches #GP for the two counters that every processor of family 6 has, and none for those that it lacks.
TEST_CASE("Intel's RDPMC: two counters, which stand still") {
  for (const u32 number : {0u, 1u}) {
    Machine m = long_machine();
    m.cpu().gpr[kRcx] = number;
    m.cpu().gpr[kRax] = m.cpu().gpr[kRdx] = ~u64{0};
    CHECK(m.run({0x0F, 0x33}) == -1);
    CHECK(m.cpu().gpr[kRax] == 0);
    CHECK(m.cpu().gpr[kRdx] == 0);
  }
  for (const u32 number : {2u, 0x4000'0000u, 0x8000'0000u, 0xFFFF'FFFFu}) {
    Machine m = long_machine();
    m.cpu().gpr[kRcx] = number;
    CHECK(m.run({0x0F, 0x33}) == kProtection);
  }
}

// Catches random numbers that differ between runs, or that leave flags behind.
TEST_CASE("RDRAND and RDSEED succeed, and repeat with the seed") {
  const auto draw = [] {
    Machine m = long_machine();
    m.cpu().set_rflags(flag::kStatus);
    CHECK(m.run({0x48, 0x0F, 0xC7, 0xF0, 0x0F, 0xC7, 0xF9}) == -1);  // rdrand rax; rdseed ecx
    CHECK((m.cpu().rflags() & flag::kStatus) == flag::kCf);
    CHECK(m.cpu().gpr[kRcx] >> 32 == 0);
    return m.cpu().gpr[kRax];
  };
  CHECK(draw() == draw());
}

// Catches XCR0 shown without CR4.OSXSAVE.
TEST_CASE("XGETBV needs CR4.OSXSAVE and a known register") {
  Machine off = long_machine();
  CHECK(off.run({0x0F, 0x01, 0xD0}) == kInvalidOpcode);
  for (const u32 number : {0u, 7u}) {
    Machine on = long_machine();
    on.cpu().cr4 |= cr4::kOsxsave;
    on.cpu().xcr0 = 3;
    on.cpu().gpr[kRcx] = number;
    on.settle();
    CHECK(on.run({0x0F, 0x01, 0xD0}) == (number == 0 ? -1 : kProtection));
    if (number == 0) CHECK(on.cpu().gpr[kRax] == 3);
  }
}

// Catches components that are not saved, restored although not asked for, or a header that does not say what
// is there.
TEST_CASE("XSAVE and XRSTOR move the components that are asked for") {
  for (const bool wide : {false, true}) {
    Machine m = long_machine();
    m.cpu().cr4 |= cr4::kOsxsave;
    m.cpu().xcr0 = 3;
    m.cpu().gpr[kRax] = 3;
    m.cpu().gpr[kRdx] = 0;
    m.cpu().xmm[1].q[0] = 0x1122'3344;
    m.cpu().mxcsr = 0x1F81;
    m.settle();
    CHECK(m.run(wide ? std::vector<u8>{0x48, 0x0F, 0xAE, 0x26} : std::vector<u8>{0x0F, 0xAE, 0x26}) == -1);
    CHECK((m.peek<u64>(kData + 512) & 2) == 2);
    CHECK(m.peek<u64>(kData + 160 + 16) == 0x1122'3344);
    CHECK(m.peek<u32>(kData + 24) == 0x1F81);
    const auto restore = [&](u64 mask) {
      m.cpu().xmm[1].q[0] = 9;
      m.cpu().gpr[kRax] = mask;
      m.cpu().rip = kCode;
      m.cpu().activity = cpu::Activity::Active;
      CHECK(m.run(wide ? std::vector<u8>{0x48, 0x0F, 0xAE, 0x2E} : std::vector<u8>{0x0F, 0xAE, 0x2E}) == -1);
      return m.cpu().xmm[1].q[0];
    };
    CHECK(restore(1) == 9);
    CHECK(restore(3) == 0x1122'3344);
    m.poke<u64>(kData + 512, 1);  // SSE in its initial state
    CHECK(restore(3) == 0);
  }
}

// Catches areas that are not aligned, and headers with reserved bits, taken as they are.
TEST_CASE("XSAVE wants 64-byte alignment, XRSTOR a valid header") {
  const auto machine = [] {
    Machine m = long_machine();
    m.cpu().cr4 |= cr4::kOsxsave;
    m.cpu().xcr0 = 3;
    m.cpu().gpr[kRax] = 3;
    m.settle();
    return m;
  };
  Machine aligned = machine();
  aligned.cpu().gpr[kRsi] = kData + 16;
  CHECK(aligned.run({0x0F, 0xAE, 0x26}) == kProtection);
  Machine header = machine();
  header.poke<u64>(kData + 512, 4);
  CHECK(header.run({0x0F, 0xAE, 0x2E}) == kProtection);
  Machine off = long_machine();
  CHECK(off.run({0x0F, 0xAE, 0x26}) == kInvalidOpcode);
}

// Catches instructions of SVM that work before software has turned it on.
TEST_CASE("SVM instructions are #UD without EFER.SVME") {
  for (unsigned last = 0xD8; last <= 0xDF; ++last) {  // VMRUN VMMCALL VMLOAD VMSAVE STGI CLGI SKINIT INVLPGA
    Machine m = long_machine();
    CHECK(m.run({0x0F, 0x01, static_cast<u8>(last)}) == kInvalidOpcode);
  }
}

// Catches fences that prefixes do not make something else of: with 66h these bytes are CLFLUSHOPT, CLWB and
// PCOMMIT, which are not there.
TEST_CASE("cache instructions that are not there are undefined, not the fences without their prefix") {
  for (const u8 operand :
       {u8{0x3E}, u8{0x36}, u8{0xF0}, u8{0xF8}}) {  // clflushopt, clwb [rsi]; clwb without memory; pcommit
    Machine m = long_machine();
    INFO(int{operand});
    CHECK(m.run({0x66, 0x0F, 0xAE, operand}) == kInvalidOpcode);
  }
  for (const u8 operand : {u8{0xE8}, u8{0xF0}, u8{0xF8}})
    CHECK(long_machine().run({0x0F, 0xAE, operand}) == -1);
}

// Catches the mod bits taken for a memory operand: moves of control and debug registers have none (SDM vol.
// 2).
TEST_CASE("moves of control and debug registers ignore the mod bits") {
  Machine m;
  m.real_mode();
  m.cpu().gpr[kRbx] = 0xACED;
  CHECK(m.run({0x0F, 0x23, 0x03, 0x0F, 0x21, 0x00}) == -1);  // mov dr0, ebx; mov eax, dr0
  CHECK(m.cpu().gpr[kRax] == 0xACED);
  Machine c;
  c.real_mode();
  CHECK(c.run({0x0F, 0x20, 0x00}) == -1);  // mov eax, cr0
  CHECK(c.cpu().gpr[kRax] == c.cpu().cr0);
}

// Catches bases that no address can have being loaded: #GP, and the register keeps what it had.
TEST_CASE("tables and system segments want canonical bases in 64-bit mode") {
  constexpr u64 kNowhere = 0xFF55'5555'5555'5550;  // canonical with 57 bits, not with 48
  for (const u8 modrm : {u8{0x16}, u8{0x1E}}) {    // lgdt, lidt [rsi]
    Machine m = long_machine();
    m.poke<u16>(kData, 0x7F);
    m.poke<u64>(kData + 2, kNowhere);
    CHECK(m.run({0x0F, 0x01, modrm}) == kProtection);
    CHECK(m.cpu().gdtr.base == kGdt);
    CHECK(m.cpu().idtr.base == kIdt);
  }
  for (const u8 modrm : {u8{0xD0}, u8{0xD8}}) {  // lldt ax, ltr ax
    Machine m = long_machine();
    const u64 type = modrm == 0xD0 ? 0x82 : 0x89;
    m.cpu().gdtr.limit = 0x8F;
    m.poke<u64>(kGdt + 0x60,
                0xFFFF | (kNowhere & 0xFF'FFFF) << 16 | type << 40 | (kNowhere >> 24 & 0xFF) << 56);
    m.poke<u64>(kGdt + 0x68, kNowhere >> 32);
    m.cpu().gpr[kRax] = 0x60;
    CHECK(m.run({0x0F, 0x00, modrm}) == kProtection);
    CHECK((m.peek<u64>(kGdt + 0x60) & bit(41)) == (modrm == 0xD0 ? bit(41) : 0));  // LTR has not made it busy
    CHECK(m.cpu().tr.base == kTss);
  }
}
