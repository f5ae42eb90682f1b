// A recording with exits of two virtual processors whose costs are known, made by the recorder itself.
#pragma once

#include <string>

#include "sim/record/trace_recorder.hpp"

namespace hvlab::test {

/// One cycle is a nanosecond: processors of 1 GHz.
class ExitRecording {
 public:
  explicit ExitRecording(const std::string& path, unsigned cores = 2)
      : recorder_({.file = path,
                   .level = record::RecordLevel::Summary,
                   .frequency_hz = 1'000'000'000,
                   .cores = cores,
                   .devices = {"nobody", "disk"}}) {}

  void account(unsigned core, u64 cycle, observe::Account account) {
    recorder_.account_opened(core, account, cycle);
  }
  void event(unsigned core, u64 cycle, observe::EventKind kind, u64 a, u64 b, u64 rip = 0) {
    recorder_.on_event({.time = cycle * kNanosecond,
                        .a = a,
                        .b = b,
                        .rip = rip,
                        .kind = kind,
                        .core = static_cast<u8>(core),
                        .device = 0,
                        .sequence = 0});
  }
  /// Control block `block`, of the machine with nested root `root`.
  void entry(unsigned core, u64 cycle, u64 block, u64 root) {
    event(core, cycle, observe::EventKind::VmEntry, block, root);
    account(core, cycle, observe::Account::GuestKernel);
  }
  void exit(unsigned core, u64 cycle, u64 reason, u64 info1, u64 info2, u64 rip, u64 ran) {
    event(core, cycle, observe::EventKind::VmExit, reason, info1, rip);
    event(core, cycle, observe::EventKind::VmExitDetail, info2, ran, rip);
    account(core, cycle, observe::Account::WorldSwitch);
  }
  /// From an exit at `cycle` to the entry at `until`: 10 cycles out, 10 in, the hypervisor in between.
  void handle(unsigned core, u64 cycle, u64 until, u64 block, u64 root) {
    account(core, cycle + 10, observe::Account::Hypervisor);
    account(core, until - 10, observe::Account::WorldSwitch);
    entry(core, until, block, root);
  }
  void finish(u64 cycle, unsigned cores = 2) { recorder_.finish(std::vector<u64>(cores, cycle)); }

  record::TraceRecorder& recorder() { return recorder_; }

 private:
  record::TraceRecorder recorder_;
};

inline constexpr u64 kHlt = 0x78, kIo = 0x7B, kNpf = 0x400;

/// Machine 1 with one virtual processor on processor 0, machine 2 with one on processor 1, 2000 cycles.
///   processor 0: host kernel to 100, guest; exits at 200 (npf, 50 cycles), 300 (npf, 150), 500 (io, 100, of
///   which 40 the VMM process), 700 (hlt: idle from 720 on, entered at 1000 on processor 1!)
///   processor 1: idle to 400, guest; exit at 600 (io, 80), 800 (hlt, never entered again)
inline void record_exits(const std::string& path) {
  using observe::Account;
  ExitRecording run(path);
  run.account(0, 0, Account::HostKernel);
  run.account(1, 0, Account::Idle);
  run.entry(0, 100, 0x1000, 0x9000);
  run.exit(0, 200, kNpf, 0x6, 0xFEE0'00B0, 0xFFFF'8010, 100);
  run.handle(0, 200, 250, 0x1000, 0x9000);
  run.exit(0, 300, kNpf, 0x4, 0xFEE0'0020, 0xFFFF'8020, 50);
  run.handle(0, 300, 450, 0x1000, 0x9000);
  run.entry(1, 400, 0x2000, 0xA000);
  run.exit(0, 500, kIo, 0x03F8'0010, 0, 0xFFFF'8010, 50);
  run.account(0, 510, Account::Hypervisor);
  run.account(0, 530, Account::VmmProcess);
  run.account(0, 570, Account::Hypervisor);
  run.account(0, 590, Account::WorldSwitch);
  run.entry(0, 600, 0x1000, 0x9000);
  run.exit(1, 600, kIo, 0x03F8'0011, 0, 0xFFFF'8030, 200);
  run.handle(1, 600, 680, 0x2000, 0xA000);
  run.exit(0, 700, kHlt, 0, 0, 0xFFFF'8040, 100);
  run.account(0, 710, Account::Hypervisor);
  run.account(0, 720, Account::Idle);
  run.exit(1, 800, kHlt, 0, 0, 0xFFFF'8040, 120);
  run.account(1, 810, Account::Hypervisor);
  run.account(1, 830, Account::HostKernel);
  run.account(1, 990, Account::WorldSwitch);
  run.entry(1, 1000, 0x1000, 0x9000);
  run.finish(2000);
}

}  // namespace hvlab::test
