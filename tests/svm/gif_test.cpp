// The global interrupt flag and what it holds off; the host that comes back (APM vol. 2, 15.17, 15.6).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;

// Catches breakpoints of the host that hit between CLGI and STGI, or that are kept for later.
TEST_CASE("breakpoint matches are discarded while GIF is clear") {
  for (const bool gif : {true, false}) {
    GuestMachine m;
    m.cpu().dr[0] = kCode + 1;
    m.cpu().dr7 = 0x401;
    m.cpu().dr[1] = kData;
    m.cpu().gif = gif;
    CHECK(m.host({0x90, 0x90}) == (gif ? 1 : -1));
    m.cpu().dr7 = 0x00D0'0404;  // a write of 4 bytes, by breakpoint 1
    m.cpu().refresh();
    // MOV dword [300000h], 0; STGI; NOP
    CHECK(m.host({0xC7, 0x04, 0x25, 0, 0, 0x30, 0, 0, 0, 0, 0, 0x0F, 0x01, 0xDC, 0x90}) == (gif ? 1 : -1));
  }
}

// Catches traps of a single-stepped host held off by GIF, or lost when VMRUN is what was stepped.
TEST_CASE("a host that single-steps VMRUN gets its trap behind it, with GIF clear and RF gone") {
  for (const bool valid : {true, false}) {
    GuestMachine m;
    m.guest_code({0x90});
    if (!valid) m.block.control.asid = 0;
    m.cpu().gif = false;
    m.cpu().rflags_rest |= arch::flag::kTf | arch::flag::kRf;
    CHECK(m.host({0x0F, 0x01, 0xD8, 0x90}) == 1);
    CHECK(m.peek<u64>(m.cpu().gpr[arch::kRsp]) == kCode + 3);
    CHECK((m.peek<u64>(m.cpu().gpr[arch::kRsp] + 16) & arch::flag::kRf) == 0);
    CHECK((m.cpu().dr6 & bit(14)) != 0);
    CHECK(m.block.control.exit_code == (valid ? code_of(Exit::Hlt) : code_of(Exit::Invalid)));
  }
}

// Catches a guest that is stepped by its host's TF, or not by its own.
TEST_CASE("TF of a guest steps the guest from its first instruction on") {
  GuestMachine m;
  m.intercept_exception(1);
  m.block.save.rflags |= arch::flag::kTf;
  CHECK(m.enter({0x90, 0x90}) == 0x41);
  CHECK(m.block.save.rip == kGuestCode + 1);
  CHECK(m.cpu().pending_debug == 0);
}

// Catches an SMI that is lost, not held off, or not to be seen by a hypervisor.
TEST_CASE("SMI: held off by GIF, intercepted unless HWCR.SMMLOCK, else over at once") {
  GuestMachine m;
  m.intercept(Exit::Smi);
  m.cpu().smi_pending = true;
  m.cpu().gif = false;
  CHECK(m.host({0x90}) == -1);
  CHECK(m.cpu().smi_pending);
  m.cpu().rflags_rest |= arch::flag::kTf;  // an event that GIF does not hold changes nothing
  CHECK(m.host({0x90}) == 1);
  CHECK(m.cpu().smi_pending);
  m.cpu().rflags_rest &= ~arch::flag::kTf;
  m.cpu().gif = false;
  CHECK(m.enter({0x90}) == code_of(Exit::Smi));
  CHECK(m.block.save.rip == kGuestCode);
  CHECK(m.block.control.exit_info1 == 0);
  CHECK(m.cpu().smi_pending);
  m.cpu().hwcr |= 1;
  m.cpu().gif = false;
  CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
  CHECK(!m.cpu().smi_pending);
  m.cpu().hwcr = 0;
  m.cpu().smi_pending = true;
  CHECK(m.host({0x0F, 0x01, 0xDC, 0x90}) == -1);
  CHECK(!m.cpu().smi_pending);
}

// Catches a halted guest that sleeps through an SMI, or an order of events other than the manual's.
TEST_CASE("an SMI that is intercepted ends a guest's HLT, and comes before NMI and INTR") {
  GuestMachine m;
  m.intercept(Exit::Hlt, false);
  for (const Exit e : {Exit::Smi, Exit::Nmi, Exit::Intr, Exit::Init}) m.intercept(e);
  m.enter({0xF4}, 1000);
  CHECK(m.cpu().activity == cpu::Activity::Halted);
  m.cpu().smi_pending = m.cpu().nmi_pending = true;
  CHECK(m.processor->runnable());
  m.go(1000);
  CHECK(m.block.control.exit_code == code_of(Exit::Smi));
  m.cpu().gif = false;
  m.cpu().init_pending = true;
  CHECK(m.enter({0x90}) == code_of(Exit::Init));
  m.cpu().init_pending = m.cpu().smi_pending = false;
  m.cpu().gif = false;
  CHECK(m.enter({0x90}) == code_of(Exit::Nmi));
}

// Catches a guest without a virtual GIF whose CLGI holds nothing off.
TEST_CASE("CLGI in a guest without a virtual GIF is the real one") {
  GuestMachine m;
  m.intercept(Exit::Nmi);
  // CLGI; NOP; NOP; STGI; NOP
  m.guest_code({0x0F, 0x01, 0xDD, 0x90, 0x90, 0x0F, 0x01, 0xDC, 0x90});
  m.cpu().gif = false;
  m.enter(3);  // until after CLGI
  CHECK(!m.cpu().gif);
  m.cpu().nmi_pending = true;
  m.go(1000);
  CHECK(m.block.control.exit_code == code_of(Exit::Nmi));
  CHECK(m.block.save.rip == kGuestCode + 8);
}

