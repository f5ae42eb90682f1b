// The VMX-preemption timer, the monitor trap flag, PAUSE-loop exiting, and time (SDM vol. 3, 26.5.1, 26.5.2,
// 26.1.3, 26.3).
#include <catch2/catch.hpp>

#include "guest_machine.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u64 kHlt = code_of(ExitReason::Hlt), kTimer = code_of(ExitReason::PreemptionTimer),
              kTrapFlag = code_of(ExitReason::MonitorTrapFlag), kPause = code_of(ExitReason::Pause);

/// With a timer that counts every `1 << rate` cycles.
timing::Profile with_rate(unsigned rate) {
  return intel_with(
      [=](arch::vmx::Capabilities& c) { c.misc = (c.misc & ~arch::vmx::misc::kTimerRate) | rate; });
}

}  // namespace

// Catches a timer that counts at a rate of its own, or a guest that runs past its end.
TEST_CASE("the timer leaves the guest after its value of time") {
  for (const unsigned rate : {0u, 5u}) {
    GuestMachine m(with_rate(rate));
    m.set(Control::ActivatePreemptionTimer);
    m[Field::PreemptionTimer] = 100;
    const u64 before = m.processor->cycles();
    CHECK(m.enter({0xEB, 0xFE}, 1'000'000) == kTimer);
    const u64 took = m.processor->cycles() - before;
    CHECK(took >= (u64{99} << rate));
    CHECK(took <= (u64{101} << rate) + 8);
    CHECK(m[Field::GuestRip] == kGuestCode);
    CHECK(m[Field::PreemptionTimer] == 100);  // not saved
  }
}

// Catches a timer of value 0 that lets an instruction through, or that needs IF.
TEST_CASE("a timer of 0 leaves before the first instruction") {
  GuestMachine m;
  m.set(Control::ActivatePreemptionTimer);
  m[Field::PreemptionTimer] = 0;
  CHECK(m.enter({0x0F, 0xA2}) == kTimer);
  CHECK(m[Field::GuestRip] == kGuestCode);
}

// Catches a timer that goes before the events of VM entry, or after an instruction behind them: debug
// exceptions are of higher priority (26.5.1), and an injected event is part of the entry.
TEST_CASE("a timer of 0 leaves behind the injected event or the pending debug exception") {
  for (const bool pending : {false, true}) {
    for (const bool exits : {false, true}) {
      CAPTURE(pending, exits);
      GuestMachine m;
      m.set(Control::ActivatePreemptionTimer);
      m[Field::PreemptionTimer] = 0;
      if (exits) m.intercept_exception(1);
      if (pending)
        m[Field::GuestPendingDebug] = bit(12) | 2;
      else
        m[Field::EntryInterruptionInfo] = event_word(3, 1);
      // The bitmap does not count for an event that is injected.
      const bool debug = pending && exits;
      CHECK(m.enter({0x0F, 0xA2}) == (debug ? code_of(ExitReason::ExceptionOrNmi) : kTimer));
      CHECK(m[Field::GuestRip] == (debug ? kGuestCode : kHandlers + 16));
      CHECK(m[Field::GuestPendingDebug] == 0);
    }
  }
}

