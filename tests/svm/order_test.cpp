// Where intercepts stand among an instruction's own exceptions (APM vol. 2, table 15-7), and which registers
// and numbers they name.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

namespace {

constexpr u64 kGp = 0x40 + 13, kUd = 0x40 + 6, kPf = 0x40 + 14;

struct Case {
  const char* name;
  u64 code;
  std::initializer_list<u8> program;
  u64 expected;
};

void intercept_exceptions(GuestMachine& m) {
  for (unsigned v = 0; v < 32; ++v) m.intercept_exception(v);
}

}  // namespace

// Catches an exit that a program without privilege can cause, or that it can keep from coming.
TEST_CASE("at CPL 3: privilege before the intercept, or the intercept before privilege") {
  const Case list[] = {
      {"mov rbx, cr0", 0x00, {0x0F, 0x20, 0xC3}, kGp},
      {"mov cr4, rbx", 0x14, {0x0F, 0x22, 0xE3}, kGp},
      {"clts", 0x10, {0x0F, 0x06}, kGp},
      {"lmsw bx", 0x10, {0x0F, 0x01, 0xF3}, kGp},
      {"smsw ebx", 0x00, {0x0F, 0x01, 0xE3}, 0x00},
      {"mov rbx, dr7", 0x27, {0x0F, 0x21, 0xFB}, kGp},
      {"lgdt", code_of(Exit::WriteGdtr), {0x0F, 0x01, 0x14, 0x24}, kGp},
      {"sgdt", code_of(Exit::ReadGdtr), {0x0F, 0x01, 0x04, 0x24}, code_of(Exit::ReadGdtr)},
      {"str ebx", code_of(Exit::ReadTr), {0x0F, 0x00, 0xCB}, code_of(Exit::ReadTr)},
      {"ltr bx", code_of(Exit::WriteTr), {0x0F, 0x00, 0xDB}, kGp},
      {"rdpmc", code_of(Exit::Rdpmc), {0x0F, 0x33}, kGp},
      {"cpuid", code_of(Exit::Cpuid), {0x0F, 0xA2}, code_of(Exit::Cpuid)},
      {"rsm", code_of(Exit::Rsm), {0x0F, 0xAA}, code_of(Exit::Rsm)},
      {"int 80h", code_of(Exit::SoftwareInterrupt), {0xCD, 0x80}, code_of(Exit::SoftwareInterrupt)},
      {"int1", code_of(Exit::Icebp), {0xF1}, code_of(Exit::Icebp)},
      {"iretq", code_of(Exit::Iret), {0x48, 0xCF}, code_of(Exit::Iret)},
      {"pause", code_of(Exit::Pause), {0xF3, 0x90}, code_of(Exit::Pause)},
      {"wbinvd", code_of(Exit::Wbinvd), {0x0F, 0x09}, kGp},
      {"hlt", code_of(Exit::Hlt), {0xF4}, kGp},
      {"invlpg", code_of(Exit::Invlpg), {0x0F, 0x01, 0x3C, 0x24}, kGp},
      {"invlpga", code_of(Exit::Invlpga), {0x0F, 0x01, 0xDF}, kGp},
      {"rdmsr", code_of(Exit::Msr), {0x0F, 0x32}, kGp},
      {"vmrun", code_of(Exit::Vmrun), {0x0F, 0x01, 0xD8}, kGp},
      {"vmload", code_of(Exit::Vmload), {0x0F, 0x01, 0xDA}, kGp},
      {"vmsave", code_of(Exit::Vmsave), {0x0F, 0x01, 0xDB}, kGp},
      {"stgi", code_of(Exit::Stgi), {0x0F, 0x01, 0xDC}, kGp},
      {"clgi", code_of(Exit::Clgi), {0x0F, 0x01, 0xDD}, kGp},
      {"skinit", code_of(Exit::Skinit), {0x0F, 0x01, 0xDE}, kGp},
      {"monitor", code_of(Exit::Monitor), {0x0F, 0x01, 0xC8}, kUd},
      {"mwait", code_of(Exit::Mwait), {0x0F, 0x01, 0xC9}, kUd},
      {"in al, 71h", code_of(Exit::IoIo), {0xE4, 0x71}, kGp},
  };
  for (const Case& c : list) {
    INFO(c.name);
    GuestMachine m;
    std::fill_n(m.bus.ram.data() + kIoMap, 0x3000, u8{0xFF});
    std::fill_n(m.bus.ram.data() + kMsrMap, 0x2000, u8{0xFF});
    m.poke<u16>(kTss + 0x66, 0xFFFF);  // no port is open
    m.guest_user();
    intercept_exceptions(m);
    m.intercept(c.code);
    CHECK(m.enter(c.program) == c.expected);
    CHECK(m.block.save.rip == kGuestCode);
  }
}

