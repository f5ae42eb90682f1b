// What a VM exit saves of the guest that is no register: activity, interruptibility, pending debug exceptions
// (SDM vol. 3, 28.3.3 and 28.3.4), and what VM entry makes of them (27.7).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt), kCpuid = code_of(ExitReason::Cpuid);
constexpr u64 kSti = 1, kMovSs = 2, kNmi = 8;
constexpr u64 kBs = bit(14), kEnabled = bit(12);

u64 blocking(GuestMachine& m) { return m[Field::GuestInterruptibility]; }

}  // namespace

// Catches the two shadows taken for one another, or kept too long.
TEST_CASE("blocking by STI and by MOV SS are told apart") {
  GuestMachine m;
  CHECK(m.enter({0xFB, 0x0F, 0xA2}) == kCpuid);  // STI; CPUID
  CHECK(blocking(m) == kSti);
  CHECK(m.again({0xFB, 0x90, 0x0F, 0xA2}) == kCpuid);
  CHECK(blocking(m) == 0);
  m[Field::GuestRflags] = 2;
  m.cpu().gpr[arch::kRax] = kData0;
  CHECK(m.again({0x8E, 0xD0, 0x0F, 0xA2}) == kCpuid);  // MOV SS, AX; CPUID
  CHECK(blocking(m) == kMovSs);
  CHECK(m.again({0x8E, 0xD0, 0x90, 0x0F, 0xA2}) == kCpuid);
  CHECK(blocking(m) == 0);
}

// Catches shadows that VM entry does not restore.
TEST_CASE("an interrupt waits behind blocking that VM entry has loaded") {
  for (const u64 shadow : {u64{0}, kSti, kMovSs}) {
    GuestMachine m;
    m.set(Control::InterruptWindowExiting);
    m[Field::GuestRflags] |= arch::flag::kIf;
    m[Field::GuestInterruptibility] = shadow;
    CHECK(m.enter({0x90, 0x90}) == code_of(ExitReason::InterruptWindow));
    CHECK(m[Field::GuestRip] == kGuestCode + (shadow != 0 ? 1 : 0));
    CHECK(blocking(m) == 0);
  }
}

// Catches a trap of TF that is lost behind MOV SS when its successor exits (28.3.4), and one that is saved
// though it was never due.
TEST_CASE("pending debug exceptions are saved under blocking by MOV SS") {
  GuestMachine m;
  m.cpu().gpr[arch::kRax] = kData0;
  m[Field::GuestRflags] |= arch::flag::kTf;
  CHECK(m.enter({0x8E, 0xD0, 0x0F, 0xA2}) == kCpuid);
  CHECK(blocking(m) == kMovSs);
  CHECK(m[Field::GuestPendingDebug] == kBs);
  // The trap comes behind the next instruction then.
  m[Field::GuestRip] += 2;
  m[Field::GuestInterruptibility] = 0;
  CHECK(m.enter() == kHlt);
  CHECK(m.handler() == 1);
  CHECK(m[Field::GuestPendingDebug] == 0);
  m.at_start();
  m[Field::GuestRflags] = 2 | arch::flag::kTf;
  CHECK(m.enter({0x0F, 0xA2}) == kCpuid);
  CHECK(m[Field::GuestPendingDebug] == 0);
}

// Catches the bit that says that an enabled breakpoint is among them.
TEST_CASE("a pending data breakpoint is saved with bit 12") {
  GuestMachine m;
  m.set(Control::EntryLoadDebugControls);
  m[Field::GuestDr7] = 0x400 | 1 << 2 | u64{3} << 20;  // DR1: reads and writes
  m.cpu().dr[1] = kData;
  m.cpu().gpr[arch::kRdi] = kData;
  m.poke<u16>(kData, kData0);
  CHECK(m.enter({0x8E, 0x17, 0x0F, 0xA2}) == kCpuid);  // MOV SS, [RDI]; CPUID
  CHECK(m[Field::GuestPendingDebug] == (kEnabled | 2));
}

// Catches pending debug exceptions that VM entry drops, or delivers where it must not (27.7.3).
TEST_CASE("pending debug exceptions of the VMCS are delivered before the first instruction") {
  struct Case {
    u64 pending, dr6;  // 0: nothing is delivered
  };
  for (const Case& c :
       {Case{0, 0}, Case{kBs, kBs}, Case{kEnabled | 1, 1}, Case{kEnabled | 5 | kBs, 5 | kBs}}) {
    GuestMachine m;
    if ((c.pending & kBs) != 0) m[Field::GuestRflags] |= arch::flag::kTf;
    m[Field::GuestPendingDebug] = c.pending;
    m.cpu().dr6 = arch::dr6::kFixed1;
    CHECK(m.enter({0x0F, 0xA2}) == (c.dr6 != 0 ? kHlt : kCpuid));
    CHECK(m.handler() == (c.dr6 != 0 ? 1 : -1));
    CHECK(m.cpu().dr6 == (arch::dr6::kFixed1 | c.dr6));
    if (c.dr6 != 0) CHECK(m.stack(0) == kGuestCode);
  }
}

