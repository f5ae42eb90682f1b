// Each intercept leaves the guest when it is set, and does not when it is clear.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

namespace {

struct Case {
  const char* name;
  u64 code;
  std::vector<u8> program;
  bool raises = false;  // without the intercept the instruction is #UD or #GP
};

u64 enter(GuestMachine& m, const std::vector<u8>& program) {
  m.write(kGuestCode, program);
  m.poke<u8>(kGuestCode + program.size(), 0xF4);
  execute::memory_written(*m.code, kGuestCode, program.size() + 1);
  return m.enter();
}

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"mov rbx, cr0", 0x00, {0x0F, 0x20, 0xC3}},
      {"mov rbx, cr2", 0x02, {0x0F, 0x20, 0xD3}},
      {"mov rbx, cr3", 0x03, {0x0F, 0x20, 0xDB}},
      {"mov rbx, cr4", 0x04, {0x0F, 0x20, 0xE3}},
      {"mov rbx, cr8", 0x08, {0x44, 0x0F, 0x20, 0xC3}},
      {"smsw ebx", 0x00, {0x0F, 0x01, 0xE3}},
      {"mov cr0, rbx", 0x10, {0x0F, 0x20, 0xC3, 0x0F, 0x22, 0xC3}},
      {"clts", 0x10, {0x0F, 0x06}},
      {"mov cr2, rbx", 0x12, {0x0F, 0x22, 0xD3}},
      {"mov cr3, rbx", 0x13, {0x0F, 0x20, 0xDB, 0x0F, 0x22, 0xDB}},
      {"mov cr4, rbx", 0x14, {0x0F, 0x20, 0xE3, 0x0F, 0x22, 0xE3}},
      {"mov cr8, rcx", 0x18, {0x31, 0xC9, 0x44, 0x0F, 0x22, 0xC1}},
      {"mov rbx, dr0", 0x20, {0x0F, 0x21, 0xC3}},
      {"mov rbx, dr7", 0x27, {0x0F, 0x21, 0xFB}},
      {"mov dr3, rbx", 0x33, {0x0F, 0x23, 0xDB}},
      {"mov dr6, rcx", 0x36, {0x31, 0xC9, 0x0F, 0x23, 0xF1}},
      {"sidt [rsp-16]", code_of(Exit::ReadIdtr), {0x0F, 0x01, 0x4C, 0x24, 0xF0}},
      {"sgdt [rsp-16]", code_of(Exit::ReadGdtr), {0x0F, 0x01, 0x44, 0x24, 0xF0}},
      {"sldt ebx", code_of(Exit::ReadLdtr), {0x0F, 0x00, 0xC3}},
      {"str ebx", code_of(Exit::ReadTr), {0x0F, 0x00, 0xCB}},
      {"sidt/lidt", code_of(Exit::WriteIdtr), {0x0F, 0x01, 0x4C, 0x24, 0xF0, 0x0F, 0x01, 0x5C, 0x24, 0xF0}},
      {"sgdt/lgdt", code_of(Exit::WriteGdtr), {0x0F, 0x01, 0x44, 0x24, 0xF0, 0x0F, 0x01, 0x54, 0x24, 0xF0}},
      {"lldt 0", code_of(Exit::WriteLdtr), {0x31, 0xDB, 0x0F, 0x00, 0xD3}},
      {"ltr", code_of(Exit::WriteTr), {0x66, 0xBB, kTssSelector, 0x00, 0x0F, 0x00, 0xDB}, true},  // busy
      {"rdtsc", code_of(Exit::Rdtsc), {0x0F, 0x31}},
      {"rdpmc", code_of(Exit::Rdpmc), {0x31, 0xC9, 0x0F, 0x33}},
      {"pushf", code_of(Exit::Pushf), {0x9C}},
      {"pushf/popf", code_of(Exit::Popf), {0x9C, 0x9D}},
      {"cpuid", code_of(Exit::Cpuid), {0x0F, 0xA2}},
      {"rsm", code_of(Exit::Rsm), {0x0F, 0xAA}, true},
      {"int 80h", code_of(Exit::SoftwareInterrupt), {0xCD, 0x80}, true},
      {"invd", code_of(Exit::Invd), {0x0F, 0x08}},
      {"pause", code_of(Exit::Pause), {0xF3, 0x90}},
      {"invlpg [rsp]", code_of(Exit::Invlpg), {0x0F, 0x01, 0x3C, 0x24}},
      {"invlpga", code_of(Exit::Invlpga), {0x31, 0xC9, 0x0F, 0x01, 0xDF}},
      {"vmmcall", code_of(Exit::Vmmcall), {0x0F, 0x01, 0xD9}, true},
      {"vmload", code_of(Exit::Vmload), {0xB8, 0x00, 0x00, 0x05, 0x00, 0x0F, 0x01, 0xDB, 0x0F, 0x01, 0xDA}},
      {"vmsave", code_of(Exit::Vmsave), {0xB8, 0x00, 0x00, 0x05, 0x00, 0x0F, 0x01, 0xDB}},
      {"stgi", code_of(Exit::Stgi), {0x0F, 0x01, 0xDC}},
      {"clgi", code_of(Exit::Clgi), {0x0F, 0x01, 0xDD}},
      {"skinit", code_of(Exit::Skinit), {0x0F, 0x01, 0xDE}, true},
      {"rdtscp", code_of(Exit::Rdtscp), {0x0F, 0x01, 0xF9}},
      {"int1", code_of(Exit::Icebp), {0xF1}, true},
      {"wbinvd", code_of(Exit::Wbinvd), {0x0F, 0x09}},
      {"monitor", code_of(Exit::Monitor), {0x48, 0x89, 0xE0, 0x31, 0xC9, 0x31, 0xD2, 0x0F, 0x01, 0xC8}},
      {"mwait", code_of(Exit::Mwait), {0x31, 0xC9, 0x31, 0xC0, 0x0F, 0x01, 0xC9}},
  };
  return list;
}

}  // namespace

