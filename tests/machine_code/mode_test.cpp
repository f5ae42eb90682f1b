// Changes of mode by running code, and what ends in shutdown (SDM vol. 3, chapters 6 and 10).
#include <catch2/catch.hpp>

#include "machine_code.hpp"

using namespace hvlab;
using namespace hvlab::test;
using namespace hvlab::arch;

// Catches any step of the way: real mode, protected mode, paging with EFER.LME, 64-bit code.
TEST_CASE("from real mode to 64-bit mode and on") {
  Machine m;
  m.long_mode();  // for its tables
  m.real_mode();
  cpu::Cpu& c = m.cpu();
  c.efer = 0;
  c.cr3 = c.cr4 = 0;
  c.gdtr = {kGdt, 0x7F};
  c.seg[kCs] = {.base = 0, .limit = 0xFFFF, .attributes = 0x9B, .selector = 0};
  constexpr u64 kStart = 0x5000;
  const std::vector<u8> code = {
      0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0,        // 5000 mov eax, cr0; or al, 1; mov cr0, eax
      0xEA, 0x0D, 0x50, 0x18, 0x00,                          // 5008 jmp 18:500D
      0x0F, 0x20, 0xE0, 0x83, 0xC8, 0x20, 0x0F, 0x22, 0xE0,  // 500D mov eax, cr4; or eax, PAE; mov cr4, eax
      0xB8, 0x00, 0x00, 0x04, 0x00, 0x0F, 0x22, 0xD8,        // 5016 mov eax, tables; mov cr3, eax
      0xB9, 0x80, 0x00, 0x00, 0xC0, 0x0F, 0x32, 0x0D, 0x00, 0x01, 0x00,
      0x00, 0x0F, 0x30,                                                   // 501E rdmsr; or LME; wrmsr
      0x0F, 0x20, 0xC0, 0x0D, 0x00, 0x00, 0x00, 0x80, 0x0F, 0x22, 0xC0,   // 502C or PG
      0xEA, 0x3E, 0x50, 0x00, 0x00, 0x08, 0x00,                           // 5037 jmp 08:503E
      0x48, 0xB8, 1,    2,    3,    4,    5,    6,    7,    8,    0xF4};  // 503E mov rax, imm64; hlt
  m.write(kStart, code);
  c.rip = kStart;
  m.settle();
  m.go();
  CHECK(c.mode == cpu::Mode::Long);
  CHECK(c.gpr[kRax] == 0x0807'0605'0403'0201);
  CHECK((c.efer & efer::kLma) != 0);
}

// Catches a double fault without its error code, or the first fault's frame.
TEST_CASE("a fault on the way to a fault's handler is a double fault") {
  Machine m;
  m.long_mode();
  m.poke<u8>(kIdt + 13 * 16 + 5, 0x0E);  // #GP's gate: not present
  m.cpu().gpr[kRsi] = 0x8000'0000'0000;
  CHECK(m.run({0x8B, 0x06}) == 8);
  CHECK(m.error_code() == 0);
  CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == kCode);
}

// Catches a page fault followed by a page fault that is delivered as the second alone.
TEST_CASE("a page fault in delivering a page fault is a double fault") {
  Machine m;
  m.long_mode();
  m.poke<u8>(kIdt + 8 * 16 + 4, 1);  // #DF on IST1
  m.poke<u64>(m.pte_address(kStack - 0x1000), 0);
  m.poke<u64>(m.pte_address(kData), 0);
  m.cpu().gpr[kRsi] = kData;
  CHECK(m.run({0x8B, 0x06}) == 8);
  CHECK(m.cpu().cr2 >= kStack - 0x1000);
  CHECK(m.cpu().cr2 < kStack);
}

// Catches a third fault that is delivered, and a shutdown that goes on executing.
TEST_CASE("a fault in delivering a double fault is shutdown") {
  Machine m;
  m.long_mode();
  m.cpu().idtr.limit = 0;
  CHECK(m.run({0x0F, 0x0B}) == 0x100);
  CHECK(m.processor->run(m.processor->cycles() + 100) == execute::Stop::Shutdown);
  CHECK_FALSE(m.processor->runnable());
}

// Catches privilege not looked at, or looked at before #UD where the manual wants #UD first.
TEST_CASE("CPL 3 may not halt, load tables or control registers, nor touch ports without IOPL") {
  const std::initializer_list<u8> kPrivileged[] = {{0xF4},
                                                   {0x0F, 0x20, 0xC0},
                                                   {0x0F, 0x22, 0xD8},
                                                   {0x0F, 0x01, 0x16},
                                                   {0x0F, 0x32},
                                                   {0x0F, 0x30},
                                                   {0xFA},
                                                   {0xFB},
                                                   {0xE4, 0x60},
                                                   {0xEC},
                                                   {0x0F, 0x06},
                                                   {0x0F, 0x09},
                                                   {0x0F, 0x01, 0x3E},
                                                   {0x0F, 0x21, 0xC0},
                                                   {0x0F, 0x00, 0xD8},
                                                   {0x0F, 0x01, 0xF8}};
  for (const auto& code : kPrivileged) {
    Machine m;
    m.long_mode();
    m.poke<u16>(kTss + 0x66, 0x68);
    m.user();
    m.cpu().gpr[kRsi] = kData;
    CHECK(m.run(code) == 13);
    CHECK(m.error_code() == 0);
    CHECK(m.peek<u64>(m.cpu().gpr[kRsp] + 8) == kCode);
  }
}

