// Where instructions come from: self-modifying code, page crossings, length limits (SDM vol. 3, 8.1.3
// and 12.6).
#include <catch2/catch.hpp>

#include "machine_code.hpp"
#include "sim/mmu/access.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

namespace {

constexpr int kInvalidOpcode = 6, kProtection = 13, kPageFault = 14;

/// Puts code at `at` without the harness' HLT.
void place(Machine& m, u64 at, std::initializer_list<u8> bytes) {
  m.write(at, std::span<const u8>(bytes.begin(), bytes.size()));
  execute::memory_written(*m.code, at, bytes.size());
}

}  // namespace

// Catches decoded code that outlives its bytes, in the block that is being executed.
TEST_CASE("a store to the instruction behind it takes effect at once") {
  Machine m;
  m.long_mode();
  // mov byte [rip + 1], 2; mov al, 1 -> mov al, 2
  CHECK(m.run({0xC6, 0x05, 0x01, 0, 0, 0, 0x02, 0xB0, 0x01}) == -1);
  CHECK((m.cpu().gpr[kRax] & 0xFF) == 2);
}

// Catches blocks that are looked up again without looking at their bytes.
TEST_CASE("code that changes itself in a loop runs as it stands each time") {
  Machine m;
  m.long_mode();
  m.cpu().gpr[kRcx] = 5;
  // again: add bl, 1 (immediate at +2); inc byte [rip - 7]; dec ecx; jnz again
  CHECK(m.run({0x80, 0xC3, 0x01, 0xFE, 0x05, 0xF9, 0xFF, 0xFF, 0xFF, 0xFF, 0xC9, 0x75, 0xF3}) == -1);
  CHECK(m.cpu().gpr[kRbx] == 1 + 2 + 3 + 4 + 5);
}

// Catches a page of code that stays writable behind our back.
TEST_CASE("code in another page, called, changed and called again") {
  Machine m;
  m.long_mode();
  place(m, kData, {0xB8, 1, 0, 0, 0, 0xC3});  // mov eax, 1; ret
  // call there; mov ebx, eax; mov byte [there + 1], 7; call there
  const u32 first = static_cast<u32>(kData - (kCode + 5)), second = static_cast<u32>(kData - (kCode + 20));
  const auto byte = [](u32 v, unsigned n) { return static_cast<u8>(v >> (8 * n)); };
  CHECK(m.run({0xE8,
               byte(first, 0),
               byte(first, 1),
               byte(first, 2),
               byte(first, 3),
               0x89,
               0xC3,
               0xC6,
               0x04,
               0x25,
               0x01,
               0,
               0x30,
               0,
               0x07,
               0xE8,
               byte(second, 0),
               byte(second, 1),
               byte(second, 2),
               byte(second, 3)}) == -1);
  CHECK(m.cpu().gpr[kRbx] == 1);
  CHECK(m.cpu().gpr[kRax] == 7);
}