// Catches an intercept bit that is not looked at, belongs to another instruction, or lets the instruction act
// first.
TEST_CASE("an intercepted instruction leaves the guest before it acts; otherwise it is done") {
  for (const Case& c : cases()) {
    INFO(c.name);
    GuestMachine set;
    set.intercept(c.code);
    CHECK(enter(set, c.program) == c.code);
    CHECK(set.block.save.rip < kGuestCode + c.program.size());
    CHECK(set.block.control.next_rip == kGuestCode + c.program.size());

    GuestMachine clear;
    for (unsigned v = 0; v < 32; ++v) clear.intercept_exception(v);
    const u64 code = enter(clear, c.program);
    const bool raised = code >= 0x40 && code < 0x60;
    if (c.raises && c.code != code_of(Exit::SoftwareInterrupt) && c.code != code_of(Exit::Icebp)) {
      CHECK(raised);
    } else {
      CHECK(code == code_of(Exit::Hlt));
    }
  }
}

// Catches a HLT that exits where it should only halt the guest.
TEST_CASE("HLT without intercept halts the guest") {
  GuestMachine m;
  m.intercept(Exit::Hlt, false);
  CHECK(m.enter({0x90}) == GuestMachine::kNoExit);
  CHECK(m.cpu().activity == cpu::Activity::Halted);
  CHECK(m.cpu().guest != nullptr);
}

// Catches privilege faults that come after the intercept (APM vol. 2, table 15-7).
TEST_CASE("privilege is checked before the intercept, except where the intercept comes first") {
  GuestMachine m;
  m.guest_user();
  m.intercept_exception(13);
  m.intercept(Exit::Invd);
  CHECK(m.enter({0x0F, 0x08}) == 0x40 + 13);
  m.intercept(Exit::Rdtsc);
  m.block.save.cr4 |= arch::cr4::kTsd;
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x0F, 0x31}) == 0x40 + 13);
  m.intercept(Exit::Vmmcall);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x0F, 0x01, 0xD9}) == code_of(Exit::Vmmcall));
}