// Catches IOPL ignored by POPF and CLI.
TEST_CASE("IOPL lets CPL 3 switch interrupts, and POPF leaves IF alone without it") {
  Machine with;
  with.long_mode();
  with.user();
  with.cpu().rflags_rest |= 3 << 12;
  with.cpu().rflags_rest &= ~flag::kIf;
  CHECK(with.run({0xFB, 0x0F, 0x0B}) == 6);
  CHECK((with.peek<u64>(with.cpu().gpr[kRsp] + 16) & flag::kIf) != 0);
  Machine without;
  without.long_mode();
  without.user();
  without.cpu().rflags_rest |= flag::kIf;
  without.cpu().gpr[kRax] = 0;
  CHECK(without.run({0x50, 0x9D, 0x0F, 0x0B}) == 6);
  CHECK((without.peek<u64>(without.cpu().gpr[kRsp] + 16) & flag::kIf) != 0);
}

// Catches instructions of protected mode that virtual-8086 mode lets through, and the IOPL rules there.
TEST_CASE("virtual-8086 mode: IOPL-sensitive instructions trap, others run with real-mode segments") {
  const auto start = [](u64 iopl) {
    Machine m;
    m.protected_mode();
    cpu::Cpu& c = m.cpu();
    for (auto& s : c.seg) s = {.base = 0x5'0000, .limit = 0xFFFF, .attributes = 0xF3, .selector = 0x5000};
    c.cpl = 3;
    c.rflags_rest |= flag::kVm | iopl << 12;
    c.rip = 0;
    c.gpr[kRsp] = 0x8000;
    m.poke<u32>(kTss + 4, static_cast<u32>(kStack));
    m.settle();
    return m;
  };
  Machine cli = start(0);
  CHECK(cli.run({0xFA}) == 13);
  Machine allowed = start(3);
  CHECK(allowed.run({0xFA, 0xFB, 0x9C, 0x9D, 0x0F, 0x0B}) == 6);
  Machine sldt = start(3);
  CHECK(sldt.run({0x0F, 0x00, 0xC0}) == 6);
  Machine load = start(0);
  load.poke<u16>(0x6'0010, 0xBEEF);
  CHECK(load.run({0xB8, 0x00, 0x60, 0x8E, 0xD8, 0xA1, 0x10, 0x00, 0x0F, 0x0B}) ==
        6);  // mov ds, 6000h; mov ax, [10h]
  CHECK((load.cpu().gpr[kRax] & 0xFFFF) == 0xBEEF);
}

namespace {

constexpr u64 kOwn = 0x700;  // where the TSS' map of ports begins; the map of INT n ends there

/// A virtual-8086 program at 5000h:0 with CR4.VME, whose INT 21h leads to 6000h:0010h and INT 22h to the
/// monitor.
Machine virtual_program(u64 iopl, bool extensions = true) {
  Machine m;
  m.protected_mode();
  cpu::Cpu& c = m.cpu();
  if (extensions) c.cr4 |= cr4::kVme;
  for (auto& s : c.seg) s = {.base = 0x5'0000, .limit = 0xFFFF, .attributes = 0xF3, .selector = 0x5000};
  c.cpl = 3;
  c.rflags_rest |= flag::kVm | iopl << 12;
  c.rip = 0;
  c.gpr[kRsp] = 0x8000;
  c.tr.limit = 0x7FF;
  m.poke<u32>(kTss + 4, static_cast<u32>(kStack));
  m.poke<u16>(kTss + 0x66, kOwn);
  m.poke<u8>(kTss + kOwn - 32 + 0x22 / 8, 1 << (0x22 % 8));
  m.poke<u32>(0x21 * 4, 0x6000'0010);
  m.poke<u16>(0x6'0010, 0x0B0F);  // ud2
  m.settle();
  return m;
}

}  // namespace

// Catches VIF that is not IF's stand-in for CLI, STI, PUSHF and POPF, an IF that changes after all, an
// interrupt that is pending (VIP) and not told, and extensions that are there without CR4.VME (SDM vol.
// 3, 20.3.3.5).
TEST_CASE("virtual-mode extensions: with IOPL below 3 VIF is what IF is") {
  Machine sti = virtual_program(0);
  CHECK(sti.run({0xFB, 0x9C, 0xFA, 0x9C, 0x0F, 0x0B}) == 6);  // sti; pushf; cli; pushf
  CHECK((sti.peek<u16>(0x5'7FFE) & (flag::kIf | flag::kIopl)) == (flag::kIf | flag::kIopl));
  CHECK((sti.peek<u16>(0x5'7FFC) & (flag::kIf | flag::kIopl)) == flag::kIopl);
  CHECK_FALSE(sti.cpu().rflag(flag::kIf));
  Machine popf = virtual_program(0);
  CHECK(popf.run({0x68, 0x03, 0x02, 0x9D, 0x9C, 0x58, 0x0F, 0x0B}) == 6);  // push 203h; popf; pushf; pop ax
  CHECK((popf.cpu().gpr[kRax] & 0xFFFF) == 0x3203);
  Machine iret = virtual_program(0);
  iret.poke<u16>(0x5'0020, 0x0B0F);
  CHECK(iret.run({0x68, 0x00, 0x02, 0x68, 0x00, 0x50, 0x6A, 0x20, 0xCF}) == 6);  // push flags, cs, 20h; iret
  CHECK(iret.peek<u32>(kStack - 36) == 0x20);
  CHECK((iret.peek<u32>(kStack - 28) & (flag::kVif | flag::kIf | flag::kIopl)) == flag::kVif);

  for (const bool popped : {false, true}) {
    Machine pending = virtual_program(0);
    pending.cpu().rflags_rest |= flag::kVip;
    CHECK((popped ? pending.run({0x68, 0x00, 0x02, 0x9D}) : pending.run({0xFB})) == 13);
  }
  CHECK(virtual_program(0).run({0x68, 0x00, 0x01, 0x9D}) == 13);  // TF
  CHECK(virtual_program(0).run({0x66, 0x9C}) == 13);              // 32 bits
  CHECK(virtual_program(0, false).run({0xFB}) == 13);
  CHECK(virtual_program(0, false).run({0x9C}) == 13);
  Machine own = virtual_program(3);
  CHECK(own.run({0xFB, 0x90, 0x0F, 0x0B}) == 6);
  CHECK_FALSE(own.cpu().rflag(flag::kVif));
}

// Catches INT n that does not go where the TSS says, with the flags of table 20-2, and the wrong flag
// cleared.
TEST_CASE("virtual-mode extensions: INT n goes to the program's handler if its bit is 0") {
  for (const u64 iopl : {u64{0}, u64{3}}) {
    Machine m = virtual_program(iopl);
    m.cpu().rflags_rest |= flag::kIf | flag::kVif;
    CHECK(m.run({0xCD, 0x21}) == 6);
    CHECK(m.peek<u32>(kStack - 36) == 0x10);
    CHECK(m.peek<u32>(kStack - 32) == 0x6000);
    const u64 flags = m.peek<u32>(kStack - 28);
    CHECK((flags & (flag::kIf | flag::kVif)) == (iopl == 3 ? flag::kVif : flag::kIf));
    CHECK(m.peek<u16>(0x5'7FFA) == 2);
    CHECK(m.peek<u16>(0x5'7FFC) == 0x5000);
    CHECK((m.peek<u16>(0x5'7FFE) & (flag::kIf | flag::kIopl)) == (flag::kIf | flag::kIopl));
  }
  CHECK(virtual_program(0).run({0xCD, 0x22}) == 13);
  CHECK(virtual_program(3).run({0xCD, 0x22}) == 0x22);
  CHECK(virtual_program(3, false).run({0xCD, 0x21}) == 0x21);
  Machine beyond = virtual_program(3);
  beyond.cpu().tr.limit = 0x67;
  CHECK(beyond.run({0xCD, 0x21}) == 13);
}

// Catches CLI and STI that fault, or change IF, though CR4.PVI gives the program VIF (SDM vol. 3, 20.4).
TEST_CASE("protected-mode virtual interrupts") {
  for (const bool on : {false, true}) {
    Machine m;
    m.protected_mode();
    if (on) m.cpu().cr4 |= cr4::kPvi;
    m.user();
    CHECK(m.run({0xFB, 0x0F, 0x0B}) == (on ? 6 : 13));
    CHECK(m.cpu().rflag(flag::kVif) == on);
    CHECK_FALSE(m.cpu().rflag(flag::kIf));
  }
}

// Catches alignment checks that are always on, never on, or on for the supervisor.
TEST_CASE("alignment is checked at CPL 3 with CR0.AM and RFLAGS.AC") {
  const auto run = [](bool am, bool ac, bool user) {
    Machine m;
    m.long_mode();
    if (am) m.cpu().cr0 |= cr0::kAm;
    if (user) m.user();
    if (ac) m.cpu().rflags_rest |= flag::kAc;
    m.settle();
    m.cpu().gpr[kRsi] = kData + 1;
    return m.run({0x8B, 0x06, 0x0F, 0x0B});
  };
  CHECK(run(true, true, true) == 17);
  CHECK(run(false, true, true) == 6);
  CHECK(run(true, false, true) == 6);
  CHECK(run(true, true, false) == 6);
}
