// What leaves a guest between two instructions: interrupts, NMI, INIT, SIPI, windows (SDM vol.
// 3, 26.2, 26.5).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "one_vector.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt), kInterrupt = code_of(ExitReason::ExternalInterrupt);
constexpr u64 kInterruptWindow = code_of(ExitReason::InterruptWindow),
              kNmiWindow = code_of(ExitReason::NmiWindow);
constexpr u64 kNmi = event_word(2, 2);
constexpr u64 kNmiBlocked = 8;

}  // namespace

// Catches interrupts held off by the guest's IF, or acknowledged for nothing.
TEST_CASE("external-interrupt exiting, with and without the vector") {
  GuestMachine m;
  OneVector apic(m.cpu());
  m.set(Control::ExternalInterruptExiting);
  m.cpu().interrupt_line = true;
  CHECK(m.enter({0x90}) == kInterrupt);
  CHECK(m[Field::ExitInterruptionInfo] == 0);
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(m.cpu().interrupt_line);
  m.set(Control::AcknowledgeInterruptOnExit);
  CHECK(m.again({0x90}) == kInterrupt);
  CHECK(m[Field::ExitInterruptionInfo] == event_word(0, 0x61));
  CHECK(!m.cpu().interrupt_line);
}

// Catches interrupts that leave a guest that is to have them.
TEST_CASE("without external-interrupt exiting the guest takes interrupts when it will") {
  GuestMachine m;
  OneVector apic(m.cpu());
  m.cpu().interrupt_line = true;
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(m.handler() == -1);
  CHECK(m.again({0xFB, 0x90, 0x90}) == kHlt);
  CHECK(m.handler() == 0x61);
  CHECK(m.stack(0) == kGuestCode + 2);
}

// Catches an interrupt that a sleeping guest does not let through, or a state that is told as active.
TEST_CASE("an interrupt leaves a guest that halts") {
  GuestMachine m;
  OneVector apic(m.cpu());
  m.set(Control::ExternalInterruptExiting);
  m.clear(Control::HltExiting);
  CHECK(m.enter({0xF4}, 1000) == GuestMachine::kNoExit);
  m.cpu().interrupt_line = true;
  m.processor->run(m.processor->cycles() + 1000);
  CHECK(m[Field::ExitReason] == kInterrupt);
  CHECK(m[Field::GuestActivity] == 1);
  CHECK(m[Field::GuestRip] == kGuestCode + 1);
}

// Catches the shadow of the STI before HLT told as if it were still there: VM entry takes no guest that halts
// under it (27.3.1.5).
TEST_CASE("an interrupt leaves a guest that halts behind STI, without the shadow") {
  GuestMachine m;
  OneVector apic(m.cpu());
  m.set(Control::ExternalInterruptExiting);
  m.clear(Control::HltExiting);
  CHECK(m.enter({0xFB, 0xF4}, 1000) == GuestMachine::kNoExit);  // STI; HLT
  m.cpu().interrupt_line = true;
  m.processor->run(m.processor->cycles() + 1000);
  CHECK(m[Field::ExitReason] == kInterrupt);
  CHECK(m[Field::GuestActivity] == 1);
  CHECK(m[Field::GuestInterruptibility] == 0);
  CHECK(m[Field::GuestRip] == kGuestCode + 2);
  m.cpu().interrupt_line = false;
  CHECK(m.enter({0xFB, 0xF4}, 1000) == GuestMachine::kNoExit);  // halts on
  CHECK(m.cpu().activity == cpu::Activity::Halted);
}

// Catches an NMI that does not wake a guest, or leaves it though nobody asked.
TEST_CASE("without NMI exiting an NMI wakes a guest that halts, through its own IDT") {
  GuestMachine m;
  m.clear(Control::HltExiting);
  CHECK(m.enter({0xF4}, 1000) == GuestMachine::kNoExit);
  m.set(Control::HltExiting);  // not before the next VM entry
  m.processor->nmi();
  m.processor->run(m.processor->cycles() + 1000);
  CHECK(m[Field::ExitReason] == GuestMachine::kNoExit);
  CHECK(m.cpu().rip == kHandlers + 2 * 16 + 1);  // its HLT
  CHECK(m.cpu().nmi_blocked);
}

// Catches NMIs that stay pending, or do not block others in the host.
TEST_CASE("NMI exiting") {
  GuestMachine m;
  m.cpu().nmi_pending = true;
  m.cpu().nmi_blocked = true;  // until the guest is there
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(m.handler() == 2);
  m.set(Control::NmiExiting);
  m[Field::GuestInterruptibility] = 0;
  m.cpu().nmi_pending = m.cpu().nmi_blocked = true;
  CHECK(m.again({0x90}) == 0);
  CHECK(m[Field::ExitInterruptionInfo] == kNmi);
  CHECK(m[Field::GuestInterruptibility] == 0);
  CHECK(!m.cpu().nmi_pending);
  CHECK(m.cpu().nmi_blocked);
}