// Catches operands read before the hypervisor is asked, and addresses of control blocks checked after it.
TEST_CASE("memory operands come after the intercept, addresses of control blocks before it") {
  // MOV EBX, 700000h, a page that is not there, and the instruction.
  const Case list[] = {
      {"lgdt [rbx]",
       code_of(Exit::WriteGdtr),
       {0xBB, 0, 0, 0x70, 0, 0x0F, 0x01, 0x13},
       code_of(Exit::WriteGdtr)},
      {"sidt [rbx]",
       code_of(Exit::ReadIdtr),
       {0xBB, 0, 0, 0x70, 0, 0x0F, 0x01, 0x0B},
       code_of(Exit::ReadIdtr)},
      {"lldt [rbx]",
       code_of(Exit::WriteLdtr),
       {0xBB, 0, 0, 0x70, 0, 0x0F, 0x00, 0x13},
       code_of(Exit::WriteLdtr)},
      {"smsw [rbx]", 0x00, {0xBB, 0, 0, 0x70, 0, 0x0F, 0x01, 0x23}, 0x00},
      {"lmsw [rbx]", 0x10, {0xBB, 0, 0, 0x70, 0, 0x0F, 0x01, 0x33}, 0x10},
      {"invpcid rax, [rbx]",
       code_of(Exit::Invpcid),
       {0xBB, 0, 0, 0x70, 0, 0x66, 0x0F, 0x38, 0x82, 0x03},
       code_of(Exit::Invpcid)},
      {"vmload, rax = 8", code_of(Exit::Vmload), {0xB8, 8, 0, 0, 0, 0x0F, 0x01, 0xDA}, kGp},
      {"vmrun, rax = 8", code_of(Exit::Vmrun), {0xB8, 8, 0, 0, 0, 0x0F, 0x01, 0xD8}, kGp},
      {"mwait, ecx = 2", code_of(Exit::Mwait), {0xB9, 2, 0, 0, 0, 0x0F, 0x01, 0xC9}, kGp},
  };
  for (const Case& c : list) {
    INFO(c.name);
    GuestMachine m;
    m.poke<u64>(m.pte_address(0x70'0000), 0);
    intercept_exceptions(m);
    CHECK((m.enter(c.program) == kPf || c.expected == kGp));
    m.intercept(c.code);
    CHECK(m.again(c.program) == c.expected);
    CHECK(m.block.save.rip == kGuestCode + 5);
  }
}

// Catches #GP for a value that only the intercept would have let the hypervisor see, or the other way round.
TEST_CASE("values that are not allowed: #GP before the intercept of a control register") {
  GuestMachine m;
  intercept_exceptions(m);
  m.intercept(0x10);
  m.intercept(0x14);
  m.intercept(0x18);
  // MOV EBX, 1 (PE without what long mode needs: PG cleared under 64-bit code); MOV CR0, RBX
  CHECK(m.enter({0xBB, 1, 0, 0, 0, 0x0F, 0x22, 0xC3}) == kGp);
  CHECK(m.again({0xBB, 0, 0, 0, 0x80, 0x0F, 0x22, 0xE3}) == kGp);      // MOV EBX, 80000000h; MOV CR4, RBX
  CHECK(m.again({0xBB, 16, 0, 0, 0, 0x44, 0x0F, 0x22, 0xC3}) == kGp);  // MOV EBX, 16; MOV CR8, RBX
  CHECK(m.again({0x0F, 0x22, 0xCB}) == kUd);                           // MOV CR1, RBX
}

// Catches LMSW measured by what it changes: its selective intercept looks at no value.
TEST_CASE("the selective CR0 intercept takes every LMSW, CLTS never") {
  GuestMachine m;
  m.intercept(Exit::SelectiveCr0Write);
  CHECK(m.enter({0x0F, 0x01, 0xE3, 0x0F, 0x01, 0xF3}) ==
        code_of(Exit::SelectiveCr0Write));  // SMSW; LMSW: no change
  CHECK(m.block.control.exit_info1 == 0);
  CHECK(m.block.save.rip == kGuestCode + 3);
  m.block.save.cr0 |= arch::cr0::kTs;
  CHECK(m.again({0x0F, 0x06}) == code_of(Exit::Hlt));
  m.intercept(0x10);  // the plain intercept comes first
  CHECK(m.again({0x0F, 0x01, 0xE3, 0x0F, 0x01, 0xF3}) == 0x10);
}

// Catches the aliases DR4 and DR5 told as the registers that they stand for, and #UD and #DB after the
// intercept.
TEST_CASE("debug registers: all numbers, with #UD and general detect first") {
  GuestMachine m;
  intercept_exceptions(m);
  for (u64 code = 0x20; code < 0x40; ++code) m.intercept(code);
  for (unsigned n = 0; n < 8; ++n) {
    INFO(n);
    CHECK(m.again({0x0F, 0x21, static_cast<u8>(0xC1 | n << 3)}) == 0x20 + n);  // MOV RCX, DRn
    CHECK(m.block.control.exit_info1 == 1);
    CHECK(m.again({0x31, 0xDB, 0x0F, 0x23, static_cast<u8>(0xC3 | n << 3)}) == 0x30 + n);  // MOV DRn, RBX
    CHECK(m.block.control.exit_info1 == 3);
  }
  CHECK(m.again({0x44, 0x0F, 0x21, 0xC1}) == kUd);  // DR8
  m.block.save.cr4 |= arch::cr4::kDe;
  CHECK(m.again({0x0F, 0x21, 0xE1}) == kUd);
  m.block.save.dr7 |= arch::dr7::kGd;
  CHECK(m.again({0x0F, 0x21, 0xC1}) == 0x40 + 1);
}

TEST_CASE("DR4 and DR5 stand for DR6 and DR7 while CR4.DE is clear") {
  GuestMachine m;
  // XOR ECX, ECX; MOV DR4, RCX; MOV RBX, DR6
  CHECK(m.enter({0x31, 0xC9, 0x0F, 0x23, 0xE1, 0x0F, 0x21, 0xF3}) == code_of(Exit::Hlt));
  CHECK(m.cpu().gpr[arch::kRbx] == arch::dr6::kFixed1);
}

// Catches INVPCID that a guest does behind its hypervisor's back, or that exits unasked.
TEST_CASE("INVPCID exits by the bit at 014h") {
  GuestMachine m;
  CHECK(m.enter({0x31, 0xC0, 0x48, 0x89, 0x04, 0x24, 0x48, 0x89, 0x44, 0x24, 0x08,
                 0xB8, 2,    0,    0,    0,    0x66, 0x0F, 0x38, 0x82, 0x04, 0x24}) == code_of(Exit::Hlt));
  m.block.control.intercept[5] = 4;
  CHECK(m.again({0x66, 0x0F, 0x38, 0x82, 0x04, 0x24}) == 0xA2);
  CHECK(m.block.control.next_rip == kGuestCode + 6);
}

// Catches XSETBV that exits for a program which may not use it.
TEST_CASE("XSETBV: #UD and privilege first, then the intercept, then the value") {
  GuestMachine m;
  intercept_exceptions(m);
  m.intercept(Exit::Xsetbv);
  CHECK(m.enter({0x0F, 0x01, 0xD1}) == kUd);
  m.block.save.cr4 |= arch::cr4::kOsxsave;
  CHECK(m.again({0xB9, 9, 0, 0, 0, 0x0F, 0x01, 0xD1}) == code_of(Exit::Xsetbv));
  m.guest_user();
  CHECK(m.again({0x0F, 0x01, 0xD1}) == kGp);
}
