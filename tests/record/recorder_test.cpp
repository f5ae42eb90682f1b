// What the recorder makes of events and ledgers.
#include "sim/record/trace_recorder.hpp"

#include <catch2/catch.hpp>
#include <regex>

#include "sim/observe/mark.hpp"
#include "sim/record/trace_reader.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::record;
using observe::Account;
using observe::EventKind;

namespace {

constexpr u64 kHertz = 1'000'000'000;  // a cycle is 1000 ps

struct Recording {
  test::TemporaryFolder folder{"recorder"};
  std::string path = (folder.path / "t").string();
  TraceRecorder recorder;

  explicit Recording(RecordLevel level)
      : recorder({.file = path,
                  .level = level,
                  .frequency_hz = kHertz,
                  .cores = 1,
                  .devices = {"nobody", "disk"}}) {
    recorder.account_opened(0, Account::HostKernel, 0);
  }

  void event(Picoseconds time, EventKind kind, u64 a = 0, u64 b = 0, observe::DeviceId device = 0) {
    recorder.on_event(
        {.time = time, .a = a, .b = b, .rip = 0, .kind = kind, .core = 0, .device = device, .sequence = 0});
  }

  // "lane:state@time" of every state, "lane:KIND@time" of other records
  std::string story(u64 last_cycle) {
    recorder.finish({last_cycle});
    const TraceReader reader(path);
    std::string text;
    reader.each(0, kNever, [&](const Record& record) {
      const bool state = record.kind == trace_kind::kState;
      text += reader.lanes().at(record.lane).name + ":" +
              (state ? reader.state_name(record.lane, record.a) : reader.name(NameTable::Kind, record.kind)) +
              "@" + std::to_string(record.time / 1000) + " ";
      return true;
    });
    return text;
  }
};

}  // namespace

