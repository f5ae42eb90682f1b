// What happens between two instructions of a guest of VMX: events by priority, windows, the preemption timer,
// the monitor trap flag (SDM vol. 3, table 6-2, 26.2, 26.5 and 27.7).
#include <catch2/catch.hpp>

#include "fake_hypervisor.hpp"
#include "sim/execute/boundary.hpp"

using namespace hvlab;
using namespace hvlab::test;
using cpu::Activity;
using cpu::Boundary;
using execute::Event;
using execute::next_event;
using execute::Stop;
namespace guest_event = cpu::guest_event;
namespace flag = arch::flag;

namespace {

/// Everything that can wait, waits.
void all_at_once(cpu::Cpu& c) {
  c.rflags_rest |= flag::kIf;
  c.guest_events = guest_event::kTrap | guest_event::kMonitorTrap | guest_event::kTimer |
                   guest_event::kNmiWindow | guest_event::kInterruptWindow;
  c.init_pending = c.smi_pending = c.nmi_pending = c.interrupt_line = c.virtual_interrupt = true;
  c.pending_debug = arch::dr6::kBs;
}

/// Takes away what next_event() names, so that the next in order shows.
void take_away(cpu::Cpu& c, Event e) {
  switch (e) {
    case Event::Trap: c.guest_events &= ~guest_event::kTrap; break;
    case Event::Init: c.init_pending = false; break;
    case Event::Smi: c.smi_pending = false; break;
    case Event::MonitorTrap: c.guest_events &= ~guest_event::kMonitorTrap; break;
    case Event::Debug: c.pending_debug = 0; break;
    case Event::Timer: c.guest_events &= ~guest_event::kTimer; break;
    case Event::NmiWindow: c.guest_events &= ~guest_event::kNmiWindow; break;
    case Event::Nmi: c.nmi_pending = false; break;
    case Event::InterruptWindow: c.guest_events &= ~guest_event::kInterruptWindow; break;
    case Event::VirtualInterrupt: c.virtual_interrupt = false; break;
    default: c.interrupt_line = false; break;
  }
}

std::vector<Event> order(cpu::Cpu& c) {
  std::vector<Event> events;
  for (Event e = next_event(c); e != Event::None && events.size() < 20; e = next_event(c)) {
    events.push_back(e);
    take_away(c, e);
  }
  return events;
}

}  // namespace

// Catches an event of a guest taken before one of higher priority.
TEST_CASE("events of a VMX guest come in the manual's order") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  all_at_once(c);
  CHECK(execute::event_waits(c));
  CHECK(order(c) == std::vector<Event>{Event::Trap, Event::Init, Event::Smi, Event::MonitorTrap, Event::Debug,
                                       Event::Timer, Event::NmiWindow, Event::Nmi, Event::InterruptWindow,
                                       Event::VirtualInterrupt, Event::Interrupt});
}

// Catches blocking by STI, MOV SS, RFLAGS.IF or NMI that lets through what it must not, or holds off more
// than that.
TEST_CASE("what holds events of a VMX guest off") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  all_at_once(c);
  c.sti_shadow = true;
  CHECK(order(c) == std::vector<Event>{Event::Trap, Event::Init, Event::Smi, Event::MonitorTrap, Event::Debug,
                                       Event::Timer});
  all_at_once(c);
  c.sti_shadow = false, c.mov_ss_shadow = true;
  CHECK(order(c) == std::vector<Event>{Event::Trap, Event::Init, Event::MonitorTrap, Event::Timer});
  all_at_once(c);
  c.mov_ss_shadow = false, c.rflags_rest &= ~flag::kIf;
  c.nmi_blocked = true;
  CHECK(order(c) == std::vector<Event>{Event::Trap, Event::Init, Event::Smi, Event::MonitorTrap, Event::Debug,
                                       Event::Timer});
  // "External-interrupt exiting": RFLAGS.IF holds off no physical interrupt; "virtual NMIs": no physical NMI
  // is blocked.
  c.rflags_rest &= ~flag::kIf;
  c.interrupt_line = c.nmi_pending = c.host_masks = c.host_if = c.virtual_nmis = true;
  CHECK(order(c) == std::vector<Event>{Event::Nmi, Event::Interrupt});
}

