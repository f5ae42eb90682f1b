// The control block's layout, typed from the tables of the manual (APM vol. 2, appendix B) and not from our
// header.
#include <catch2/catch.hpp>

#include "sim/arch/svm.hpp"

using namespace hvlab::arch::svm;

// Catches a field at a wrong offset, which host and simulator would agree on.
TEST_CASE("control area") {
  CHECK(offsetof(Vmcb, control.intercept) == 0x000);
  CHECK(offsetof(Vmcb, control.pause_threshold) == 0x03C);
  CHECK(offsetof(Vmcb, control.pause_count) == 0x03E);
  CHECK(offsetof(Vmcb, control.io_map) == 0x040);
  CHECK(offsetof(Vmcb, control.msr_map) == 0x048);
  CHECK(offsetof(Vmcb, control.tsc_offset) == 0x050);
  CHECK(offsetof(Vmcb, control.asid) == 0x058);
  CHECK(offsetof(Vmcb, control.tlb_control) == 0x05C);
  CHECK(offsetof(Vmcb, control.interrupt) == 0x060);
  CHECK(offsetof(Vmcb, control.shadow) == 0x068);
  CHECK(offsetof(Vmcb, control.exit_code) == 0x070);
  CHECK(offsetof(Vmcb, control.exit_info1) == 0x078);
  CHECK(offsetof(Vmcb, control.exit_info2) == 0x080);
  CHECK(offsetof(Vmcb, control.exit_interrupt_info) == 0x088);
  CHECK(offsetof(Vmcb, control.nested_control) == 0x090);
  CHECK(offsetof(Vmcb, control.event_injection) == 0x0A8);
  CHECK(offsetof(Vmcb, control.nested_root) == 0x0B0);
  CHECK(offsetof(Vmcb, control.lbr_control) == 0x0B8);
  CHECK(offsetof(Vmcb, control.clean) == 0x0C0);
  CHECK(offsetof(Vmcb, control.next_rip) == 0x0C8);
  CHECK(offsetof(Vmcb, control.fetched) == 0x0D0);
  CHECK(offsetof(Vmcb, control.instruction) == 0x0D1);
}

TEST_CASE("state save area") {
  constexpr size_t kBase = 0x400;
  CHECK(offsetof(Vmcb, save.es) == kBase + 0x000);
  CHECK(offsetof(Vmcb, save.cs) == kBase + 0x010);
  CHECK(offsetof(Vmcb, save.ss) == kBase + 0x020);
  CHECK(offsetof(Vmcb, save.ds) == kBase + 0x030);
  CHECK(offsetof(Vmcb, save.fs) == kBase + 0x040);
  CHECK(offsetof(Vmcb, save.gs) == kBase + 0x050);
  CHECK(offsetof(Vmcb, save.gdtr) == kBase + 0x060);
  CHECK(offsetof(Vmcb, save.ldtr) == kBase + 0x070);
  CHECK(offsetof(Vmcb, save.idtr) == kBase + 0x080);
  CHECK(offsetof(Vmcb, save.tr) == kBase + 0x090);
  CHECK(offsetof(Vmcb, save.cs.attributes) == kBase + 0x012);
  CHECK(offsetof(Vmcb, save.cs.limit) == kBase + 0x014);
  CHECK(offsetof(Vmcb, save.cs.base) == kBase + 0x018);
  CHECK(offsetof(Vmcb, save.cpl) == kBase + 0x0CB);
  CHECK(offsetof(Vmcb, save.efer) == kBase + 0x0D0);
  CHECK(offsetof(Vmcb, save.cr4) == kBase + 0x148);
  CHECK(offsetof(Vmcb, save.cr3) == kBase + 0x150);
  CHECK(offsetof(Vmcb, save.cr0) == kBase + 0x158);
  CHECK(offsetof(Vmcb, save.dr7) == kBase + 0x160);
  CHECK(offsetof(Vmcb, save.dr6) == kBase + 0x168);
  CHECK(offsetof(Vmcb, save.rflags) == kBase + 0x170);
  CHECK(offsetof(Vmcb, save.rip) == kBase + 0x178);
  CHECK(offsetof(Vmcb, save.rsp) == kBase + 0x1D8);
  CHECK(offsetof(Vmcb, save.rax) == kBase + 0x1F8);
  CHECK(offsetof(Vmcb, save.star) == kBase + 0x200);
  CHECK(offsetof(Vmcb, save.lstar) == kBase + 0x208);
  CHECK(offsetof(Vmcb, save.cstar) == kBase + 0x210);
  CHECK(offsetof(Vmcb, save.sfmask) == kBase + 0x218);
  CHECK(offsetof(Vmcb, save.kernel_gs_base) == kBase + 0x220);
  CHECK(offsetof(Vmcb, save.sysenter_cs) == kBase + 0x228);
  CHECK(offsetof(Vmcb, save.sysenter_esp) == kBase + 0x230);
  CHECK(offsetof(Vmcb, save.sysenter_eip) == kBase + 0x238);
  CHECK(offsetof(Vmcb, save.cr2) == kBase + 0x240);
  CHECK(offsetof(Vmcb, save.gpat) == kBase + 0x268);
  CHECK(offsetof(Vmcb, save.debug_ctl) == kBase + 0x270);
}

// Catches an exit code that moved.
TEST_CASE("exit codes") {
  CHECK(static_cast<hvlab::u64>(Exit::Intr) == 0x60);
  CHECK(static_cast<hvlab::u64>(Exit::VirtualInterrupt) == 0x64);
  CHECK(static_cast<hvlab::u64>(Exit::WriteTr) == 0x6D);
  CHECK(static_cast<hvlab::u64>(Exit::Cpuid) == 0x72);
  CHECK(static_cast<hvlab::u64>(Exit::Hlt) == 0x78);
  CHECK(static_cast<hvlab::u64>(Exit::IoIo) == 0x7B);
  CHECK(static_cast<hvlab::u64>(Exit::Msr) == 0x7C);
  CHECK(static_cast<hvlab::u64>(Exit::Shutdown) == 0x7F);
  CHECK(static_cast<hvlab::u64>(Exit::Vmmcall) == 0x81);
  CHECK(static_cast<hvlab::u64>(Exit::Skinit) == 0x86);
  CHECK(static_cast<hvlab::u64>(Exit::MwaitConditional) == 0x8C);
  CHECK(static_cast<hvlab::u64>(Exit::Xsetbv) == 0x8D);
  CHECK(static_cast<hvlab::u64>(Exit::NestedPageFault) == 0x400);
  CHECK(static_cast<hvlab::u64>(Exit::Invalid) == ~hvlab::u64{0});
}