// The time-stamp counters of several processors never go back between them, so that one may read a time that
// its own cycles have not reached. Catches a guest that has read a time past its timer's end and goes on
// (26.5.1).
TEST_CASE("a guest that has read a time past the timer's end is left before it can use it") {
  for (const bool past : {false, true}) {
    for (const bool with_number : {false, true}) {
      CAPTURE(past, with_number);
      GuestMachine m(with_rate(5));
      m.set(Control::ActivatePreemptionTimer);
      m.set(Control::SavePreemptionTimer);
      m[Field::PreemptionTimer] = 1000;
      u64 latest = m.processor->cycles() + (past ? 50'000 : 0);
      m.cpu().latest_cycle = &latest;
      const u64 exit = with_number ? m.enter({0x0F, 0x01, 0xF9, 0xF4}) : m.enter({0x0F, 0x31, 0x90, 0xF4});
      CHECK(exit == (past ? kTimer : kHlt));
      CHECK(m[Field::GuestRip] == kGuestCode + (past && !with_number ? 2 : 3));
      CHECK((m[Field::PreemptionTimer] == 0) == past);
    }
  }
}

// Catches a trap of TF that is lost where the timer ends behind the same instruction.
TEST_CASE("the timer takes no trap from a guest that is stepped") {
  GuestMachine m(with_rate(0));
  m.set(Control::ActivatePreemptionTimer);
  // The handler: INC EAX; IRETQ.
  m.poke<u32>(kHandlers + 16, 0xCF48'C0FF);
  execute::memory_written(*m.code, kHandlers + 16, 4);
  const auto traps = [&](u64 step) {
    m.cpu().gpr[arch::kRax] = 0;
    m.at_start();
    m[Field::GuestRflags] = 2 | arch::flag::kTf;
    m.guest_code({0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90});
    unsigned left = 0;
    m[Field::PreemptionTimer] = step;
    while (m.enter() == kTimer && left < 1000) ++left;
    CHECK(left > 0);
    return m.cpu().gpr[arch::kRax];
  };
  for (u64 step = 1; step < 20; ++step) CHECK(traps(step) == 8);
}

// Catches a value that is saved as it was, or below 0.
TEST_CASE("the value that is left is saved if asked for") {
  GuestMachine m(with_rate(0));
  m.set(Control::ActivatePreemptionTimer);
  m.set(Control::SavePreemptionTimer);
  m[Field::PreemptionTimer] = 1000;
  // MOV ECX, 100; LOOP
  CHECK(m.enter({0xB9, 100, 0, 0, 0, 0xE2, 0xFE}) == kHlt);
  CHECK(m[Field::PreemptionTimer] < 905);
  CHECK(m[Field::PreemptionTimer] > 700);
  CHECK(m.again({0xEB, 0xFE}, 100'000) == kTimer);
  CHECK(m[Field::PreemptionTimer] == 0);
}

// Catches a timer that stands still while the processor leaves the guest: time would never pass for one that
// is left every few cycles, however often.
TEST_CASE("the timer goes on until the exit has saved its value") {
  for (const unsigned rate : {0u, 5u, 7u}) {
    timing::Profile p = with_rate(rate);
    p.vm_exit = 700;
    GuestMachine m(std::move(p));
    m.set(Control::ActivatePreemptionTimer);
    m.set(Control::SavePreemptionTimer);
    m[Field::PreemptionTimer] = 10'000;
    CHECK(m.enter({}) == kHlt);
    const u64 ticks = 10'000 - m[Field::PreemptionTimer];
    CAPTURE(rate);
    CHECK(ticks >= (u64{350} >> rate));
    CHECK(ticks <= (u64{360} >> rate) + 1);
    m[Field::PreemptionTimer] = 2;  // it may end meanwhile, and leaves the guest the next time
    CHECK(m.again({}) == kHlt);
    CHECK(m[Field::PreemptionTimer] == 0);
    CHECK(m.again({}) == kTimer);
  }
}

// Catches a trap flag that misses an instruction, takes two, or stops in the middle of an event.
TEST_CASE("the monitor trap flag steps instructions and deliveries") {
  GuestMachine m;
  m.set(Control::MonitorTrapFlag);
  CHECK(m.enter({0x90, 0xB8, 1, 0, 0, 0}) == kTrapFlag);
  CHECK(m[Field::GuestRip] == kGuestCode + 1);
  CHECK(m.enter() == kTrapFlag);
  CHECK(m[Field::GuestRip] == kGuestCode + 6);
  CHECK(m.again({0x0F, 0x0B}) == kTrapFlag);  // UD2: at its handler
  CHECK(m.handler() == 6);
  CHECK(m[Field::GuestRip] == kHandlers + 6 * 16);
  CHECK(m.again({0xCD, 0x41}) == kTrapFlag);
  CHECK(m.handler() == 0x41);
  CHECK(m.again({0xF1}) == kTrapFlag);  // INT1: behind its delivery, not at the next instruction
  CHECK(m.handler() == 1);
  m.cpu().gpr[arch::kRax] = bit(62);
  CHECK(m.again({0x0F, 0x22, 0xD8}) == kTrapFlag);  // MOV CR3, RAX: #GP
  CHECK(m.handler() == 13);
  m[Field::EntryInterruptionInfo] = event_word(3, 6);
  CHECK(m.again({0x90}) == kTrapFlag);
  CHECK(m[Field::GuestRip] == kHandlers + 6 * 16);
  CHECK(m.again({0x0F, 0xA2}) == code_of(ExitReason::Cpuid));  // an exit of its own goes first
  // Repeated strings exit after each element.
  m.cpu().gpr[arch::kRcx] = 3;
  m.cpu().gpr[arch::kRdi] = kData;
  CHECK(m.again({0xF3, 0xAA}) == kTrapFlag);
  CHECK(m.cpu().gpr[arch::kRcx] == 2);
  CHECK(m[Field::GuestRip] == kGuestCode);
}

// Catches single-step traps lost behind the monitor trap flag.
TEST_CASE("a trap of TF waits behind the monitor trap flag") {
  GuestMachine m;
  m.set(Control::MonitorTrapFlag);
  m[Field::GuestRflags] |= arch::flag::kTf;
  CHECK(m.enter({0x90, 0x90}) == kTrapFlag);
  CHECK(m[Field::GuestRip] == kGuestCode + 1);
  CHECK(m[Field::GuestPendingDebug] == bit(14));
  m.clear(Control::MonitorTrapFlag);
  CHECK(m.enter() == kHlt);
  CHECK(m.handler() == 1);
  CHECK(m.stack(0) == kGuestCode + 1);
}

// Catches loops that are none, and loops that are not found.
TEST_CASE("PAUSE-loop exiting") {
  GuestMachine m;
  m.set(Control::PauseLoopExiting);
  m[Field::PleGap] = 50;
  m[Field::PleWindow] = 300;
  const u64 before = m.processor->cycles();
  CHECK(m.enter({0xF3, 0x90, 0xEB, 0xFC}, 10'000) == kPause);
  const u64 took = m.processor->cycles() - before;
  CHECK(took > 300);
  CHECK(took < 340);
  CHECK(m.length() == 2);
  // Further apart than the gap: PAUSE; MOV ECX, 100; LOOP; JMP
  CHECK(m.again({0xF3, 0x90, 0xB9, 100, 0, 0, 0, 0xE2, 0xFE, 0xEB, 0xF5}, 10'000) == GuestMachine::kNoExit);
}

TEST_CASE("PAUSE-loop exiting is for CPL 0 alone, PAUSE exiting for all and at once") {
  GuestMachine m;
  m.set(Control::PauseLoopExiting);
  m[Field::PleGap] = 50;
  m[Field::PleWindow] = 300;
  m.set(Control::PauseExiting);
  m.guest_user();
  CHECK(m.enter({0xF3, 0x90}) == kPause);
  m.clear(Control::PauseExiting);
  CHECK(m.again({0xF3, 0x90, 0xEB, 0xFC}, 10'000) == GuestMachine::kNoExit);
}

// Catches offsets and multipliers without their controls, or in the host.
TEST_CASE("a guest's time stamp is scaled and offset") {
  const auto stamp = [](bool offset, bool scale) {
    GuestMachine m;
    m.set(Control::UseTscOffsetting, offset);
    m.set(Control::UseTscScaling, scale);
    m[Field::TscOffset] = 1'000'000;
    m[Field::TscMultiplier] = u64{4} << 48;
    CHECK(m.enter({0x0F, 0x31}) == kHlt);
    CHECK(m.cpu().guest_tsc_offset == 0);
    CHECK(m.cpu().guest_tsc_multiplier == u64{1} << 48);
    return m.cpu().gpr[arch::kRdx] << 32 | static_cast<u32>(m.cpu().gpr[arch::kRax]);
  };
  const u64 host = stamp(false, false);
  CHECK(host < 1000);
  CHECK(stamp(true, false) == host + 1'000'000);
  CHECK(stamp(true, true) == 4 * host + 1'000'000);
  CHECK(stamp(false, true) == host);
}