// Catches inactive guests woken by what leaves them asleep, or slept through what wakes them
// (25.4.2, 26.5.1).
TEST_CASE("activity states of a VMX guest take what the manual lets through") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  all_at_once(c);
  c.activity = Activity::Shutdown;
  CHECK(order(c) == std::vector<Event>{Event::Init, Event::Timer, Event::NmiWindow, Event::Nmi});
  all_at_once(c);
  c.activity = Activity::WaitForSipi;
  CHECK(order(c).empty());
  c.guest_events |= guest_event::kSipi;
  CHECK(next_event(c) == Event::Sipi);
  // A halted one takes all of them, and waits if none can be taken.
  c = cpu::Cpu(c);
  c.activity = Activity::Halted;
  c.guest_events = guest_event::kInterruptWindow | guest_event::kNmiWindow;
  c.init_pending = c.smi_pending = c.nmi_pending = c.interrupt_line = c.virtual_interrupt = false;
  c.pending_debug = 0, c.rflags_rest = 0, c.nmi_blocked = true;
  CHECK(!m.processor->runnable());
  CHECK(m.on() == Stop::Halted);
  c.rflags_rest = flag::kIf;
  CHECK(m.processor->runnable());
  m.on();
  CHECK(m.hypervisor.boundaries == std::vector{Boundary::InterruptWindow});
}

// Catches a shutdown state that ends the machine: it is the guest's, and its hypervisor may wake it.
TEST_CASE("a guest in the shutdown state only waits") {
  DoorMachine m;
  m.cpu().activity = Activity::Shutdown;
  CHECK(m.on() == Stop::Halted);
  CHECK(!m.processor->runnable());
  m.processor->nmi();
  CHECK(m.processor->runnable());
  m.on();
  CHECK(m.hypervisor.boundaries == std::vector{Boundary::Nmi});
}

// Catches INIT that resets a processor in VMX operation, is lost there, or interrupts a guest twice
// (24.8, 26.2).
TEST_CASE("INIT waits in root operation and is an exit in a guest") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  m.guest_code({0x90});
  m.processor->init();
  m.on();
  CHECK(m.hypervisor.boundaries == std::vector{Boundary::Init});
  CHECK(!c.init_pending);
  CHECK(c.rip == kHostCode + 1);
  m.processor->init();
  m.on();
  CHECK(!m.processor->runnable());
  CHECK(c.init_pending);
  CHECK(c.rip == kHostCode + 1);
  c.vmx_operation = false;  // VMXOFF
  m.on(0);
  CHECK(m.processor->runnable());
  m.on(1);
  CHECK(!c.init_pending);
  CHECK(c.cr0 == (arch::cr0::kEt | (c.cr0 & (arch::cr0::kCd | arch::cr0::kNw))));
}

// Catches start-up IPIs that start a guest's processor instead of its hypervisor's, or that are kept (26.2).
TEST_CASE("a start-up IPI is an exit in the wait-for-SIPI state, and nothing else in VMX operation") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  m.guest_code({0x90});
  m.processor->sipi(0x12);
  CHECK(!execute::event_waits(c));
  c.activity = Activity::WaitForSipi;
  CHECK(!m.processor->runnable());
  m.processor->sipi(0x34);
  CHECK(m.processor->runnable());
  m.on();
  CHECK(m.hypervisor.boundaries == std::vector{Boundary::Sipi});
  CHECK(c.sipi_vector == 0x34);
}

// Catches an NMI that is delivered to the host again after its exit, or nested in it (28.5.5).
TEST_CASE("an NMI's exit takes it back and blocks further ones") {
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  m.guest_code({0x90});
  m.processor->nmi();
  m.on();
  CHECK(m.hypervisor.boundaries == std::vector{Boundary::Nmi});
  CHECK(!c.nmi_pending);
  CHECK(c.nmi_blocked);
  m.processor->nmi();
  m.on();
  CHECK(c.rip == kHostCode + 1);  // halted: it waits
}

// Catches a preemption timer that is late by a block or early, or whose instruction depends on where runs
// end.
TEST_CASE("the preemption timer ends at the same instruction however the run is cut") {
  // One cycle an instruction, four instructions a turn: every place in the block is one where the timer ends.
  struct Case {
    u64 cut, extra;
  };
  constexpr Case kCases[] = {{100'000, 0}, {100'000, 1}, {100'000, 2}, {100'000, 3}, {64, 1}, {7, 3}, {1, 2}};
  for (const auto& [cut, extra] : kCases) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    m.guest_code(
        {0x48, 0xFF, 0xC0, 0x48, 0xFF, 0xC3, 0x48, 0xFF, 0xC1, 0xEB, 0xF5});  // inc rax, rbx, rcx; jmp
    const u64 begin = c.cycles();
    c.guest_deadline = begin + 1000 + extra;
    for (unsigned n = 0; n < 2000 && m.in_guest(); ++n) m.on(cut);
    INFO("runs of " << cut << " cycles, timer of " << 1000 + extra);
    CHECK(m.hypervisor.boundaries == std::vector{Boundary::Timer});
    CHECK(m.hypervisor.cycles == std::vector{begin + 1000 + extra});
    CHECK(c.gpr[arch::kRax] == 250 + (extra > 0));
    CHECK(c.gpr[arch::kRbx] == 250 + (extra > 1));
    CHECK(c.gpr[arch::kRcx] == 250 + (extra > 2));
  }
}