// Catches physical NMIs that virtual blocking holds off, and the reverse.
TEST_CASE("blocking of virtual NMIs does not block physical ones") {
  for (const bool is_virtual : {false, true}) {
    GuestMachine m;
    m.set(Control::NmiExiting);
    m.set(Control::VirtualNmis, is_virtual);
    m[Field::GuestInterruptibility] = kNmiBlocked;
    m.cpu().nmi_pending = m.cpu().nmi_blocked = true;
    CHECK(m.enter({0x90}) == (is_virtual ? 0 : kHlt));
    CHECK(m[Field::GuestInterruptibility] == kNmiBlocked);
    CHECK(m.cpu().nmi_blocked);
  }
}

// Catches IRETs that unblock what they must not, or do not unblock what they must.
TEST_CASE("IRET ends the blocking that is the guest's") {
  struct Case {
    bool exiting, is_virtual;
    u64 after;
  };
  for (const Case& c : {Case{false, false, 0}, Case{true, false, kNmiBlocked}, Case{true, true, 0}}) {
    GuestMachine m;
    m.set(Control::NmiExiting, c.exiting);
    m.set(Control::VirtualNmis, c.is_virtual);
    m[Field::GuestInterruptibility] = kNmiBlocked;
    // PUSH 10h; PUSH RSP; PUSHF; PUSH 8; PUSH target; IRETQ
    CHECK(m.enter({0x6A, 0x10, 0x54, 0x9C, 0x6A, 0x08, 0x68, 0x0D, 0, 0x40, 0, 0x48, 0xCF}) == kHlt);
    CHECK(m[Field::GuestRip] == kGuestCode + 13);
    CHECK(m[Field::GuestInterruptibility] == c.after);
  }
}

// Catches a fault of IRET that does not tell that blocking was ended (28.2.2).
TEST_CASE("bit 12 tells of an IRET that unblocked NMIs and then faulted") {
  for (const bool is_virtual : {false, true}) {
    GuestMachine m;
    m.set(Control::NmiExiting);
    m.set(Control::VirtualNmis, is_virtual);
    m[Field::GuestInterruptibility] = kNmiBlocked;
    m.intercept_exception(13);
    // PUSH 10h; PUSH RSP; PUSHF; PUSH 150h; PUSH 0; IRETQ: no such code segment
    CHECK(m.enter({0x6A, 0x10, 0x54, 0x9C, 0x68, 0x50, 0x01, 0, 0, 0x6A, 0, 0x48, 0xCF}) == 0);
    CHECK(m[Field::ExitInterruptionInfo] == (event_word(3, 13, true) | (is_virtual ? bit(12) : 0)));
    CHECK(m[Field::GuestInterruptibility] == (is_virtual ? 0 : kNmiBlocked));
  }
}

// Catches windows that open too early or never.
TEST_CASE("the interrupt window opens with IF, behind the shadow") {
  GuestMachine m;
  m.set(Control::InterruptWindowExiting);
  CHECK(m.enter({0x90}) == kHlt);
  CHECK(m.again({0xFB, 0x90, 0x90}) == kInterruptWindow);
  CHECK(m[Field::GuestRip] == kGuestCode + 2);
  m[Field::GuestRflags] = 2 | arch::flag::kIf;
  CHECK(m.again({0x90}) == kInterruptWindow);
  CHECK(m[Field::GuestRip] == kGuestCode);
  // POPF opens it at once.
  m[Field::GuestRflags] = 2;
  CHECK(m.again({0x68, 0x02, 0x02, 0, 0, 0x9D, 0x90}) == kInterruptWindow);
  CHECK(m[Field::GuestRip] == kGuestCode + 6);
}

TEST_CASE("the interrupt window wakes a guest that halts") {
  GuestMachine m;
  m.set(Control::InterruptWindowExiting);
  m[Field::GuestActivity] = 1;
  m[Field::GuestRflags] |= arch::flag::kIf;
  CHECK(m.enter({0x90}) == kInterruptWindow);
  CHECK(m[Field::GuestActivity] == 1);
}

TEST_CASE("the NMI window opens when virtual NMIs are no longer blocked") {
  GuestMachine m;
  m.set(Control::NmiExiting);
  m.set(Control::VirtualNmis);
  m.set(Control::NmiWindowExiting);
  CHECK(m.enter({0x90}) == kNmiWindow);
  CHECK(m[Field::GuestRip] == kGuestCode);
  m[Field::GuestInterruptibility] = kNmiBlocked;
  CHECK(m.again({0x90}) == kHlt);
  CHECK(m.again({0x6A, 0x10, 0x54, 0x9C, 0x6A, 0x08, 0x68, 0x0D, 0, 0x40, 0, 0x48, 0xCF}) == kNmiWindow);
  CHECK(m[Field::GuestRip] == kGuestCode + 13);
  m[Field::GuestRflags] = 2 | arch::flag::kIf;
  for (const u64 blocking : {1, 2}) {  // STI, MOV SS
    m[Field::GuestInterruptibility] = blocking;
    CHECK(m.again({0x90, 0x90}) == kNmiWindow);
    CHECK(m[Field::GuestRip] == kGuestCode + 1);
  }
}

