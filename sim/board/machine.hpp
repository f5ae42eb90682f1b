// A whole machine: built from a configuration, loaded by its owner, run to one of its ends.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/board/console_host.hpp"
#include "sim/board/device_list.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/board/machine_devices.hpp"
#include "sim/board/processors.hpp"
#include "sim/board/ram.hpp"
#include "sim/board/recorder.hpp"
#include "sim/observe/ledger.hpp"

namespace hvlab::apic {
class LocalApic;
}
namespace hvlab::devices {
class IoApic;
class Pic;
}  // namespace hvlab::devices

namespace hvlab::board {

/// The machine's interrupt controllers, to be looked at.
struct InterruptControllers {
  std::vector<const apic::LocalApic*> local;  // by processor
  const devices::IoApic* io = nullptr;
  const devices::Pic* pic = nullptr;
};

enum class End : u8 {
  PowerOff,   // the guest switched the machine off (ACPI S5)
  DebugExit,  // the guest wrote `value` to port F4h
  Reset,      // the guest reset the machine
  TripleFault,
  VmxAbort,     // a VM exit could not be completed (SDM vol. 3, 28.7): `value` is the indicator
  HostRefused,  // the host's state was not valid at a #VMEXIT (APM vol. 2, 15.6)
  Hang,         // every processor is halted and nothing can wake one
  TimeLimit,
  InstructionLimit,
  Interrupted,  // request_stop()
};

/// The end's name as printed and stored ("power-off", "debug-exit", ...).
const char* name(End end);

struct RunEnd {
  End why = End::PowerOff;
  u32 value = 0;           // of DebugExit and VmxAbort
  unsigned processor = 0;  // in whose time it happened
};

/// What a run took so far. Plain data.
struct Statistics {
  u64 instructions = 0;  // of all processors
  u64 cycles = 0;        // summed over processors
  Picoseconds time = 0;
  std::array<u64, observe::kAccounts> ledger{};  // cycles by account; their sum is `cycles`
  EventCounts events;
  std::vector<DeviceRecord> devices;
};

class Machine {
 public:
  /// Builds and resets the machine. Throws UserError for what the configuration gets wrong (profiles, disk
  /// images). `console` may be null: then characters are dropped and none are typed. One machine a process:
  /// SystemC elaborates once.
  Machine(const MachineConfig& config, ConsoleHost* console);
  ~Machine();

  Ram& ram();
  const Ram& ram() const;
  Processors& processors();
  const Processors& processors() const;
  const timing::Profile& profile() const;

  /// Passes every event of the run on to `observer`. Before run().
  void observe_with(observe::Observer* observer);
  /// Tells `watcher` of every account that a processor's ledger opens, from now on; null ends it. It must
  /// live until then.
  void watch_ledgers(observe::LedgerWatcher* watcher);
  /// Called about every 2.5 million cycles of the machine, in the host's time: for progress. Must not touch
  /// the machine.
  void on_progress(std::function<void()> progress);
  /// Called before time jumps by the given span because every processor is idle: a console may wait for a
  /// person meanwhile.
  void on_idle(std::function<void(Picoseconds)> idle);

  /// Runs until the machine ends or a limit is reached. After a limit it can be called again and goes on.
  RunEnd run(const Processors::Limits& limits);

  /// Ends a run in progress soon; from a signal handler too.
  void request_stop();
  bool stop_requested() const;

  Statistics statistics() const;
  InterruptControllers interrupt_controllers() const;
  MachineDevices devices() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hvlab::board
