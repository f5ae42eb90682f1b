// A small recording made by the recorder itself: a virtual processor's exits, a disk's request, a mark.
#pragma once

#include <string>

#include "sim/record/trace_recorder.hpp"

namespace hvlab::test {

/// Writes it to `path`. The last exit's reason is `reason`; everything else is always the same.
inline void write_recording(const std::string& path, u64 reason = 0x78) {
  using observe::Account;
  using observe::EventKind;
  record::TraceRecorder recorder({.file = path,
                                  .level = record::RecordLevel::Full,
                                  .frequency_hz = 1'000'000'000,
                                  .cores = 1,
                                  .devices = {"nobody", "disk"}});
  const auto event = [&](Picoseconds time, EventKind kind, u64 a, u64 b = 0, observe::DeviceId device = 0) {
    recorder.on_event({.time = time,
                       .a = a,
                       .b = b,
                       .rip = device == 0 ? 0xFFFF'8000 : u64{0},
                       .kind = kind,
                       .core = 0,
                       .device = device,
                       .sequence = 0});
  };
  recorder.account_opened(0, Account::HostKernel, 0);
  event(10'000, EventKind::VmEntry, 0x1000, 0x9000);
  recorder.account_opened(0, Account::GuestKernel, 12);
  event(20'000, EventKind::VmExit, 0x400, 0x14);
  event(20'000, EventKind::VmExitDetail, 0xFEE0'0000, 8);
  recorder.account_opened(0, Account::Hypervisor, 22);
  event(25'000, EventKind::RequestStart, 1, (u64{1} << 63) | 512, 1);
  event(30'000, EventKind::VmEntry, 0x1000, 0x9000);
  recorder.account_opened(0, Account::GuestKernel, 31);
  event(35'000, EventKind::RequestDone, 1, 512, 1);
  event(40'000, EventKind::VmExit, reason, 0);
  recorder.account_opened(0, Account::Idle, 42);
  for (const char c : std::string("HVLAB done\n"))
    event(50'000, EventKind::Console, static_cast<u8>(c), 0, 1);
  recorder.finish({60});
}

}  // namespace hvlab::test