// Catches a selective intercept that looks at TS and MP, or that CLTS takes.
TEST_CASE("the selective CR0 intercept is for changes of other bits than TS and MP") {
  GuestMachine m;
  m.intercept(Exit::SelectiveCr0Write);
  // MOV RBX, CR0; XOR EBX, 8 (TS); MOV CR0, RBX; CLTS
  CHECK(m.enter({0x0F, 0x20, 0xC3, 0x83, 0xF3, 0x08, 0x0F, 0x22, 0xC3, 0x0F, 0x06}) == code_of(Exit::Hlt));
  m.block.save.rip = kGuestCode;
  // ... XOR EBX, 20h (NE)
  CHECK(m.enter({0x0F, 0x20, 0xC3, 0x83, 0xF3, 0x20, 0x0F, 0x22, 0xC3}) == code_of(Exit::SelectiveCr0Write));
  CHECK((m.block.save.cr0 & arch::cr0::kNe) != 0);
}

// Catches ports looked up in the wrong place, widths ignored, and wrong information.
TEST_CASE("ports exit by the permission map, every port of a wide access counting") {
  GuestMachine m;
  m.intercept(Exit::IoIo);
  CHECK(m.enter({0xE4, 0x71}) == code_of(Exit::Hlt));  // IN AL, 71h
  m.poke<u8>(kIoMap + 0x71 / 8, 1 << (0x71 % 8));
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0xE4, 0x71}) == code_of(Exit::IoIo));
  CHECK(m.block.control.exit_info1 == ((0x71u << 16) | (1u << 9) | (1u << 4) | 1));
  CHECK(m.block.control.exit_info2 == kGuestCode + 2);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0xE7, 0x6F}) == code_of(Exit::IoIo));  // OUT 6Fh, EAX reaches 71h
  CHECK(m.block.control.exit_info1 == ((0x6Fu << 16) | (1u << 9) | (4u << 4)));
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0xE7, 0x72}) == code_of(Exit::Hlt));
  // The map has bits for what lies beyond port FFFFh.
  m.poke<u8>(kIoMap + 0x2000, 1);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x66, 0xBA, 0xFF, 0xFF, 0x66, 0xED}) == code_of(Exit::IoIo));  // IN AX, DX
}

// Catches string accesses without their marks.
TEST_CASE("string port accesses tell so, with repetition and segment") {
  GuestMachine m;
  m.intercept(Exit::IoIo);
  std::fill_n(m.bus.ram.data() + kIoMap, 0x3000, u8{0xFF});
  // MOV ECX, 2; MOV DX, 5; REP OUTS DX, byte FS:[RSI]
  CHECK(m.enter({0xB9, 2, 0, 0, 0, 0x66, 0xBA, 5, 0, 0x64, 0xF3, 0x6E}) == code_of(Exit::IoIo));
  CHECK(m.block.control.exit_info1 == ((5u << 16) | (4u << 10) | (1u << 9) | (1u << 4) | 0xC));
  CHECK(m.cpu().gpr[arch::kRcx] == 2);
}

