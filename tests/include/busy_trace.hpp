// A trace of any number of events, the same each time: for benchmarks, and tests of what looks at traces.
#pragma once

#include <string>

#include "sim/record/trace_recorder.hpp"

namespace hvlab::test {

inline constexpr u64 kBusyHertz = 3'400'000'000;

/// Reports to `recorder` some `count` events: exits, rings, memory-mapped registers and requests on 4
/// processors with 2 virtual processors each, at irregular times; a line on a console every 10000 events. The
/// cycle at which they end.
inline u64 record_busy_events(record::TraceRecorder& recorder, u64 count) {
  using observe::Account;
  using observe::EventKind;
  u64 seed = 42, cycle = 0;
  const auto next = [&] { return (seed = seed * 6364136223846793005 + 1442695040888963407) >> 33; };
  const auto event = [&](u8 core, EventKind kind, u64 a, u64 b, observe::DeviceId device = 0) {
    recorder.on_event({.time = cycle * 5000 / 17,
                       .a = a,
                       .b = b,
                       .rip = device != 0 ? 0 : 0xFFFF'FFFF'8100'0000 + (next() & 0xFF'FFF0),
                       .kind = kind,
                       .core = core,
                       .device = device,
                       .sequence = 0});
  };
  for (u64 i = 0; i < count; i += 10) {
    const u8 core = static_cast<u8>(i / 10 % 4);
    cycle += next() % 6000;
    recorder.account_opened(core, Account::WorldSwitch, cycle);
    event(core, EventKind::VmEntry, 0x10000 + 0x1000 * (core * 2 + next() % 2), 0x9000);
    recorder.account_opened(core, Account::GuestKernel, cycle += 500);
    event(core, EventKind::RingChange, 0, 3);
    event(core, EventKind::VmExit, next() % 8 == 0 ? 0x78 : 0x400 + next() % 2, next());
    event(core, EventKind::VmExitDetail, next(), 2000);
    recorder.account_opened(core, Account::Hypervisor, cycle += 900);
    event(core, EventKind::MmioWrite, 0xFEE0'0000 + (next() & 0xFF0), next());
    event(core, i % 40 == 0 ? EventKind::RequestStart : EventKind::RequestDone, i, 4096, 1);
    if (i % 10'000 != 0) continue;
    for (const char byte : "HVLAB step=" + std::to_string(i / 10'000) + "\n")
      event(core, EventKind::Console, static_cast<u8>(byte), 0, 2);
  }
  return cycle;
}

/// Writes such a trace to `file`.
inline void write_busy_trace(const std::string& file, u64 count,
                             record::RecordLevel level = record::RecordLevel::Full) {
  record::TraceRecorder recorder({.file = file,
                                  .level = level,
                                  .frequency_hz = kBusyHertz,
                                  .cores = 4,
                                  .devices = {"nobody", "disk", "com1"}});
  const u64 cycle = record_busy_events(recorder, count);
  recorder.finish({cycle, cycle, cycle, cycle});
}

}  // namespace hvlab::test
