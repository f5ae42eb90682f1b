// A PC: the devices of an i440FX/PIIX3 board with PIIX4 power management, placed, wired and set up as
// firmware leaves them.
#pragma once

#include <functional>
#include <memory>

#include "sim/board/console_host.hpp"
#include "sim/board/device_list.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/board/machine_devices.hpp"
#include "sim/board/processors.hpp"
#include "sim/board/ram.hpp"
#include "sim/board/recorder.hpp"
#include "sim/timing/profile.hpp"

namespace hvlab::board {

enum class End : u8;
struct InterruptControllers;

class Pc {
 public:
  struct Parts {
    const timing::Profile& profile;
    Ram& ram;
    Processors& processors;  // empty: the PC adds them, with their local APICs
    Recorder& recorder;
    ConsoleHost* console;                         // may be null
    std::function<void(End why, u32 value)> end;  // a device ends the run
  };

  /// Throws UserError for disks, links and profiles that are not as the configuration says.
  Pc(const MachineConfig& config, const Parts& parts);
  ~Pc();

  const DeviceList& devices() const;
  InterruptControllers interrupt_controllers() const;
  MachineDevices machine_devices() const;

  /// Looks at what reaches outside (the host's network); called now and then while the machine runs. True if
  /// there is such a thing: an idle machine should then wait in the host's time too.
  bool look_outside();

  /// The run has ended: hands characters still on the serial wire to the console.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hvlab::board