// Catches MSRs of one range looked up in another, and reads taken for writes.
TEST_CASE("MSRs exit by the permission map; those outside its ranges always") {
  struct Place {
    u32 msr, byte;
    unsigned first_bit;
  };
  for (const Place& p :
       {Place{0x277, 0x277 / 4, 0x277 % 4 * 2}, Place{0xC000'0102, 0x800 + 0x102 / 4, 0x102 % 4 * 2},
        Place{0xC001'0117, 0x1000 + 0x117 / 4, 0x117 % 4 * 2}}) {
    for (unsigned write = 0; write < 2; ++write) {
      GuestMachine m;
      m.intercept(Exit::Msr);
      const auto b = [&](unsigned n) { return static_cast<u8>(p.msr >> n * 8); };
      const std::vector<u8> program = {
          0xB9, b(0), b(1), b(2), b(3), 0x0F, 0x32, 0x0F, static_cast<u8>(write ? 0x30 : 0x32)};
      CHECK(enter(m, program) == code_of(Exit::Hlt));
      m.poke<u8>(kMsrMap + p.byte, static_cast<u8>(1u << (p.first_bit + write)));
      m.block.save.rip = kGuestCode;
      CHECK(enter(m, program) == code_of(Exit::Msr));
      CHECK(m.block.control.exit_info1 == write);
    }
  }
  GuestMachine m;
  m.intercept(Exit::Msr);
  CHECK(m.enter({0xB9, 0, 0, 0, 0x40, 0x0F, 0x32}) == code_of(Exit::Msr));  // 40000000h
}

// Catches exceptions that reach the guest though intercepted, and CR2 or the error code lost.
TEST_CASE("intercepted exceptions: information, and CR2 untouched") {
  GuestMachine m;
  m.intercept_exception(14);
  m.block.save.cr2 = 0x1234;
  m.poke<u64>(m.pte_address(0x70'0000), 0);
  CHECK(m.enter({0xA1, 0x34, 0x00, 0x70, 0, 0, 0, 0, 0}) == 0x40 + 14);  // MOV EAX, [700034h]
  CHECK(m.block.control.exit_info1 == 0);
  CHECK(m.block.control.exit_info2 == 0x70'0034);
  CHECK(m.block.save.cr2 == 0x1234);
  CHECK(m.block.save.rip == kGuestCode);
  CHECK(m.block.control.fetched == 15);
  CHECK(m.block.control.instruction[0] == 0xA1);
  CHECK(m.block.control.exit_interrupt_info == 0);
}

TEST_CASE("an intercepted INT3 stands at the instruction, with the next one told") {
  GuestMachine m;
  m.intercept_exception(3);
  CHECK(m.enter({0xCC}) == 0x40 + 3);
  CHECK(m.block.save.rip == kGuestCode);
  CHECK(m.block.control.next_rip == kGuestCode + 1);
}

// Catches a guest's triple fault that takes the whole machine down.
TEST_CASE("a shutdown of the guest is an exit") {
  GuestMachine m;
  m.block.save.idtr.limit = 0;
  CHECK(m.enter({0x0F, 0x0B}) == code_of(Exit::Shutdown));
  GuestMachine not_intercepted;
  not_intercepted.intercept(Exit::Shutdown, false);
  not_intercepted.block.save.idtr.limit = 0;
  not_intercepted.enter({0x0F, 0x0B});
  CHECK(not_intercepted.cpu().activity == cpu::Activity::Shutdown);
  CHECK_FALSE(not_intercepted.processor->host_refused());
}

// Catches events that are lost or delivered although their hypervisor wants them.
TEST_CASE("interrupts, NMI and INIT leave the guest and stay pending") {
  GuestMachine m;
  m.block.save.rflags |= arch::flag::kIf;
  m.intercept(Exit::Intr);
  m.cpu().interrupt_line = true;
  CHECK(m.enter({0xEB, 0xFE}, 1000) == code_of(Exit::Intr));
  CHECK(m.cpu().interrupt_line);
  m.cpu().interrupt_line = false;
  m.intercept(Exit::Nmi);
  m.block.save.rip = kGuestCode;
  m.cpu().gif = false;  // as between exits: it must not be taken before VMRUN
  m.cpu().nmi_pending = true;
  CHECK(m.enter(1000) == code_of(Exit::Nmi));
  CHECK(m.cpu().nmi_pending);
  m.cpu().nmi_pending = false;
  m.intercept(Exit::Init);
  m.cpu().init_pending = true;
  CHECK(m.enter(1000) == code_of(Exit::Init));
  CHECK(m.cpu().init_pending);
}

// Catches V_INTR_MASKING without effect: the host's IF then decides about physical interrupts.
TEST_CASE("with V_INTR_MASKING the host's IF masks physical interrupts, not the guest's") {
  GuestMachine m;
  m.intercept(Exit::Intr);
  m.cpu().gif = false;
  m.cpu().interrupt_line = true;
  m.block.control.interrupt = arch::svm::virtual_interrupt::kMasking;
  CHECK(m.enter({0x90}) == code_of(Exit::Hlt));  // the host's IF is clear
  m.block.save.rip = kGuestCode;
  m.cpu().rflags_rest |= arch::flag::kIf;
  CHECK(m.enter({0x90}) == code_of(Exit::Intr));  // the guest's is
}

// Catches a filter that counts wrongly.
TEST_CASE("PAUSE exits once the count has run out") {
  GuestMachine m;
  m.intercept(Exit::Pause);
  m.block.control.pause_count = 2;
  CHECK(m.enter({0xF3, 0x90, 0xF3, 0x90, 0xF3, 0x90, 0x90}) == code_of(Exit::Pause));
  CHECK(m.block.save.rip == kGuestCode + 4);
  m.block.save.rip = kGuestCode;
  m.block.control.pause_threshold = 1;  // ten instructions apart is far
  CHECK(m.enter({0xF3, 0x90, 0x90, 0x90, 0x90, 0xF3, 0x90, 0x90, 0x90, 0x90, 0xF3, 0x90, 0x90, 0x90, 0x90,
                 0xF3, 0x90}) == code_of(Exit::Hlt));
}

// Catches a PAUSE that is far from the one before it and counts as the first of the new loop.
TEST_CASE("behind a PAUSE that begins the count anew as many as without it pass") {
  GuestMachine m;
  m.intercept(Exit::Pause);
  m.block.control.pause_count = 2;
  m.block.control.pause_threshold = 5;
  CHECK(m.enter({0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,  //
                 0xF3, 0x90, 0xF3, 0x90, 0xF3, 0x90, 0xF3, 0x90, 0xF3, 0x90}) == code_of(Exit::Pause));
  CHECK(m.block.save.rip == kGuestCode + 12 + 3 * 2);
}

TEST_CASE("without a pause filter every PAUSE exits, whatever the count") {
  GuestMachine m(amd_without({"pausefilter", "pfthreshold"}));
  m.intercept(Exit::Pause);
  m.block.control.pause_count = 5;
  CHECK(m.enter({0x90, 0xF3, 0x90, 0xF3, 0x90}) == code_of(Exit::Pause));
  CHECK(m.block.save.rip == kGuestCode + 1);
}

// Catches decode assists that name the wrong register, or are there without the feature.
TEST_CASE("decode assists tell register, vector and address") {
  GuestMachine m;
  m.intercept(0x14);
  CHECK(m.enter({0x41, 0x0F, 0x20, 0xE1, 0x41, 0x0F, 0x22, 0xE1}) == 0x14);  // MOV R9, CR4; MOV CR4, R9
  CHECK(m.block.control.exit_info1 == (bit(63) | 9));
  m.intercept(0x00);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x41, 0x0F, 0x20, 0xC7}) == 0x00);  // MOV R15, CR0
  CHECK(m.block.control.exit_info1 == (bit(63) | 15));
  m.block.save.rip = kGuestCode;
  m.intercept(Exit::SoftwareInterrupt);
  CHECK(m.enter({0xCD, 0x80}) == code_of(Exit::SoftwareInterrupt));
  CHECK(m.block.control.exit_info1 == 0x80);
  m.intercept(Exit::Invlpg);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x0F, 0x01, 0x7C, 0x24, 0x10}) == code_of(Exit::Invlpg));
  CHECK(m.block.control.exit_info1 == kGuestStack + 0x10);
  GuestMachine without(amd_without({"decodeassists", "nrip_save"}));
  without.intercept(Exit::SoftwareInterrupt);
  without.block.control.next_rip = 77;
  CHECK(without.enter({0xCD, 0x80}) == code_of(Exit::SoftwareInterrupt));
  CHECK(without.block.control.exit_info1 == 0);
  CHECK(without.block.control.next_rip == 77);
}

// Catches PDPTEs that are read, and found invalid, before a hypervisor with shadow tables sees the new CR3.
TEST_CASE("an intercepted MOV to CR3 under PAE paging does not look at the table") {
  GuestMachine m;
  m.intercept(0x13);
  m.intercept_exception(13);
  arch::svm::SaveArea& s = m.block.save;
  s.efer = arch::efer::kSvme;
  s.cr4 = arch::cr4::kPae;
  s.cr3 = kData;
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kData + n * 8, (kData + 0x1000 + n * 0x1000) | 1);
  for (u64 n = 0; n < 4; ++n) m.poke<u64>(kData + 0x1000 + n * 8, n << 21 | 0x87);
  s.cs = {kCode32, 0xC9B, 0xFFFF'FFFF, 0};
  m.poke<u64>(0x3000, ~u64{0});
  CHECK(m.enter({0xB8, 0, 0x30, 0, 0, 0x0F, 0x22, 0xD8}) == 0x13);  // MOV EAX, 3000h; MOV CR3, EAX
  m.intercept(0x13, false);
  s.rip = kGuestCode;
  CHECK(m.enter() == 0x40 + 13);
  s.cr3 = 0x3000;
  CHECK(m.enter() == code_of(Exit::Invalid));
}
