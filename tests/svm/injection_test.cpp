// Event injection, interrupted delivery and virtual interrupts (APM vol. 2, 15.20, 15.7.2, 15.21).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;
using arch::svm::Exit;
namespace vi = arch::svm::virtual_interrupt;

namespace {

constexpr u64 kValid = bit(31), kError = bit(11);
constexpr u64 injected(u64 type, u64 vector, u64 error = 0) {
  return kValid | type << 8 | vector | error << 32;
}

/// The vector whose handler (a HLT) the guest stopped in; -1: none.
int handler(const GuestMachine& m) {
  const u64 at = m.block.save.rip;
  return at >= kHandlers && at < kHandlers + 256 * 16 ? static_cast<int>((at - kHandlers) / 16) : -1;
}
u64 stack(const GuestMachine& m, unsigned word) { return m.peek<u64>(m.block.save.rsp + word * 8); }

}  // namespace

// Catches an event that arrives as another one, without or with too many error codes, or with a wrong return
// address.
TEST_CASE("each type of event arrives at its handler") {
  struct Case {
    u64 word;
    int vector;
    bool error;
  };
  for (const Case& c : {Case{injected(0, 0x41), 0x41, false}, Case{injected(2, 0x77), 2, false},
                        Case{injected(3, 13, 0x1234) | kError, 13, true}, Case{injected(3, 6), 6, false},
                        Case{injected(4, 0x80), 0x80, false}, Case{injected(3, 14, 6) | kError, 14, true}}) {
    GuestMachine m;
    m.block.control.event_injection = c.word;
    m.block.control.next_rip = kGuestCode;
    m.block.save.cr2 = 0x55;
    CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
    CHECK(handler(m) == c.vector);
    CHECK(stack(m, c.error ? 1 : 0) == kGuestCode);
    if (c.error) CHECK(stack(m, 0) == static_cast<u32>(c.word >> 32));
    CHECK(m.block.save.cr2 == 0x55);
    CHECK((m.block.control.event_injection & kValid) == 0);
  }
}

// Catches a return address of injected software events that is not the next instruction's.
TEST_CASE("software events return behind their instruction") {
  for (const u64 word : {injected(4, 0x80), injected(3, 3)}) {
    GuestMachine m;
    m.block.control.event_injection = word;
    m.block.control.next_rip = kGuestCode + 2;
    CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
    CHECK(stack(m, 0) == kGuestCode + 2);
    GuestMachine without(amd_without({"nrip_save"}));
    without.block.control.event_injection = word;
    without.block.control.next_rip = kGuestCode + 2;
    CHECK(without.enter({0x90}) == code_of(Exit::Hlt));
    CHECK(stack(without, 0) == kGuestCode);
  }
}

// Catches injected exceptions being intercepted themselves.
TEST_CASE("an injected exception is not intercepted, a fault in its delivery is") {
  GuestMachine m;
  m.intercept_exception(6);
  m.block.control.event_injection = injected(3, 6);
  CHECK(m.enter({0x90}) == code_of(Exit::Hlt));
  CHECK(handler(m) == 6);

  GuestMachine faulting;
  faulting.intercept_exception(14);
  faulting.poke<u64>(faulting.pte_address(kGuestStack - 8), 0);
  faulting.block.control.event_injection = injected(0, 0x41);
  CHECK(faulting.enter({0x90}) == 0x40 + 14);
  CHECK(faulting.block.control.exit_interrupt_info == injected(0, 0x41));
  CHECK(faulting.block.save.rip == kGuestCode);
}

// Catches the first event lost when a second one exits, with its error code.
TEST_CASE("the interrupted event is told, of every type") {
  GuestMachine m;
  m.intercept_exception(14);
  m.poke<u64>(m.pte_address(kGuestStack - 8), 0);
  CHECK(m.enter({0xCD, 0x80}) == 0x40 + 14);  // INT 80h
  CHECK(m.block.control.exit_interrupt_info == injected(4, 0x80));
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x0F, 0x0B}) == 0x40 + 14);  // UD2
  CHECK(m.block.control.exit_interrupt_info == injected(3, 6));
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x66, 0xB8, 0x50, 0x01, 0x8E, 0xD8}) == 0x40 + 14);  // MOV DS, 150h: #GP(150h)
  CHECK(m.block.control.exit_interrupt_info == (injected(3, 13, 0x150) | kError));
  m.block.save.rip = kGuestCode;
  m.cpu().nmi_pending = true;
  m.cpu().gif = false;
  CHECK(m.enter({0xEB, 0xFE}, 1000) == 0x40 + 14);
  CHECK(m.block.control.exit_interrupt_info == injected(2, 2));
}

