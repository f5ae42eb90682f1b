// Exits by machine, virtual processor and reason.
#include "sim/observe/exit_totals.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "sim/arch/vmx_exit.hpp"
#include "sim/observe/monitor_times.hpp"
#include "sim/observe/vcpu_states.hpp"

using namespace hvlab;
using namespace hvlab::observe;

namespace {

Event event(Picoseconds time, EventKind kind, u64 a, u64 b = 0, u8 core = 0) {
  return {.time = time, .a = a, .b = b, .rip = 0, .kind = kind, .core = core, .device = 0, .sequence = 0};
}

}  // namespace

// Catches exits counted to the wrong processor, and handling times that do not end with the next entry of the
// same one.
TEST_CASE("cycles of an exit end when the same virtual processor is entered again") {
  ExitTotals totals(1'000'000'000);  // a cycle is 1000 ps
  for (const Event& e :
       {event(0, EventKind::VmEntry, 0x1000, 0x9000), event(5'000, EventKind::VmExit, 0x78),
        event(5'000, EventKind::VmExitDetail, 0, 5), event(10'000, EventKind::VmEntry, 0x2000, 0x9000),
        event(20'000, EventKind::VmExit, 0x400), event(25'000, EventKind::VmEntry, 0x1000, 0x9000),
        event(30'000, EventKind::VmExit, 0x78), event(34'000, EventKind::VmEntry, 0x1000, 0x9000)})
    totals.on_event(e);
  const auto rows = totals.rows();
  REQUIRE(rows.size() == 2);
  CHECK((rows[0].vm == 1 && rows[0].vcpu == 0 && rows[0].reason == 0x78));
  CHECK((rows[0].exits == 2 && rows[0].handled == 2));
  CHECK((rows[0].cycles == 24 && rows[0].least == 4 && rows[0].most == 20));
  CHECK((rows[1].vcpu == 1 && rows[1].exits == 1 && rows[1].handled == 0));
  CHECK(totals.vcpus()[0].entries == totals.vcpus()[0].exits + 1);
  CHECK(totals.vcpus()[0].guest_cycles == 5);
}

// Catches a machine that becomes another one when its hypervisor builds a new nested root, and two without
// nested paging that are taken for one.
TEST_CASE("a machine is its nested root, or its host address space; it keeps its number") {
  ExitTotals totals(1'000'000'000);
  for (const Event& e :
       {event(0, EventKind::VmEntry, 0x1000, 0x9000), event(1, EventKind::VmExit, 1),
        event(2, EventKind::VmEntry, 0x1000, 0xA000), event(3, EventKind::VmExit, 1),
        event(4, EventKind::VmEntry, 0x2000, 0xA000),
        event(5, EventKind::AddressSpace, 0xC000),  // the guest's own
        event(6, EventKind::VmExit, 1), event(7, EventKind::AddressSpace, 0xD000),
        event(8, EventKind::VmEntry, 0x3000, 0), event(9, EventKind::VmExit, 1),
        event(10, EventKind::AddressSpace, 0xE000), event(11, EventKind::VmEntry, 0x4000, 0)})
    totals.on_event(e);
  const auto vcpus = totals.vcpus();
  REQUIRE(vcpus.size() == 4);
  CHECK((vcpus[0].vm == 1 && vcpus[1].vm == 1 && vcpus[1].vcpu == 1));
  CHECK((vcpus[2].vm == 2 && vcpus[3].vm == 3));
}

// Catches a guest's guest that is taken for a machine of the host's own, one of the host's own that is first
// entered behind a guest's VMRUN (from another process, or after another exit), and what is told once but
// forgotten later.
TEST_CASE("a machine whose first entry answers a guest's VMRUN is inside that guest's") {
  const bool intel = GENERATE(false, true);
  const u64 run = intel ? arch::vmx::exit_code(20) : 0x80, other = intel ? arch::vmx::exit_code(12) : 0x78;
  ExitTotals totals(1'000'000'000);
  for (const Event& e :
       {event(0, EventKind::AddressSpace, 0xC000), event(1, EventKind::VmEntry, 0x1000, 0x9000),
        event(2, EventKind::VmExit, run), event(3, EventKind::VmEntry, 0x2000, 0xA000),  // the guest's guest
        event(4, EventKind::VmExit, other), event(5, EventKind::VmEntry, 0x1000, 0x9000),
        event(6, EventKind::VmExit, run), event(7, EventKind::VmEntry, 0x2000, 0xB000),
        event(8, EventKind::VmExit, other),
        event(9, EventKind::VmEntry, 0x3000, 0xD000),  // after another exit
        event(10, EventKind::VmExit, other), event(11, EventKind::VmEntry, 0x1000, 0x9000),
        event(12, EventKind::VmExit, run), event(13, EventKind::AddressSpace, 0xE000),
        event(14, EventKind::VmEntry, 0x4000, 0xF000)})  // another process'
    totals.on_event(e);
  CHECK((totals.vcpu_at(0x1000).vm == 1 && totals.vcpu_at(0x1000).inside == 0));
  CHECK((totals.vcpu_at(0x2000).vm == 2 && totals.vcpu_at(0x2000).inside == 1));
  CHECK((totals.vcpu_at(0x3000).vm == 3 && totals.vcpu_at(0x3000).inside == 0));
  CHECK((totals.vcpu_at(0x4000).vm == 4 && totals.vcpu_at(0x4000).inside == 0));
}

// Catches names that lose the number of their range.
TEST_CASE("exit codes have names") {
  CHECK(exit_label(0x03) == "read-cr3");
  CHECK(exit_label(0x10) == "write-cr0");
  CHECK(exit_label(0x27) == "read-dr7");
  CHECK(exit_label(0x4E) == "exception-14");
  CHECK(exit_label(0x60) == "interrupt");
  CHECK(exit_label(0x400) == "npf");
  CHECK(exit_label(~u64{0}) == "invalid");
  CHECK(exit_label(0x500) == "1280");
}

namespace {

/// The two events of a mark of the host's.
std::array<Event, 2> mark(Picoseconds time, arch::mark::Kind kind, u64 first, u64 second, u64 third = 0,
                          u64 who = 0, u8 core = 0) {
  return {event(time, EventKind::Mark, static_cast<u64>(kind) | who, first, core),
          event(time, EventKind::MarkDetail, second, third, core)};
}
constexpr u64 kInGuest = 1 << 18, kUser = 3 << 16;

}  // namespace

// Catches machines with shadow paging that are taken for one because they share an address space, though
// their hypervisor says whose the control blocks are; and guests that are believed when they say so.
TEST_CASE("control blocks are whose their hypervisor says") {
  using arch::mark::Kind;
  ExitTotals totals(1'000'000'000);
  const auto take = [&](const auto& events) {
    for (const Event& each : events) totals.on_event(each);
  };
  take(mark(0, Kind::ControlBlock, 0x1000, arch::mark::vcpu_id(1, 0)));
  take(mark(0, Kind::ControlBlock, 0x2000, arch::mark::vcpu_id(2, 3)));
  take(mark(0, Kind::ControlBlock, 0x2000, arch::mark::vcpu_id(7, 0), 0, kInGuest));
  take(mark(0, Kind::ControlBlock, 0x2000, arch::mark::vcpu_id(7, 0), 0, kUser));
  for (const u64 block : {0x1000, 0x2000}) {
    totals.on_event(event(1, EventKind::VmEntry, block));
    totals.on_event(event(2, EventKind::VmExit, 1));
  }
  CHECK((totals.vcpu_at(0x1000).vm == 1 && totals.vcpu_at(0x1000).vcpu == 0));
  CHECK((totals.vcpu_at(0x2000).vm == 2 && totals.vcpu_at(0x2000).vcpu == 3));
}

// Catches time that is lost, counted twice, or goes back where another processor is ahead.
TEST_CASE("a virtual processor's time is the sum of its states") {
  using arch::mark::Kind;
  using arch::mark::VcpuState;
  VcpuStates states;
  const auto say = [&](Picoseconds time, VcpuState state, u8 core = 0, u64 who = 0) {
    for (const Event& each :
         mark(time, Kind::VcpuState, arch::mark::vcpu_id(1, 2), static_cast<u64>(state), 0, who, core))
      states.on_event(each);
  };
  say(1'000, VcpuState::Ready);
  say(3'000, VcpuState::Running, 1);
  say(4'000, VcpuState::Halted, 1, kInGuest);
  say(9'000, VcpuState::Halted, 1);
  say(8'500, VcpuState::Ready, 0);  // woken by a processor that is behind
  say(9'500, VcpuState::CoStopped, 0);
  states.on_event(event(10'000, EventKind::Halt, 0));
  const auto times = states.times();
  REQUIRE(times.size() == 1);
  CHECK((times[0].vm == 1 && times[0].vcpu == 2));
  CHECK(times[0].time == std::array<Picoseconds, 5>{6'000, 2'500, 500, 0, 0});
}

// Catches a virtual processor that runs on while the thread that has it waits for a processor.
TEST_CASE("a virtual processor that a thread has is ready while that thread is") {
  using arch::mark::Kind;
  using arch::mark::VcpuState;
  VcpuStates states;
  const auto say = [&](Picoseconds time, Kind kind, u64 first, u64 second = 0) {
    for (const Event& each : mark(time, kind, first, second)) states.on_event(each);
  };
  const u64 vcpu = arch::mark::vcpu_id(1, 0);
  say(1'000, Kind::ThreadSwitch, 0x77);
  say(2'000, Kind::VcpuState, vcpu, static_cast<u64>(VcpuState::Running));
  say(3'000, Kind::ThreadSwitch, 0x88);  // set aside
  say(7'000, Kind::ThreadSwitch, 0x77);
  say(9'000, Kind::VcpuState, vcpu, static_cast<u64>(VcpuState::Halted));
  say(9'000, Kind::ThreadSwitch, 0x88);
  say(19'000, Kind::ThreadWake, 0x77);
  say(21'000, Kind::ThreadSwitch, 0x77);
  say(22'000, Kind::VcpuState, vcpu, static_cast<u64>(VcpuState::Running));
  const auto times = states.times();
  REQUIRE(times.size() == 1);
  CHECK(times[0].time == std::array<Picoseconds, 5>{1'000 + 2'000 + 1'000, 4'000 + 2'000, 0, 10'000, 0});
}

// Catches a virtual processor that is told to wait for a processor while its VMM waits for a device.
TEST_CASE("a virtual processor is blocked while the thread that has it sleeps") {
  using arch::mark::Kind;
  using arch::mark::VcpuState;
  VcpuStates states;
  const auto say = [&](Picoseconds time, Kind kind, u64 first, u64 second = 0) {
    for (const Event& each : mark(time, kind, first, second)) states.on_event(each);
  };
  say(1'000, Kind::ThreadSwitch, 0x77);
  say(1'000, Kind::VcpuState, arch::mark::vcpu_id(1, 0), static_cast<u64>(VcpuState::Running));
  say(3'000, Kind::ThreadSwitch, 0x88, 1);  // it sleeps
  say(8'000, Kind::ThreadWake, 0x77);
  say(9'000, Kind::ThreadSwitch, 0x77, 0);
  say(12'000, Kind::ThreadSwitch, 0x88, 0);  // it gives way
  say(13'000, Kind::ThreadSwitch, 0x77, 1);
  const auto times = states.times();
  REQUIRE(times.size() == 1);
  CHECK(times[0].time == std::array<Picoseconds, 5>{2'000 + 3'000, 1'000 + 1'000, 0, 0, 5'000});
}

// Catches a program's time that is charged to another machine, or to one although nobody knows for whom it
// works.
TEST_CASE("programs that work for virtual machines have their time by machine") {
  using arch::mark::Kind;
  MonitorTimes times(1'000'000'000);
  const auto take = [&](const auto& events) {
    for (const Event& each : events) times.on_event(each);
  };
  const auto user = [&](Picoseconds from, Picoseconds to) {
    times.on_event(event(from, EventKind::RingChange, 0, 3));
    times.on_event(event(to, EventKind::RingChange, 3, 0));
  };
  take(mark(0, Kind::ControlBlock, 0x1000, arch::mark::vcpu_id(1, 0)));
  take(mark(0, Kind::ControlBlock, 0x2000, arch::mark::vcpu_id(2, 0), 1));  // the management VM
  times.on_event(event(0, EventKind::AddressSpace, 0x7000));
  user(1'000, 2'000);  // has not entered a guest yet
  times.on_event(event(3'000, EventKind::VmEntry, 0x1000, 0x9000));
  user(4'000, 5'000);  // the guest's own
  times.on_event(event(6'000, EventKind::VmExit, 1));
  user(10'000, 17'000);
  times.on_event(event(20'000, EventKind::AddressSpace, 0x8000));
  user(30'000, 40'000);  // another program
  times.on_event(event(50'000, EventKind::VmEntry, 0x2000, 0xA000));
  times.on_event(event(51'000, EventKind::AddressSpace, 0xC000));
  times.on_event(event(52'000, EventKind::RingChange, 0, 3));
  take(mark(53'000, Kind::WorksFor, arch::mark::vcpu_id(1, 0), 0, 0, kInGuest | kUser));
  times.on_event(event(54'000, EventKind::RingChange, 3, 0));
  times.on_event(event(55'000, EventKind::RingChange, 0, 3));
  times.on_event(event(58'000, EventKind::VmExit, 1));
  times.on_event(event(60'000, EventKind::VmEntry, 0x2000, 0xA000));  // goes on in user mode
  times.on_event(event(65'000, EventKind::RingChange, 3, 0));
  REQUIRE(times.cycles().contains(1));
  CHECK(times.cycles().at(1).vmm_process == 7);
  CHECK(times.cycles().at(1).management_user == 3 + 5);
  CHECK(times.cycles().size() == 1);
}