// Catches a timer that no longer ends a run once it was over while something else held the exit off, and one
// that keeps an idle guest asleep.
TEST_CASE("the preemption timer wakes what waits") {
  for (const Activity activity : {Activity::Halted, Activity::Shutdown}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    c.activity = activity;
    c.guest_deadline = c.cycles() + 500;
    CHECK(m.on(100) == Stop::Halted);
    CHECK(m.processor->wakes_at() == c.guest_deadline);
    CHECK(m.processor->interruptible());
    CHECK(!m.processor->runnable());
    m.processor->idle_until(c.guest_deadline);
    CHECK(m.processor->runnable());
    m.on(100);
    CHECK(m.hypervisor.boundaries == std::vector{Boundary::Timer});
  }
  DoorMachine m;
  m.cpu().activity = Activity::WaitForSipi;
  m.cpu().guest_deadline = m.cpu().cycles() + 500;
  CHECK(m.processor->wakes_at() == execute::Processor::kNever);
  m.processor->idle_until(m.cpu().guest_deadline + 1);
  CHECK(!m.processor->runnable());
}

// Catches instructions that the monitor trap flag misses, and exits in the middle of an event's delivery
// (26.5.2).
TEST_CASE("the monitor trap flag ends every instruction, iteration and delivery") {
  struct Case {
    const char* what;
    std::initializer_list<u8> code;
    u64 rip;
  };
  const Case cases[] = {
      {"NOP", {0x90, 0x90}, kCode + 1},
      {"JMP", {0xEB, 0x02}, kCode + 4},
      {"INT 3, at its handler", {0xCC}, kHandlers + 3 * 16},
      {"INT 80h", {0xCD, 0x80}, kHandlers + 0x80 * 16},
      {"a fault, at its handler", {0x0F, 0x0B}, kHandlers + 6 * 16},
      {"one iteration of REP STOSB", {0xF3, 0xAA}, kCode},
  };
  for (const Case& one : cases) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    INFO(one.what);
    m.guest_code(one.code);
    c.gpr[arch::kRcx] = 100;
    c.gpr[arch::kRdi] = kData;
    c.guest_events = guest_event::kEachInstruction;
    m.on();
    CHECK(m.hypervisor.boundaries == std::vector{Boundary::MonitorTrap});
    CHECK(m.hypervisor.rips == std::vector{one.rip});
  }
  // An event before the first instruction counts as one.
  DoorMachine m;
  cpu::Cpu& c = m.cpu();
  m.guest_code({0x90});
  c.guest_events = guest_event::kEachInstruction;
  c.pending_debug = arch::dr6::kBs;
  CHECK(execute::take_event(c));
  CHECK(c.rip == kHandlers + 16);
  m.on();
  CHECK(m.hypervisor.boundaries == std::vector{Boundary::MonitorTrap});
  CHECK(m.hypervisor.rips == std::vector{kHandlers + 16});
}

// Catches windows that stay shut after the instruction that opens them, in a block: POPF, STI, IRET.
TEST_CASE("a window opens behind the instruction that lets interrupts in") {
  const std::initializer_list<u8> popf = {0x90, 0x9D, 0x90, 0x90};  // nop; popf; nop; nop
  const std::initializer_list<u8> sti = {0x90, 0xFB, 0x90, 0x90};
  for (const bool is_popf : {true, false}) {
    DoorMachine m;
    cpu::Cpu& c = m.cpu();
    m.poke<u64>(kStack - 8, flag::kIf);
    c.gpr[arch::kRsp] = kStack - 8;
    m.guest_code(is_popf ? popf : sti);
    c.guest_events = guest_event::kInterruptWindow;
    m.on();
    CHECK(m.hypervisor.boundaries == std::vector{Boundary::InterruptWindow});
    CHECK(c.instructions == (is_popf ? 2 : 3) + 1);  // STI holds off for one more; the host's HLT
  }
}