// Catches a double fault that is intercepted as the wrong vector.
TEST_CASE("the second exception is offered before a double fault is made of it") {
  GuestMachine m;
  m.intercept_exception(8);
  m.block.save.idtr.limit = 14 * 16 - 1;  // #PF has no gate: #GP in its delivery makes #DF
  m.poke<u64>(m.pte_address(0x70'0000), 0);
  CHECK(m.enter({0xA1, 0, 0, 0x70, 0, 0, 0, 0, 0}) == 0x40 + 8);
  m.intercept_exception(13);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter() == 0x40 + 13);
  CHECK(m.block.control.exit_interrupt_info == (injected(3, 14) | kError));
}

// Catches a virtual interrupt below the guest's priority, or under a clear IF, that is taken.
TEST_CASE("a virtual interrupt waits for IF and for a priority above V_TPR") {
  const u64 pending = vi::kIrq | vi::kMasking | u64{5} << vi::kPriorityShift | u64{0x60} << vi::kVectorShift;
  const auto taken = [&](u64 word, bool open) {
    GuestMachine m;
    m.block.control.interrupt = word;
    if (open) m.block.save.rflags |= arch::flag::kIf;
    CHECK(m.enter({0x90, 0x90}) == code_of(Exit::Hlt));
    const bool still = (m.block.control.interrupt & vi::kIrq) != 0;
    CHECK((handler(m) == 0x60) == !still);
    return !still;
  };
  CHECK(taken(pending, true));
  CHECK(!taken(pending, false));
  CHECK(!taken(pending | 5, true));
  CHECK(taken(pending | 4, true));
  CHECK(taken(pending | 15 | vi::kIgnoreTpr, true));
  CHECK(!taken(pending | vi::kGifEnable, true));
  CHECK(taken(pending | vi::kGifEnable | vi::kGif, true));
}

// Catches the window that opens in the middle of a block, by STI, POPF or a lower CR8, being missed.
TEST_CASE("VINTR exits when the guest opens its window") {
  GuestMachine m;
  m.intercept(Exit::VirtualInterrupt);
  m.block.control.interrupt = vi::kIrq | vi::kMasking | u64{5} << vi::kPriorityShift;
  CHECK(m.enter({0x90, 0xFB, 0x90, 0x90}) == code_of(Exit::VirtualInterrupt));  // STI
  CHECK(m.block.save.rip == kGuestCode + 3);                                    // one instruction later
  m.block.save.rip = kGuestCode;
  m.block.save.rflags = 2;
  m.block.save.rsp = kGuestStack;
  CHECK(m.enter({0x68, 0x02, 0x02, 0, 0, 0x9D, 0x90}) == code_of(Exit::VirtualInterrupt));  // PUSH 202h; POPF
  CHECK(m.block.save.rip == kGuestCode + 6);
  m.block.control.interrupt |= 9;
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x31, 0xC9, 0x44, 0x0F, 0x22, 0xC1, 0x90}) == code_of(Exit::VirtualInterrupt));  // CR8 = 0
  CHECK(m.block.save.rip == kGuestCode + 6);
  CHECK((m.block.control.interrupt & 0xFF) == 0);
}

// Catches the interrupt shadow lost on the way out or in.
TEST_CASE("the interrupt shadow goes to the control block and back") {
  GuestMachine m;
  CHECK(m.enter({0xFB}) == code_of(Exit::Hlt));  // STI; HLT
  CHECK((m.block.control.shadow & 1) == 1);
  GuestMachine shadowed;
  shadowed.intercept(Exit::VirtualInterrupt);
  shadowed.block.control.interrupt = vi::kIrq | vi::kMasking | u64{5} << vi::kPriorityShift;
  shadowed.block.control.shadow = 1;
  shadowed.block.save.rflags |= arch::flag::kIf;
  CHECK(shadowed.enter({0x90, 0x90}) == code_of(Exit::VirtualInterrupt));
  CHECK(shadowed.block.save.rip == kGuestCode + 1);
  CHECK((shadowed.block.control.shadow & 1) == 0);
}

// Catches V_TPR and CR8 that are not one.
TEST_CASE("CR8 of a guest with V_INTR_MASKING is V_TPR") {
  GuestMachine m;
  m.block.control.interrupt = vi::kMasking | 3;
  // MOV RBX, CR8; MOV ECX, 6; MOV CR8, RCX
  CHECK(m.enter({0x44, 0x0F, 0x20, 0xC3, 0xB9, 6, 0, 0, 0, 0x44, 0x0F, 0x22, 0xC1}) == code_of(Exit::Hlt));
  CHECK(m.cpu().gpr[arch::kRbx] == 3);
  CHECK((m.block.control.interrupt & 0xFF) == 6);
}

// Catches a virtual GIF that is the real one.
TEST_CASE("STGI and CLGI with a virtual GIF") {
  GuestMachine m;
  m.block.control.interrupt = vi::kGifEnable | vi::kGif;
  CHECK(m.enter({0x0F, 0x01, 0xDD}) == code_of(Exit::Hlt));
  CHECK((m.block.control.interrupt & vi::kGif) == 0);
  m.block.save.rip = kGuestCode;
  CHECK(m.enter({0x0F, 0x01, 0xDC}) == code_of(Exit::Hlt));
  CHECK((m.block.control.interrupt & vi::kGif) != 0);
}