// Catches the exit of #DB that comes of the VMCS.
TEST_CASE("a pending debug exception may exit at once") {
  GuestMachine m;
  m.intercept_exception(1);
  m[Field::GuestPendingDebug] = kEnabled | 4;
  CHECK(m.enter({0x0F, 0xA2}) == 0);
  CHECK(m.qualification() == 4);
  CHECK(m[Field::GuestRip] == kGuestCode);
}

// Catches debug exceptions that stay pending behind an injected event.
TEST_CASE("an injected event ends pending debug exceptions, but for software's under MOV SS") {
  GuestMachine m;
  m[Field::GuestPendingDebug] = kEnabled | 1;
  m[Field::EntryInterruptionInfo] = event_word(3, 6);
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(m.handler() == 6);
  m.at_start();
  m[Field::GuestPendingDebug] = kEnabled | 1;
  m[Field::EntryInterruptionInfo] = event_word(4, 0x41);
  m[Field::EntryInstructionLength] = 2;
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(m.handler() == 0x41);
}

// Catches activity states that are not entered, or not told.
TEST_CASE("a guest in HLT goes on with an interrupt; the exit tells the state it was in") {
  GuestMachine m;
  m[Field::GuestActivity] = 1;
  CHECK(m.enter({0x90}, 1000) == GuestMachine::kNoExit);
  CHECK(m.cpu().activity == cpu::Activity::Halted);
  CHECK(m.cpu().guest != nullptr);
  GuestMachine timed;
  timed.set(Control::ActivatePreemptionTimer);
  timed[Field::PreemptionTimer] = 10;
  timed[Field::GuestActivity] = 1;
  CHECK(timed.enter({0x90}, 10'000) == GuestMachine::kNoExit);
  timed.processor->idle_until(timed.processor->wakes_at());
  timed.processor->run(timed.processor->cycles() + 100);
  CHECK(timed[Field::ExitReason] == code_of(ExitReason::PreemptionTimer));
  CHECK(timed[Field::GuestActivity] == 1);
  CHECK(timed[Field::GuestRip] == kGuestCode);
}

// Catches the NMI blocking of the guest in the wrong place.
TEST_CASE("blocking by NMI goes in and out") {
  GuestMachine m;
  m[Field::GuestInterruptibility] = kNmi;
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(blocking(m) == kNmi);
  CHECK(m.cpu().nmi_blocked);
  m[Field::GuestInterruptibility] = 0;
  CHECK(m.again({0x90}) == kHlt);
  CHECK(blocking(m) == 0);
  CHECK(!m.cpu().nmi_blocked);
}

// Catches the mode that the guest has left itself for (A.6 bit 5).
TEST_CASE("the exit stores EFER.LMA in the entry controls") {
  GuestMachine m;
  m.set(Control::UnrestrictedGuest);
  m.ept();
  m.guest_compatibility();
  // MOV EAX, CR0; BTR EAX, 31; MOV CR0, EAX: paging off ends IA-32e mode.
  CHECK(m.enter({0x0F, 0x20, 0xC0, 0x0F, 0xBA, 0xF0, 0x1F, 0x0F, 0x22, 0xC0}) == kHlt);
  CHECK((m[Field::EntryControls] & arch::vmx::bit_of(Control::Ia32eModeGuest)) == 0);
}

// Catches PDPTEs that are not the VMCS'.
TEST_CASE("with EPT and PAE paging the PDPTEs move through the VMCS") {
  GuestMachine m;
  m.ept();
  m.clear(Control::Ia32eModeGuest);
  m.guest_compatibility();
  const u64 directory = kTables + 0x2000;
  for (unsigned n = 0; n < 4; ++n) m[Field::GuestPdpte0 + n] = 0;
  m[Field::GuestPdpte0] = directory | 1;
  m[Field::GuestPdpte2] = directory | 1 | 0x8;
  m[Field::GuestCr3] = 0x7F'0000;  // nothing there that could be read as PDPTEs
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(m[Field::GuestPdpte0] == (directory | 1));
  CHECK(m[Field::GuestPdpte2] == (directory | 1 | 0x8));
  // MOV EAX, tables; MOV CR3, EAX: the guest loads its own.
  for (unsigned n = 0; n < 4; ++n) m.poke<u64>(kData + n * 8, n == 0 || n == 3 ? directory | 1 : 0);
  CHECK(m.again({0xB8, 0, 0, 0x30, 0, 0x0F, 0x22, 0xD8}) == kHlt);
  CHECK(m[Field::GuestPdpte2] == 0);
  CHECK(m[Field::GuestPdpte3] == (directory | 1));
}

// Catches PDPTEs that are loaded and not saved when the exit comes right behind the MOV that loads them.
TEST_CASE("the monitor trap flag behind the MOV to CR0 that turns PAE paging on has its PDPTEs") {
  GuestMachine m;
  m.guest_protected();
  m.set(Control::MonitorTrapFlag);
  m.set(Control::EntryLoadEfer);
  m[Field::GuestEfer] = 0;  // without LME
  m[Field::GuestCr4] |= arch::cr4::kPae;
  const u64 directory = kTables + 0x2000;
  for (unsigned n = 0; n < 4; ++n) {
    m[Field::GuestPdpte0 + n] = 0x5555;
    m.poke<u64>(kData + 0xFE0 + n * 8, n == 0 || n == 2 ? directory | 1 | n << 3 : 0);
  }
  m[Field::GuestCr3] = kData + 0xFE0;
  m.cpu().gpr[arch::kRax] = m[Field::GuestCr0] | arch::cr0::kPg;
  CHECK(m.enter({0x0F, 0x22, 0xC0}) == code_of(ExitReason::MonitorTrapFlag));
  CHECK(m[Field::GuestRip] == kGuestCode + 3);
  CHECK(m[Field::GuestPdpte0] == (directory | 1));
  CHECK(m[Field::GuestPdpte1] == 0);
  CHECK(m[Field::GuestPdpte2] == (directory | 1 | 0x10));
  CHECK(m[Field::GuestPdpte3] == 0);
  m.clear(Control::MonitorTrapFlag);
  CHECK(m.enter({0x0F, 0x22, 0xC0}) == code_of(ExitReason::Hlt));  // goes on behind it
}

// Catches a program's FS that a hypervisor's hypervisor restores (27.3.1.2 lets it be in use with a null
// selector and DPL 0, as VM exits make host segments: 28.5.2) and the return to the program loses (SDM vol.
// 2, IRET).
TEST_CASE("FS in use with a null selector keeps its base when the guest's kernel returns to a program") {
  GuestMachine m;
  m.segment(arch::kFs, 0, kData, 0xFFFF'FFFF, 0xC093);
  m.poke<u64>(kData + 0x28, 0x1122'3344'5566'7788);
  m.intercept_exception(13);
  // PUSH 33h; PUSH stack; PUSHF; PUSH 3Bh; PUSH next; IRETQ; MOV RAX, FS:[28h]; HLT, which is privileged
  CHECK(m.enter({0x6A, kUserData, 0x68, 0,    0,    0x42, 0,    0x9C, 0x6A, kUserCode64, 0x68, 0x11, 0,
                 0x40, 0,         0x48, 0xCF, 0x64, 0x48, 0x8B, 0x04, 0x25, 0x28,        0,    0,    0}) ==
        0);
  CHECK(m[Field::GuestCsSelector] == kUserCode64);
  CHECK(m[Field::GuestRip] == kGuestCode + 26);
  CHECK(m.cpu().gpr[arch::kRax] == 0x1122'3344'5566'7788);
}

// Catches a trap of TF that is lost behind an instruction whose own VM exit comes before it (28.3.4: TPR
// below threshold, virtualized EOI, APIC write, monitor trap flag, INIT).
TEST_CASE("trap-like exits save the debug exceptions that are pending") {
  constexpr u64 kPage = 0x7'D000;
  struct Case {
    ExitReason reason;
    std::initializer_list<u8> code;
    void (*prepare)(GuestMachine&);
  };
  const Case cases[] = {
      {ExitReason::TprBelowThreshold,
       {0x44, 0x0F, 0x22, 0xC0},  // MOV CR8, RAX
       [](GuestMachine& m) {
         m[Field::TprThreshold] = 2;
         m.poke<u32>(kVirtualApic + 0x80, 0x50);
       }},
      {ExitReason::VirtualizedEoi,
       {0xA3, 0xB0, 0xD0, 0x07, 0, 0, 0, 0, 0},
       [](GuestMachine& m) {
         m.set(Control::VirtualInterruptDelivery), m.set(Control::ExternalInterruptExiting);
         m[Field::GuestInterruptStatus] = 0x3300;
         m[Field::EoiExitBitmap0] = bit(0x33);
       }},
      {ExitReason::ApicWrite,
       {0xA3, 0x50, 0xD3, 0x07, 0, 0, 0, 0, 0},
       [](GuestMachine& m) { m.set(Control::ApicRegisterVirtualization); }},
      {ExitReason::MonitorTrapFlag, {0x90}, [](GuestMachine& m) { m.set(Control::MonitorTrapFlag); }},
  };
  for (const Case& c : cases) {
    INFO(static_cast<int>(c.reason));
    GuestMachine m;
    m.set(Control::UseTprShadow), m.set(Control::VirtualizeApicAccesses);
    m[Field::ApicAccessAddress] = kPage;
    for (u64 at = 0; at < 4096; at += 8) m.poke<u64>(kVirtualApic + at, 0);
    c.prepare(m);
    m.cpu().gpr[arch::kRax] = 0;
    m[Field::GuestRflags] |= arch::flag::kTf;
    CHECK(m.enter(c.code) == code_of(c.reason));
    CHECK(m[Field::GuestRip] == kGuestCode + c.code.size());
    CHECK(m[Field::GuestPendingDebug] == kBs);
  }
  GuestMachine m;
  m[Field::GuestPendingDebug] = kEnabled | 1;
  m.cpu().init_pending = true;
  CHECK(m.enter({0x90}) == code_of(ExitReason::InitSignal));
  CHECK(m[Field::GuestPendingDebug] == (kEnabled | 1));
}