// Catches the second half of a crossing instruction being forgotten.
TEST_CASE("an instruction across two pages follows changes of either half") {
  Machine m;
  m.long_mode();
  const u64 at = kCode + 0xFFD;
  place(m, at, {0xB8, 1, 2, 3, 4, 0xF4});  // mov eax, imm32 with two bytes of it in the next page; hlt
  for (const u8 value : {u8{4}, u8{5}, u8{6}}) {
    m.cpu().rip = at;
    m.cpu().activity = cpu::Activity::Active;
    place(m, kCode + 0x1001, {value});
    CHECK(m.go() == -1);
    CHECK(m.cpu().gpr[kRax] == (u64{value} << 24 | 0x03'0201));
  }
  m.cpu().rip = at;
  m.cpu().activity = cpu::Activity::Active;
  place(m, at + 1, {9});
  m.go();
  CHECK(m.cpu().gpr[kRax] == 0x0603'0209);
}

// Catches a crossing block that keeps the physical page that its second half once was.
TEST_CASE("an instruction across two pages follows the mapping of the second one") {
  Machine m;
  m.long_mode();
  const u64 at = kCode + 0xFFD;
  place(m, at, {0xB8, 1, 2, 3, 4, 0xF4});
  place(m, kData, {0x33, 0x44, 0xF4});
  m.cpu().rip = at;
  m.go();
  CHECK(m.cpu().gpr[kRax] == 0x0403'0201);
  m.poke<u64>(m.pte_address(kCode + 0x1000), kData | 7);
  mmu::flush_page(m.cpu(), kCode + 0x1000);
  m.cpu().rip = at;
  m.cpu().activity = cpu::Activity::Active;
  m.go();
  CHECK(m.cpu().gpr[kRax] == 0x4433'0201);
}

// Catches a fetch fault that reports the instruction's own page or the wrong return address.
TEST_CASE("a fetch that crosses into a page that is not present") {
  Machine m;
  m.long_mode();
  m.poke<u64>(m.pte_address(kCode + 0x1000), 0);
  const u64 at = kCode + 0xFFD;
  place(m, at, {0xB8, 1, 2});
  m.cpu().rip = at;
  CHECK(m.go() == kPageFault);
  CHECK(m.cpu().cr2 == kCode + 0x1000);
  CHECK(m.error_code() == 0x10);
  CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == at);
}

// Catches blocks that fault for what they would execute later.
TEST_CASE("code up to the last byte of a page does not touch the next one") {
  Machine m;
  m.long_mode();
  m.poke<u64>(m.pte_address(kCode + 0x1000), 0);
  place(m, kCode + 0xFFE, {0xB0, 0x07});  // mov al, 7
  m.cpu().rip = kCode + 0xFFE;
  CHECK(m.go() == kPageFault);
  CHECK((m.cpu().gpr[kRax] & 0xFF) == 7);
  CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == kCode + 0x1000);
}

// Catches instructions that are decoded although they are too long, and the wrong exception.
TEST_CASE("15 bytes are an instruction, 16 are #GP") {
  Machine m;
  m.long_mode();
  std::vector<u8> code(14, 0x66);
  code.push_back(0x90);
  CHECK(m.run(code) == -1);
  Machine too_long;
  too_long.long_mode();
  code.insert(code.begin(), 0x66);
  CHECK(too_long.run(code) == kProtection);
  CHECK(too_long.peek<u64>(too_long.cpu().gpr[kRsp] + 8) == kCode);
}

// Catches device writes that leave decoded code behind.
TEST_CASE("DMA into code is seen") {
  Machine m;
  m.long_mode();
  CHECK(m.run({0xB0, 0x01}) == -1);
  m.poke<u8>(kCode + 1, 9);
  execute::memory_written(*m.code, kCode + 1, 1);
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.go();
  CHECK((m.cpu().gpr[kRax] & 0xFF) == 9);
}

// Catches code decoded in one mode that is run in another.
TEST_CASE("the same bytes mean something else in another mode") {
  const std::initializer_list<u8> code = {0x48, 0xB8, 1, 2, 3,
                                          4,    5,    6, 7, 8};  // mov rax, imm64; or dec eax and more
  Machine m;
  m.long_mode();
  m.run(code);
  CHECK(m.cpu().gpr[kRax] == 0x0807'0605'0403'0201);
  m.compatibility_mode();
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.cpu().gpr[kRax] = 5;
  place(m, kCode + 6, {0xF4});
  m.go();
  CHECK(m.cpu().gpr[kRax] == 0x0403'0201);
}

// Catches unknown opcodes that are skipped, and UD2 with effects.
TEST_CASE("what is no instruction raises #UD at its own address") {
  const std::initializer_list<u8> kInvalid[] = {{0x0F, 0x0B},
                                                {0x0F, 0xFF},
                                                {0x06},
                                                {0x0F, 0x24, 0xC0},
                                                {0x0F, 0x38, 0xFF, 0xC0},
                                                {0xC5, 0xF8, 0x58, 0xC0},
                                                {0x62, 0xF1, 0x7C, 0x48, 0x58, 0xC0}};
  for (const auto& bytes : kInvalid) {
    Machine m;
    m.long_mode();
    CHECK(m.run(bytes) == kInvalidOpcode);
    CHECK(m.peek<u64>(m.cpu().gpr[kRsp]) == kCode);
  }
}

// Catches LOCK ignored where the manual forbids it (SDM vol. 2, LOCK).
TEST_CASE("LOCK is for read-modify-write of memory only") {
  const std::initializer_list<u8> kForbidden[] = {
      {0xF0, 0x01, 0xC0},       {0xF0, 0x8B, 0x06}, {0xF0, 0x89, 0x06}, {0xF0, 0x3B, 0x06}, {0xF0, 0x90},
      {0xF0, 0x0F, 0xA3, 0x06}, {0xF0, 0xD1, 0x26}, {0xF0, 0x85, 0x06}, {0xF0, 0x03, 0x06}};
  for (const auto& bytes : kForbidden) {
    Machine m;
    m.long_mode();
    m.cpu().gpr[kRsi] = kData;
    CHECK(m.run(bytes) == kInvalidOpcode);
  }
  const std::initializer_list<u8> kAllowed[] = {
      {0xF0, 0x01, 0x06},       {0xF0, 0xFF, 0x06}, {0xF0, 0x0F, 0xB1, 0x0E}, {0xF0, 0x0F, 0xC1, 0x06},
      {0xF0, 0x0F, 0xAB, 0x06}, {0xF0, 0x87, 0x06}, {0xF0, 0xF7, 0x1E}};
  for (const auto& bytes : kAllowed) {
    Machine m;
    m.long_mode();
    m.cpu().gpr[kRsi] = kData;
    CHECK(m.run(bytes) == -1);
  }
}
