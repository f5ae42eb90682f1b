// How virtual processors of a machine run beside each other: from marks of a hypervisor, and from the threads
// of a Linux that runs them.
#include "sim/observe/vcpu_waits.hpp"

#include <catch2/catch.hpp>

#include "sim/arch/xen.hpp"

using namespace hvlab;
using namespace hvlab::observe;
using arch::mark::VcpuState;

namespace {

Event event(Picoseconds time, EventKind kind, u64 a = 0, u64 b = 0, u8 core = 0) {
  return {.time = time, .a = a, .b = b, .rip = 0, .kind = kind, .core = core, .device = 0, .sequence = 0};
}

void say(VcpuWaits& waits, Picoseconds time, unsigned vcpu, VcpuState state) {
  const u64 id = arch::mark::vcpu_id(1, vcpu);
  waits.on_event(event(time, EventKind::Mark, static_cast<u64>(arch::mark::Kind::VcpuState), id));
  waits.on_event(event(time, EventKind::MarkDetail, static_cast<u64>(state)));
}

}  // namespace

// Catches waiting that is told though nobody waits, idle processors that count while all are busy, and time
// that goes back where a processor is ahead of another.
TEST_CASE("a machine's virtual processors wait beside idle processors, or beside each other") {
  const ExitTotals exits(1'000'000'000);
  VcpuWaits waits(exits);
  say(waits, 1'000, 0, VcpuState::Running);
  say(waits, 1'000, 1, VcpuState::Halted);
  say(waits, 3'000, 1, VcpuState::Ready);  // beside its sibling
  waits.on_event(event(4'000, EventKind::Halt, 0, 0, 2));
  waits.on_event(event(6'000, EventKind::Wake, 0, 0, 2));
  say(waits, 5'500, 0, VcpuState::CoStopped);  // of a processor that is behind
  say(waits, 9'000, 0, VcpuState::Halted);
  say(waits, 9'000, 1, VcpuState::Halted);
  const auto times = waits.times(20'000);
  REQUIRE(times.size() == 1);
  CHECK(times[0].vm == 1);
  CHECK(times[0].runnable == 8'000);
  CHECK(times[0].waiting == 6'000);
  CHECK(times[0].beside_idle == 2'000);
  CHECK(times[0].partly_running == 3'000);
}

// Catches a thread that keeps the virtual processor that another one has, and one that is ready taken for one
// that sleeps.
TEST_CASE("a virtual processor of KVM's is what the thread is that enters it") {
  ExitTotals exits(1'000'000'000);
  VcpuWaits waits(exits);
  const auto enter = [&](Picoseconds time, u64 block, u8 core) {
    const Event entry = event(time, EventKind::VmEntry, block, 0x9000, core);
    exits.on_event(entry);
    waits.on_event(entry);
  };
  const auto becomes = [&](Picoseconds time, unsigned thread, u8 core, ThreadState state) {
    waits.thread_changed({.number = thread, .core = core, .time = time, .state = state});
  };
  becomes(0, 5, 0, ThreadState::Running);
  becomes(0, 6, 1, ThreadState::Running);
  enter(1'000, 0x1000, 0);
  enter(1'000, 0x2000, 1);
  becomes(2'000, 5, 0, ThreadState::Ready);  // set aside: beside its sibling
  becomes(2'000, 7, 0, ThreadState::Running);
  enter(3'000, 0x3000, 0);  // thread 7 has the third
  becomes(4'000, 6, 1, ThreadState::Sleeping);
  becomes(5'000, 7, 0, ThreadState::Sleeping);
  waits.on_event(event(5'000, EventKind::Halt, 0, 0, 0));  // and only the ready one is left
  becomes(7'000, 5, 0, ThreadState::Running);
  const auto times = waits.times(8'000);
  REQUIRE(times.size() == 1);
  CHECK(times[0].runnable == 7'000);
  CHECK(times[0].waiting == 5'000);
  CHECK(times[0].partly_running == 3'000);
  CHECK(times[0].beside_idle == 2'000);
}

// Catches a virtual processor that Xen has set aside taken for one that waits for an event, one that waits
// taken for one that could run, and one that has moved to another processor counted on both.
TEST_CASE("a virtual processor of Xen's is told by its entries and exits") {
  ExitTotals exits(1'000'000'000);
  VcpuWaits waits(exits);
  const auto tell = [&](Picoseconds time, EventKind kind, u64 a, u8 core) {
    const Event one = event(time, kind, a, 0x9000, core);
    exits.on_event(one);
    waits.on_event(one);
  };
  const auto enter = [&](Picoseconds time, u64 block, u8 core) {
    tell(time, EventKind::VmEntry, block, core);
  };
  const auto leave = [&](Picoseconds time, arch::xen::Exit why, u8 core) {
    tell(time, EventKind::VmExit, arch::xen::exit_code(why), core);
  };
  enter(0, 0x1001, 0);
  leave(500, arch::xen::Exit::Hypercall, 0);  // Xen is known by it
  enter(1'000, 0x1001, 0);
  enter(1'000, 0x1002, 1);
  leave(2'000, arch::xen::Exit::Interrupt, 0);
  enter(3'000, 0x1003, 0);  // the first one is set aside, beside both others
  leave(5'000, arch::xen::Exit::Block, 0);
  tell(5'000, EventKind::Halt, 0, 0);
  leave(6'000, arch::xen::Exit::Interrupt, 1);
  tell(7'000, EventKind::Wake, 0, 0);
  enter(7'000, 0x1001, 0);
  enter(8'000, 0x1002, 2);  // from processor 1
  leave(9'000, arch::xen::Exit::Block, 2);
  leave(9'000, arch::xen::Exit::Block, 0);
  const auto times = waits.times(20'000);
  REQUIRE(times.size() == 1);
  CHECK(times[0].runnable == 8'000);
  CHECK(times[0].waiting == 4'000);
  CHECK(times[0].beside_idle == 2'000);
  CHECK(times[0].partly_running == 4'000);
}
