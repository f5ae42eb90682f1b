// Segment limits and types at accesses (SDM vol. 3, 5.3 to 5.5), and the 16-bit worlds: real mode's 64 KiB.
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kProtection = 13, kStackFault = 12;

Machine with_ds(u32 limit, u32 attributes) {
  Machine m;
  m.protected_mode();
  m.cpu().seg[kDs] = {.base = kData, .limit = limit, .attributes = attributes, .selector = kData0};
  m.settle();
  return m;
}
constexpr u32 kReadWrite = 0xC093, kReadOnly = 0xC091, kExpandDown = 0xC097, kExpandDown16 = 0x8097;
const std::initializer_list<u8> kLoad = {0x8B, 0x06}, kStore = {0x89, 0x06};

int at(Machine m, u32 offset, const std::initializer_list<u8>& code) {
  m.cpu().gpr[kRsi] = offset;
  return m.run(code);
}

}  // namespace

// Catches limits compared with the first byte only.
TEST_CASE("an access must end within the limit") {
  CHECK(at(with_ds(0x1FFF, kReadWrite), 0x1FFC, kLoad) == -1);
  CHECK(at(with_ds(0x1FFF, kReadWrite), 0x1FFD, kLoad) == kProtection);
  CHECK(at(with_ds(0x1FFF, kReadWrite), 0x1FFD, kStore) == kProtection);
  CHECK(at(with_ds(0x1FFF, kReadWrite), 0xFFFF'FFFE, kLoad) == kProtection);
}

// Catches expand-down segments treated as ordinary ones.
TEST_CASE("expand-down segments are valid above their limit") {
  CHECK(at(with_ds(0x1FFF, kExpandDown), 0x2000, kLoad) == -1);
  CHECK(at(with_ds(0x1FFF, kExpandDown), 0x1FFF, kLoad) == kProtection);
  CHECK(at(with_ds(0x0FFF, kExpandDown16), 0xFFFE, kLoad) == kProtection);
  CHECK(at(with_ds(0x0FFF, kExpandDown16), 0xFFFC, kLoad) == -1);
}

// Catches types that are not looked at.
TEST_CASE("read-only and code segments are not written, execute-only ones not read") {
  CHECK(at(with_ds(0xFFFF, kReadOnly), 0, kLoad) == -1);
  CHECK(at(with_ds(0xFFFF, kReadOnly), 0, kStore) == kProtection);
  CHECK(at(with_ds(0xFFFF, 0xC09B), 0, kLoad) == -1);
  CHECK(at(with_ds(0xFFFF, 0xC09B), 0, kStore) == kProtection);
  CHECK(at(with_ds(0xFFFF, 0xC099), 0, kLoad) == kProtection);
  CHECK(at(with_ds(0, attribute::kUnusable), 0, kLoad) == kProtection);
}

// Catches the wrong vector for the stack.
TEST_CASE("beyond the stack's limit: #SS with error code 0") {
  Machine m;
  m.protected_mode();
  m.cpu().seg[kSs].limit = 0x2F'FFFF;
  m.cpu().gpr[kRbp] = 0x2F'FFFE;
  m.settle();
  CHECK(m.run({0x8B, 0x45, 0x00}) == kStackFault);
  CHECK(m.error_code() == 0);
}

// Catches limits that apply in 64-bit mode, bases that do, and FS that does not.
TEST_CASE("64-bit mode ignores limits and bases, but for FS and GS") {
  Machine m;
  m.long_mode();
  m.cpu().seg[kDs] = {.base = 0x1000, .limit = 0, .attributes = attribute::kUnusable, .selector = 0};
  m.cpu().seg[kFs].base = 0x10;
  m.cpu().gpr[kRsi] = kData;
  m.poke<u32>(kData, 1);
  m.poke<u32>(kData + 0x10, 2);
  m.settle();
  CHECK(m.run({0x8B, 0x06, 0x64, 0x8B, 0x0E}) == -1);
  CHECK(m.cpu().gpr[kRax] == 1);
  CHECK(m.cpu().gpr[kRcx] == 2);
}

// Catches offsets that run past 64 KiB in real mode instead of faulting.
TEST_CASE("real mode: a word at FFFFh is #GP, on the stack #SS") {
  Machine m;
  m.real_mode();
  m.cpu().gpr[kRsi] = 0xFFFF;
  CHECK(m.run({0x8B, 0x04}) == kProtection);
  Machine stack;
  stack.real_mode();
  stack.cpu().gpr[kRbp] = 0xFFFF;
  CHECK(stack.run({0x8B, 0x46, 0x00}) == kStackFault);
}

// Catches 16-bit addresses that do not wrap.
TEST_CASE("16-bit addresses wrap at 64 KiB") {
  Machine m;
  m.real_mode();
  m.cpu().gpr[kRbx] = 0x8000;
  m.cpu().gpr[kRsi] = 0x8100;
  m.poke<u8>(0x100, 0x5A);
  CHECK(m.run({0x8A, 0x00}) == -1);  // mov al, [bx+si]
  CHECK((m.cpu().gpr[kRax] & 0xFF) == 0x5A);
}

// Catches a stack pointer of the wrong size: SP wraps, the rest of ESP stays.
TEST_CASE("a 16-bit stack wraps SP and keeps the upper half of ESP") {
  Machine m;
  m.protected_mode();
  m.cpu().seg[kSs] = {.base = kData, .limit = 0xFFFF, .attributes = 0x0093, .selector = kData16};
  m.cpu().gpr[kRsp] = 0x1234'0000;
  m.cpu().gpr[kRax] = 0xAABB'CCDD;
  m.settle();
  CHECK(m.run({0x50}) == -1);  // push eax
  CHECK(m.cpu().gpr[kRsp] == 0x1234'FFFC);
  CHECK(m.peek<u32>(kData + 0xFFFC) == 0xAABB'CCDD);
}

// Catches instruction fetches beyond CS.limit.
TEST_CASE("the code segment's limit ends execution") {
  Machine m;
  m.protected_mode();
  m.cpu().seg[kCs].limit = kCode + 2;
  m.settle();
  CHECK(m.run({0x90, 0x90, 0x90, 0x90}) == kProtection);
  CHECK(m.peek<u32>(m.cpu().gpr[kRsp] + 4) == kCode + 3);
  Machine across;  // the limit in the middle of an instruction
  across.protected_mode();
  across.cpu().seg[kCs].limit = kCode + 2;
  across.settle();
  CHECK(across.run({0x90, 0xB8, 1, 0, 0, 0}) == kProtection);
  CHECK(across.peek<u32>(across.cpu().gpr[kRsp] + 4) == kCode + 1);
}

// Catches an instruction pointer that is cut to 16 bits because the code is 16-bit: only a taken branch of
// 16-bit operand size cuts it (SDM vol. 2, JMP), and behind FFFFh comes 1'0000h, which the limit allows or
// not.
TEST_CASE("16-bit code runs on beyond FFFFh as far as its limit") {
  Machine m;
  m.protected_mode(false);
  CHECK(m.run({0x40, 0x74, 0x00, 0x40, 0x66, 0xEB, 0x00, 0x40}) ==
        -1);  // inc ax; jz .; inc ax; jmp .; inc ax
  CHECK(m.cpu().gpr[kRax] == 3);
  CHECK(m.cpu().rip == kCode + 9);
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.poke<u8>((kCode & 0xFFFF) + 2, 0xF4);
  CHECK(m.run({0xEB, 0x00, 0x40}) == -1);  // jmp .: to the low 64 KiB
  CHECK(m.cpu().rip == (kCode & 0xFFFF) + 3);
  for (const bool stepped : {false, true}) {
    Machine real;
    real.real_mode();
    real.cpu().rip = 0xFFFE;
    if (stepped) real.cpu().dr7 |= 1, real.cpu().dr[0] = kData;  // breakpoints are looked for
    real.settle();
    CHECK(real.run({0x40, 0x40}) == kProtection);
    CHECK(real.cpu().gpr[kRax] == 2);
    CHECK(real.peek<u16>(real.cpu().gpr[kRsp]) == 0);  // IP of 1'0000h, cut by the push
  }
}

// Catches near branches past the limit that fault at the target instead of the branch.
TEST_CASE("a branch beyond the limit faults at the branch") {
  Machine m;
  m.protected_mode();
  m.cpu().seg[kCs].limit = kCode + 0x100;
  m.settle();
  CHECK(m.run({0x90, 0xE9, 0x00, 0x10, 0x00, 0x00}) == kProtection);
  CHECK(m.peek<u32>(m.cpu().gpr[kRsp] + 4) == kCode + 1);
}

// Catches FS and GS that lose their bases with their selectors, which programs of systems that set the bases
// by MSR count on: in 64-bit mode a return to CPL 3 makes the selectors of system segments null, and no more
// (SDM vol. 2, IRET and RET, operation).
TEST_CASE("a return to an outer level takes selectors of inner segments away, not the bases of FS and GS") {
  for (const bool iret : {true, false}) {
    Machine m;
    m.long_mode();
    cpu::Cpu& c = m.cpu();
    for (const unsigned n : {kFs, kGs}) c.seg[n].base = kData + n * 16;
    for (const unsigned n : {kFs, kGs, kDs, kEs}) REQUIRE(c.seg[n].dpl() == 0);
    m.poke<u64>(kData + kFs * 16, 0x1122);
    m.poke<u64>(kData + kGs * 16, 0x3344);
    const u64 target = kCode + 0x100;
    const u8 program[] = {0x64, 0x48, 0x8B, 0x04, 0x25, 0, 0, 0, 0,   // mov rax, fs:[0]
                          0x65, 0x48, 0x8B, 0x0C, 0x25, 0, 0, 0, 0};  // mov rcx, gs:[0]
    m.write(target, program);
    m.poke<u8>(target + sizeof program, 0xF4);
    const u64 frame[] = {target, kUserCode64, 2, kStack, kUserData};
    c.gpr[kRsp] = kStack - 0x100;
    for (unsigned n = 0, at = 0; n < 5; ++n)
      if (iret || n != 2) m.poke<u64>(c.gpr[kRsp] + 8 * at++, frame[n]);
    m.settle();
    CHECK((iret ? m.run({0x48, 0xCF}) : m.run({0x48, 0xCB})) == kProtection);  // HLT at CPL 3
    CHECK(c.gpr[kRax] == 0x1122);
    CHECK(c.gpr[kRcx] == 0x3344);
    for (const unsigned n : {kFs, kGs, kDs, kEs}) CHECK(c.seg[n].selector == 0);
  }
  // In 32-bit mode they cannot be used any more.
  Machine m;
  m.protected_mode();
  const u32 frame[] = {kCode + 0x100, kUserCode32, 2, kStack, kUserData};
  m.cpu().gpr[kRsp] = kStack - 0x100;
  for (unsigned n = 0; n < 5; ++n) m.poke<u32>(m.cpu().gpr[kRsp] + 4 * n, frame[n]);
  const u8 program[] = {0x64, 0xA1, 0, 0, 0x30, 0};  // mov eax, fs:[300000h]
  m.write(kCode + 0x100, program);
  CHECK(m.run({0xCF}) == kProtection);
  CHECK(m.peek<u32>(static_cast<u32>(m.cpu().gpr[kRsp]) + 4) == kCode + 0x100);
}