// Catches a window that is open before the injected event is delivered, or that an instruction of its handler
// goes before; one that a guest in HLT does not see.
TEST_CASE("the windows open behind an injected event, and in HLT") {
  for (const bool nmi : {false, true}) {
    for (const u64 activity : {0, 1}) {
      CAPTURE(nmi, activity);
      GuestMachine m;
      m.set(Control::NmiExiting);
      m.set(Control::VirtualNmis);
      m.set(nmi ? Control::NmiWindowExiting : Control::InterruptWindowExiting);
      m.poke<u8>(kIdt + 1 * 16 + 5, 0x8F);  // #DB's gate leaves IF alone
      m[Field::GuestRflags] = 2 | arch::flag::kIf;
      m[Field::GuestActivity] = activity;
      CHECK(m.enter({0x90}) == (nmi ? kNmiWindow : kInterruptWindow));
      CHECK(m[Field::GuestRip] == kGuestCode);
      CHECK(m[Field::GuestActivity] == activity);
      m[Field::EntryInterruptionInfo] = event_word(3, 1);
      CHECK(m.enter() == (nmi ? kNmiWindow : kInterruptWindow));
      CHECK(m.handler() == 1);
      CHECK(m[Field::GuestActivity] == 0);
    }
  }
}

// Catches INIT that resets a processor in a guest, or is taken again and again.
TEST_CASE("INIT leaves the guest") {
  GuestMachine m;
  m.guest_code({0xEB, 0xFE});
  m.cpu().init_pending = true;
  CHECK(m.enter() == code_of(ExitReason::InitSignal));
  CHECK(m[Field::GuestRip] == kGuestCode);
  CHECK(!m.cpu().init_pending);
  CHECK(m.cpu().rip == kHostCode + 1);
}

// Catches a start-up IPI that starts the guest, or that another activity state lets through.
TEST_CASE("in wait-for-SIPI a start-up IPI leaves the guest, with its vector") {
  GuestMachine m;
  m[Field::GuestActivity] = 3;
  CHECK(m.enter({0x90}, 1000) == GuestMachine::kNoExit);
  CHECK(m.cpu().activity == cpu::Activity::WaitForSipi);
  m.processor->sipi(0x9A);
  m.processor->run(m.processor->cycles() + 1000);
  CHECK(m[Field::ExitReason] == code_of(ExitReason::StartupIpi));
  CHECK(m.qualification() == 0x9A);
  CHECK(m[Field::GuestActivity] == 3);
}

// Catches the order of events at one boundary (table 6-2; 26.5.1, 26.5.2).
TEST_CASE("the order of what waits at a boundary") {
  GuestMachine m;
  OneVector apic(m.cpu());
  m.set(Control::ExternalInterruptExiting);
  m.set(Control::NmiExiting);
  m.set(Control::VirtualNmis);
  m.set(Control::NmiWindowExiting);
  m.set(Control::InterruptWindowExiting);
  m.set(Control::ActivatePreemptionTimer);
  m.intercept_exception(1);
  m[Field::GuestRflags] |= arch::flag::kIf;
  m[Field::PreemptionTimer] = 0;
  m[Field::GuestPendingDebug] = bit(12) | 1;
  m[Field::EntryInterruptionInfo] = event_word(7, 0);
  // In the host NMIs are blocked, so that one waits for the guest.
  const auto enter = [&] {
    m.cpu().nmi_pending = m.cpu().nmi_blocked = m.cpu().interrupt_line = true;
    return m.again({0x90});
  };
  m.cpu().init_pending = true;
  CHECK(enter() == code_of(ExitReason::InitSignal));
  m[Field::GuestPendingDebug] = bit(12) | 1;
  m[Field::EntryInterruptionInfo] = event_word(7, 0);
  CHECK(enter() == code_of(ExitReason::MonitorTrapFlag));
  CHECK(m[Field::GuestPendingDebug] == (bit(12) | 1));
  CHECK(enter() == 0);
  CHECK(m[Field::ExitInterruptionInfo] == event_word(3, 1));
  CHECK(enter() == code_of(ExitReason::PreemptionTimer));
  m.clear(Control::ActivatePreemptionTimer);
  CHECK(enter() == kNmiWindow);
  m.clear(Control::NmiWindowExiting);
  CHECK(enter() == 0);
  CHECK(m[Field::ExitInterruptionInfo] == kNmi);
  m.cpu().nmi_pending = false;
  m.cpu().interrupt_line = true;
  CHECK(m.again({0x90}) == kInterruptWindow);
  m.clear(Control::InterruptWindowExiting);
  m.cpu().interrupt_line = true;
  CHECK(m.again({0x90}) == kInterrupt);
}