// Catches a save area that is believed whatever a program has put there.
TEST_CASE("a host state that is not valid shuts the processor down") {
  const auto nmi = [](auto spoil) {
    GuestMachine m;
    m.intercept(Exit::Nmi);
    m.guest_code({0x90, 0xEB, 0xFD});
    m.enter(100);
    REQUIRE(m.cpu().guest != nullptr);
    spoil(reinterpret_cast<arch::svm::Vmcb*>(m.bus.ram.data() + kHostSave)->save);
    m.cpu().nmi_pending = true;
    m.go(1000);
    CHECK(m.block.control.exit_code == code_of(Exit::Nmi));
    CHECK(m.processor->host_refused() == (m.cpu().activity == cpu::Activity::Shutdown));
    return m.cpu().activity;
  };
  using cpu::Activity;
  CHECK(nmi([](arch::svm::SaveArea&) {}) == Activity::Halted);
  CHECK(nmi([](arch::svm::SaveArea& s) { s.cr0 |= bit(40); }) == Activity::Shutdown);
  CHECK(nmi([](arch::svm::SaveArea& s) { s.cr4 |= bit(40); }) == Activity::Shutdown);
  CHECK(nmi([](arch::svm::SaveArea& s) { s.cr3 |= bit(60); }) == Activity::Shutdown);
  CHECK(nmi([](arch::svm::SaveArea& s) { s.efer |= bit(40); }) == Activity::Shutdown);
  CHECK(nmi([](arch::svm::SaveArea& s) { s.cr4 &= ~arch::cr4::kPae; }) == Activity::Shutdown);
}

// Catches bases that come back as they were put in: all that are loaded are made canonical.
TEST_CASE("segment bases are made canonical by VMRUN and VMLOAD") {
  GuestMachine m;
  arch::svm::SaveArea& s = m.block.save;
  arch::svm::SegmentArea arch::svm::SaveArea::* const loaded[] = {
      &arch::svm::SaveArea::es, &arch::svm::SaveArea::cs,   &arch::svm::SaveArea::ss,
      &arch::svm::SaveArea::ds, &arch::svm::SaveArea::gdtr, &arch::svm::SaveArea::idtr};
  for (const auto segment : loaded) (s.*segment).base = 0x1234'8000'0000'1000;
  s.fs.base = s.gs.base = s.tr.base = s.ldtr.base = s.kernel_gs_base = 0x1234'8000'0000'1000;
  CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
  for (const auto segment : loaded) CHECK((s.*segment).base == 0xFFFF'8000'0000'1000);
  CHECK(s.fs.base == 0x1234'8000'0000'1000);
  m.cpu().gpr[arch::kRax] = kVmcb;
  m.host({0x0F, 0x01, 0xDA, 0x0F, 0x01, 0xDB});  // VMLOAD; VMSAVE
  for (const u64 base : {s.fs.base, s.gs.base, s.tr.base, s.ldtr.base, s.kernel_gs_base})
    CHECK(base == 0xFFFF'8000'0000'1000);
}

// Catches SVM's own registers without their rules (15.30).
TEST_CASE("TSC_RATIO, IGNNE, SMM_CTL") {
  GuestMachine m;
  const auto wrmsr = [&](u32 msr, u64 value) {
    m.cpu().gpr[arch::kRcx] = msr;
    m.cpu().gpr[arch::kRax] = value & 0xFFFF'FFFF;
    m.cpu().gpr[arch::kRdx] = value >> 32;
    return m.host({0x0F, 0x30});
  };
  CHECK(wrmsr(0xC000'0104, bit(40)) == 13);
  CHECK(wrmsr(0xC000'0104, bit(39)) == -1);
  CHECK(wrmsr(0xC001'0115, 1) == -1);
  CHECK(m.cpu().ignne == 1);
  CHECK(wrmsr(0xC001'0116, 1) == -1);
  m.cpu().hwcr |= 1;
  CHECK(wrmsr(0xC001'0116, 1) == 13);
}

// Catches a guest's clock that is not scaled, scaled twice, or whose scale stays with the host.
TEST_CASE("the guest's time stamp is scaled, then offset") {
  GuestMachine m;
  const auto stamp = [&](u64 ratio, u64 offset) {
    m.cpu().tsc_ratio = ratio;
    m.cpu().tsc_offset = (u64{1} << 40) - m.cpu().cycles();  // the host's stamp is 2^40, and a little
    m.block.control.tsc_offset = offset;
    CHECK(m.again({0x0F, 0x31}) == code_of(Exit::Hlt));
    const u64 value = m.cpu().gpr[arch::kRdx] << 32 | m.block.save.rax;
    m.cpu().rip = kCode;
    m.host({0x0F, 0x31});
    CHECK(m.cpu().gpr[arch::kRdx] == 0x100);
    return value >> 16;  // what has passed since is small
  };
  CHECK(stamp(bit(32), 0) == u64{1} << 24);
  CHECK(stamp(bit(33), 0) == u64{1} << 25);
  CHECK(stamp(bit(31), 0) == u64{1} << 23);
  CHECK(stamp(bit(31), u64{1} << 30) == (u64{1} << 23) + (u64{1} << 14));
}
