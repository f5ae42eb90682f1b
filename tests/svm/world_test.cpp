// VMRUN and #VMEXIT themselves.
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

// Catches a world switch that loses or mixes up state.
TEST_CASE("VMRUN enters the guest and HLT comes back to the instruction behind it") {
  GuestMachine m;
  m.cpu().gpr[arch::kRbx] = 7;
  CHECK(m.enter({0x48, 0xFF, 0xC3}) == code_of(Exit::Hlt));  // INC RBX
  CHECK(m.cpu().gpr[arch::kRbx] == 8);                       // not part of the world
  CHECK(m.block.save.rip == kGuestCode + 3);
  CHECK(m.block.control.next_rip == kGuestCode + 4);
  CHECK(m.cpu().rip == kCode + 4);  // the host halted behind VMRUN
  CHECK(m.cpu().gpr[arch::kRax] == kVmcb);
  CHECK(m.cpu().gpr[arch::kRsp] == kStack);
  CHECK(!m.cpu().gif);
  CHECK(m.cpu().guest == nullptr);
  CHECK(m.cpu().asid == 0);
}

// Catches state that VMRUN must not move, or that VMLOAD and VMSAVE forget.
TEST_CASE("VMLOAD and VMSAVE move what VMRUN does not") {
  GuestMachine m;
  arch::svm::SaveArea& s = m.block.save;
  s.fs = {0x33, 0xCF3, 0xFFFF'FFFF, 0x1111};
  s.gs = {0x33, 0xCF3, 0xFFFF'FFFF, 0x2222};
  s.tr = {kTssSelector, 0x08B, 0x67, kTss};
  s.ldtr = {0x50, 0x082, 0xFF, 0x3333};
  s.kernel_gs_base = 1, s.star = 2, s.lstar = 3, s.cstar = 4, s.sfmask = 5;
  s.sysenter_cs = 6, s.sysenter_esp = 7, s.sysenter_eip = 8;
  m.cpu().gpr[arch::kRax] = kVmcb;
  m.run({0x0F, 0x01, 0xDA});  // VMLOAD
  const cpu::Cpu& c = m.cpu();
  CHECK((c.seg[arch::kFs].base == 0x1111 && c.seg[arch::kGs].base == 0x2222 && c.ldtr.base == 0x3333));
  CHECK((c.ldtr.attributes == 0x82 && c.ldtr.limit == 0xFF && c.ldtr.selector == 0x50));
  CHECK((c.kernel_gs_base == 1 && c.star == 2 && c.lstar == 3 && c.cstar == 4 && c.fmask == 5));
  CHECK((c.sysenter_cs == 6 && c.sysenter_esp == 7 && c.sysenter_eip == 8));
  const arch::svm::SaveArea before = s;
  s.fs = {}, s.gs = {}, s.tr = {}, s.ldtr = {};
  s.kernel_gs_base = s.star = s.lstar = s.cstar = s.sfmask = s.sysenter_cs = s.sysenter_esp = s.sysenter_eip =
      0;
  m.cpu().rip = kCode;
  m.cpu().activity = cpu::Activity::Active;
  m.run({0x0F, 0x01, 0xDB});  // VMSAVE
  CHECK(std::memcmp(&before, &s, sizeof s) == 0);
  s.fs.base = 0x9999;
  CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
  CHECK(m.cpu().seg[arch::kFs].base == 0x1111);
}

// Catches a segment that may not be used coming back as one that may.
TEST_CASE("a null segment is saved as not present, and is null again in the next run") {
  GuestMachine m;
  m.guest_user();
  m.intercept_exception(13);
  // XOR EAX, EAX; MOV DS, EAX; HLT faults
  CHECK(m.enter({0x31, 0xC0, 0x8E, 0xD8}) == 0x40 + 13);
  CHECK(m.block.save.ds.selector == 0);
  CHECK((m.block.save.ds.attributes & 0x80) == 0);
  CHECK((m.block.save.ss.attributes & 0x80) != 0);
  m.block.save.cs = {kUserCode32, 0xCFB, 0xFFFF'FFFF, 0};
  CHECK(m.again({0x8A, 0x06}) == 0x40 + 13);  // MOV AL, [ESI] in 32-bit code
  CHECK(m.block.save.rip == kGuestCode);
}

// Catches a host that comes back with the guest's control registers, debug registers or descriptor tables.
TEST_CASE("#VMEXIT restores the host and switches its breakpoints off") {
  GuestMachine m;
  const cpu::Cpu before = m.cpu();
  m.block.save.gdtr.base = 0x1234;
  m.block.save.idtr.limit = 0x123;
  m.block.save.cr4 |= arch::cr4::kTsd;
  m.block.save.cr2 = 0x77;
  m.block.save.dr7 = 0x401;
  m.cpu().dr7 = 0x402;
  CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
  const cpu::Cpu& c = m.cpu();
  CHECK((c.gdtr.base == before.gdtr.base && c.idtr.limit == before.idtr.limit));
  CHECK((c.cr0 == before.cr0 && c.cr3 == before.cr3 && c.cr4 == before.cr4 && c.efer == before.efer));
  CHECK(c.dr7 == arch::dr7::kFixed1);
  CHECK(m.block.save.dr7 == 0x401);
  CHECK(c.cr2 == 0x77);  // not part of the host's saved state
  CHECK((m.block.save.gdtr.base == 0x1234 && m.block.save.idtr.limit == 0x123));
}

// Catches guests in the modes below long mode that are entered in another one.
TEST_CASE("real-mode and user-mode guests") {
  GuestMachine real;
  real.guest_real();
  CHECK(real.enter({0x66, 0xB8, 0x78, 0x56, 0x34, 0x12}) == code_of(Exit::Hlt));  // MOV EAX, 12345678h
  CHECK(real.block.save.rax == 0x1234'5678);
  CHECK(real.block.save.rip == 6);
  CHECK(real.block.save.cpl == 0);
  GuestMachine user;
  user.guest_user();
  user.intercept_exception(13);
  CHECK(user.enter({0x90}) == 0x40 + 13);  // HLT at CPL 3
  CHECK(user.block.save.cpl == 3);
  CHECK(user.cpu().cpl == 0);
}

// Catches a global interrupt flag that holds nothing off, or everything for ever.
TEST_CASE("CLGI holds interrupts, NMI and INIT off until STGI") {
  GuestMachine m;
  m.cpu().rflags_rest |= arch::flag::kIf;
  m.cpu().nmi_pending = true;
  m.cpu().gif = false;
  // XOR EBX, EBX; INC EBX; STGI; INC EBX
  CHECK(m.run({0x31, 0xDB, 0xFF, 0xC3, 0x0F, 0x01, 0xDC, 0xFF, 0xC3}) == 2);
  CHECK(m.cpu().gpr[arch::kRbx] == 1);
  GuestMachine held;
  CHECK(held.run({0x0F, 0x01, 0xDD, 0x90}) == -1);  // CLGI
  CHECK(!held.cpu().gif);
  held.cpu().init_pending = true;
  CHECK(!held.processor->runnable());
  held.cpu().gif = true;
  CHECK(held.processor->runnable());
}

// Catches the guest's time not shifted, or the host's shifted as well.
TEST_CASE("TSC_OFFSET counts in the guest only") {
  GuestMachine m;
  m.block.control.tsc_offset = u64{5} << 32;
  CHECK(m.enter({0x0F, 0x31}) == code_of(Exit::Hlt));
  CHECK(m.cpu().gpr[arch::kRdx] == 5);
  CHECK(m.cpu().guest_tsc_offset == 0);
}

// Catches VM_CR and SVM_KEY without their rules (APM vol. 2, 15.30.1, 15.31).
TEST_CASE("SVM can be disabled and locked") {
  const auto wrmsr = [](GuestMachine& m, u32 msr, u32 value) {
    m.cpu().rip = kCode;
    m.cpu().activity = cpu::Activity::Active;
    m.cpu().gpr[arch::kRcx] = msr;
    m.cpu().gpr[arch::kRax] = value;
    m.cpu().gpr[arch::kRdx] = 0;
    return m.run({0x0F, 0x30});
  };
  constexpr u32 kVmCr = 0xC001'0114, kKey = 0xC001'0118, kEfer = 0xC000'0080;
  GuestMachine m;
  CHECK(wrmsr(m, kVmCr, 0x10) == 13);  // SVMDIS under EFER.SVME
  m.cpu().efer &= ~arch::efer::kSvme;
  CHECK(wrmsr(m, kKey, 42) == -1);
  CHECK(wrmsr(m, kVmCr, 0x18) == -1);
  CHECK(wrmsr(m, kEfer, static_cast<u32>(m.cpu().efer | arch::efer::kSvme)) == 13);
  CHECK(wrmsr(m, kVmCr, 0) == -1);
  CHECK(m.cpu().vm_cr == 0x18);
  CHECK(wrmsr(m, kKey, 41) == -1);
  CHECK(m.cpu().vm_cr == 0x18);
  CHECK(wrmsr(m, kKey, 42) == -1);
  CHECK(m.cpu().vm_cr == 0x10);
  CHECK(wrmsr(m, 0xC001'0117, 0x5008) == 13);  // VM_HSAVE_PA
}

// Catches world switches that cost nothing, or whose cycles go to another account.
TEST_CASE("entry and exit cost what the profile says, to their own account") {
  timing::Profile p = amd_everything();
  p.vm_entry = 300;
  p.vm_exit = 700;
  GuestMachine m(p);
  CHECK(m.enter({0x90, 0x90}) == code_of(Exit::Hlt));
  using observe::Account;
  const observe::CoreLedger& ledger = m.processor->ledger();
  const u64 now = m.processor->cycles();
  CHECK(ledger.total(Account::WorldSwitch, now) == 1000);
  CHECK(ledger.total(Account::GuestKernel, now) == 2);
  CHECK(ledger.total(Account::GuestUser, now) == 0);
  CHECK(ledger.current() == Account::Hypervisor);
  u64 sum = 0;
  for (size_t a = 0; a < observe::kAccounts; ++a) sum += ledger.total(static_cast<Account>(a), now);
  CHECK(sum == now);
}

// Catches a task switch that starts although the hypervisor does such things itself.
TEST_CASE("a task switch exits with the selector and its cause") {
  for (const bool there : {false, true}) {
    GuestMachine m;
    m.intercept(Exit::TaskSwitch);
    m.intercept_exception(13);
    arch::svm::SaveArea& s = m.block.save;
    s.efer = arch::efer::kSvme;
    s.cr0 = arch::cr0::kPe | arch::cr0::kEt;
    s.cr4 = 0;
    s.cs = {kCode32, 0xC9B, 0xFFFF'FFFF, 0};
    s.gdtr.limit = 0xFF;
    constexpr u8 kOther = kTssSelector + 8;
    if (there) m.poke<u64>(kGdt + kOther, u64{0x89} << 40 | u64{kTss} << 16 | 0x67);
    const u64 code = m.enter({0xEA, 0, 0, 0, 0, kOther, 0});  // JMP FAR
    CHECK(code == (there ? code_of(Exit::TaskSwitch) : 0x40 + 13));
    CHECK(m.block.save.rip == kGuestCode);
    if (!there) continue;
    CHECK(m.block.control.exit_info1 == kOther);
    CHECK(m.block.control.exit_info2 == bit(38));
  }
}

// Catches an MWAIT that exits without an armed monitor where only the armed one is wanted.
TEST_CASE("the conditional MWAIT intercept needs an armed monitor") {
  GuestMachine m;
  m.intercept(Exit::MwaitConditional);
  CHECK(m.enter({0x31, 0xC9, 0x31, 0xC0, 0x0F, 0x01, 0xC9}) == code_of(Exit::Hlt));
  m.block.save.rip = kGuestCode;
  // MOV RAX, RSP; XOR ECX, ECX; XOR EDX, EDX; MONITOR; XOR EAX, EAX; MWAIT
  CHECK(m.enter({0x48, 0x89, 0xE0, 0x31, 0xC9, 0x31, 0xD2, 0x0F, 0x01, 0xC8, 0x31, 0xC0, 0x0F, 0x01, 0xC9}) ==
        code_of(Exit::MwaitConditional));
}

// Catches debug registers that do not show what the guest's handler would have seen.
TEST_CASE("an intercepted #DB has DR6 set and DR7.GD cleared") {
  GuestMachine m;
  m.intercept_exception(1);
  m.block.save.rflags |= arch::flag::kTf;
  CHECK(m.enter({0x90, 0x90}) == 0x40 + 1);
  CHECK(m.block.save.rip == kGuestCode + 1);
  CHECK((m.block.save.dr6 & bit(14)) != 0);
  m.block.save.rflags = 2;
  m.block.save.dr7 = 0x2400;  // GD
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x0F, 0x21, 0xC3}) == 0x40 + 1);  // MOV RBX, DR0
  CHECK((m.block.save.dr6 & bit(13)) != 0);
  CHECK((m.block.save.dr7 & 0x2000) == 0);
}

// Catches INIT that resets a host which asked for #SX instead (APM vol. 2, 15.28).
TEST_CASE("VM_CR.R_INIT turns INIT into a security exception") {
  GuestMachine m;
  m.cpu().vm_cr = arch::vm_cr::kRedirectInit;
  m.cpu().init_pending = true;
  CHECK(m.run({0x90}) == 30);
  CHECK(m.error_code() == 1);
}