// Catches states of virtual processors that do not follow entries, exits and the host's turning away.
TEST_CASE("a virtual processor runs, is handled, halts, is away") {
  Recording run(RecordLevel::Summary);
  run.event(5'000, EventKind::AddressSpace, 0x7000);
  run.event(10'000, EventKind::VmEntry, 0x1000, 0x9000);
  run.event(20'000, EventKind::VmExit, 0x400);
  run.event(20'000, EventKind::VmExitDetail, 1, 10);
  run.event(25'000, EventKind::AddressSpace, 0x7001);  // the same tables
  run.event(30'000, EventKind::AddressSpace, 0x8000);
  run.event(40'000, EventKind::VmEntry, 0x1000, 0x9000);
  run.event(45'000, EventKind::AddressSpace, 0xA000);  // the guest's
  run.event(50'000, EventKind::VmExit, 0x78);
  run.event(60'000, EventKind::AddressSpace, 0x7000);
  CHECK(run.story(70) ==
        "core 0:host-kernel@0 vm 1 vcpu 0:running@10 vm 1 vcpu 0:vm-exit@20 vm 1 vcpu 0:exit-handling@20 "
        "vm 1 vcpu 0:vm-exit-detail@20 vm 1 vcpu 0:away@30 vm 1 vcpu 0:running@40 vm 1 vcpu 0:vm-exit@50 "
        "vm 1 vcpu 0:halted@50 core 0:ended@70 vm 1 vcpu 0:ended@70 disk:ended@70 ");
}

// Catches a halt of Intel's that is not seen as one, and a reason that has no name in the trace.
TEST_CASE("exits of both vendors are told alike") {
  Recording run(RecordLevel::Summary);
  constexpr u64 kVmx = u64{1} << 32;
  run.event(10'000, EventKind::VmEntry, 0x1000, 0x9000);
  run.event(20'000, EventKind::VmExit, kVmx | 48, 0x182);
  run.event(20'000, EventKind::VmExitDetail, 0xFEE0'0000, 10);
  run.event(40'000, EventKind::VmEntry, 0x1000, 0x9000);
  run.event(50'000, EventKind::VmExit, kVmx | 12);
  const std::string story = run.story(70);
  CHECK(story.find("vm 1 vcpu 0:exit-handling@20") != std::string::npos);
  CHECK(story.find("vm 1 vcpu 0:halted@50") != std::string::npos);
  const TraceReader trace(run.path);
  CHECK(trace.name(NameTable::ExitReason, kVmx | 48) == "EPT_VIOLATION");
  CHECK(trace.name(NameTable::ExitReason, kVmx | 12) == "HLT");
}

// Catches states that are guessed although the hypervisor marks them, and marks that have no lane.
TEST_CASE("a virtual processor that is marked is ready, co-stopped and halted as its hypervisor says") {
  Recording run(RecordLevel::Summary);
  const auto mark = [&](Picoseconds time, arch::mark::Kind kind, u64 first, u64 second) {
    run.event(time, EventKind::Mark, static_cast<u64>(kind), first);
    run.event(time, EventKind::MarkDetail, second, 0);
  };
  const u64 id = arch::mark::vcpu_id(2, 1);
  const auto state = [&](Picoseconds time, u64 value) { mark(time, arch::mark::Kind::VcpuState, id, value); };
  mark(1'000, arch::mark::Kind::ControlBlock, 0x1000, id);
  state(2'000, 1);
  state(3'000, 0);
  run.event(10'000, EventKind::VmEntry, 0x1000);
  run.event(20'000, EventKind::VmExit, 0x78);
  run.event(25'000, EventKind::AddressSpace, 0x8000);
  state(30'000, 3);
  state(40'000, 2);
  std::string story = run.story(70);
  story = std::regex_replace(story, std::regex("core 0:software-mark[a-z-]*@[0-9]+ "), "");
  CHECK(story ==
        "core 0:host-kernel@0 vm 2 vcpu 1:ready@2 vm 2 vcpu 1:exit-handling@3 vm 2 vcpu 1:running@10 "
        "vm 2 vcpu 1:vm-exit@20 vm 2 vcpu 1:exit-handling@20 vm 2 vcpu 1:halted@30 vm 2 vcpu 1:co-stopped@40 "
        "core 0:ended@70 vm 2 vcpu 1:ended@70 disk:ended@70 ");
}

// Catches a trace that grows with the number of slices in which a processor is idle.
TEST_CASE("idle time in pieces is one idle time") {
  Recording run(RecordLevel::Summary);
  for (u64 cycle = 100; cycle < 1000; cycle += 100) {
    run.recorder.account_opened(0, Account::Idle, cycle);
    run.recorder.account_opened(0, Account::HostKernel, cycle + 100);
  }
  run.recorder.account_opened(0, Account::HostUser, 1200);
  CHECK(
      run.story(1300) ==
      "core 0:host-kernel@0 core 0:idle@100 core 0:host-kernel@1000 core 0:host-user@1200 core 0:ended@1300 "
      "disk:ended@1300 ");
}

// Catches a device that is idle while requests are under way.
TEST_CASE("a device is busy from its first request to the end of its last") {
  Recording run(RecordLevel::Full);
  run.event(1'000, EventKind::RequestStart, 1, 512, 1);
  run.event(2'000, EventKind::RequestStart, 2, 512, 1);
  run.event(3'000, EventKind::RequestDone, 2, 512, 1);
  run.event(4'000, EventKind::RequestDone, 1, 512, 1);
  run.event(5'000, EventKind::PortRead, 0x80);
  CHECK(run.story(6) ==
        "core 0:host-kernel@0 disk:request-start@1 disk:busy@1 disk:request-start@2 disk:busy@2 "
        "disk:request-done@3 disk:busy@3 disk:request-done@4 disk:idle@4 core 0:port-read@5 core 0:ended@6 "
        "disk:ended@6 ");
}

// Catches events that the summary level neither records nor counts, and marks that are not found.
TEST_CASE("the summary level counts what it does not record; marks are recorded") {
  Recording run(RecordLevel::Summary);
  Picoseconds time = 1'000'000;
  for (const char c : std::string("noise\nHVLAB begin\n"))
    run.event(time += 1000, EventKind::Console, static_cast<u8>(c), 0, 1);
  for (u64 i = 0; i < 5; ++i) run.event(time += 1000, EventKind::PortRead, 0x80);
  run.recorder.finish({2000});
  const TraceReader reader(run.path);
  u64 port_reads = 0;
  for (const Entry& entry : reader.levels().back().entries)
    if (entry.what == static_cast<u16>(EventKind::PortRead)) port_reads += entry.value;
  CHECK(port_reads == 5);
  std::vector<Record> marks;
  reader.each(0, kNever, [&](const Record& record) {
    CHECK(record.kind != static_cast<u8>(EventKind::PortRead));
    if (record.kind == trace_kind::kMark) marks.push_back(record);
    return true;
  });
  REQUIRE(marks.size() == 1);
  CHECK(reader.name(NameTable::Mark, marks[0].a) == "HVLAB begin");
  CHECK((marks[0].time == 1'018'000 && marks[0].b == 1'007'000));
}

// Catches names of functions that depend on the order of a hash, or are told of a guest's addresses.
TEST_CASE("functions in which the machine's own system reported are named at the end") {
  Recording run(RecordLevel::Full);
  const auto at = [&](Picoseconds time, EventKind kind, u64 a, u64 rip) {
    run.recorder.on_event(
        {.time = time, .a = a, .b = 0, .rip = rip, .kind = kind, .core = 0, .device = 0, .sequence = 0});
  };
  constexpr u64 kKernel = 0xFFFF'FFFF'8100'0000;
  at(1'000, EventKind::PortRead, 1, kKernel + 0x240);
  at(2'000, EventKind::PortRead, 1, kKernel + 0x110);
  at(3'000, EventKind::PortRead, 1, 0x4000);
  at(4'000, EventKind::VmEntry, 0x1000, kKernel + 0x118);
  at(5'000, EventKind::PortRead, 1, kKernel + 0x310);
  std::vector<u64> asked;
  run.recorder.finish({6}, [&](u64 address) {
    asked.push_back(address);
    return NameEntry{.table = NameTable::Symbol, .key = address & ~u64{0xFF}, .value = 0, .text = "f"};
  });
  CHECK(asked == std::vector<u64>{kKernel + 0x110, kKernel + 0x240});
  CHECK(TraceReader(run.path).names(NameTable::Symbol).size() == 2);
}

// Catches guests' functions under the names of the machine's own system, and programs' addresses named at
// all.
TEST_CASE(
    "functions in which virtual machines' kernels were left are named at the end, in a table of their own") {
  Recording run(RecordLevel::Summary);
  constexpr u64 kKernel = 0xFFFF'FFFF'8100'0000;
  const auto leaves = [&](Picoseconds time, u64 rip) {
    run.event(time, EventKind::VmEntry, 0x1000);
    run.recorder.on_event({.time = time + 500,
                           .a = 0x400,
                           .b = 0,
                           .rip = rip,
                           .kind = EventKind::VmExit,
                           .core = 0,
                           .device = 0,
                           .sequence = 0});
  };
  leaves(1'000, kKernel + 0x310);
  leaves(2'000, 0x4000);
  leaves(3'000, kKernel + 0x120);
  std::vector<u64> asked;
  run.recorder.finish({6}, nullptr, [&](u64 address) {
    asked.push_back(address);
    return NameEntry{.table = NameTable::GuestSymbol, .key = address & ~u64{0xFF}, .value = 0, .text = "g"};
  });
  CHECK(asked == std::vector<u64>{kKernel + 0x120, kKernel + 0x310});
  CHECK(TraceReader(run.path).names(NameTable::GuestSymbol).size() == 2);
  CHECK(TraceReader(run.path).names(NameTable::Symbol).empty());
}
