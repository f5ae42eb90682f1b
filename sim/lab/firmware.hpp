// A machine that starts in its firmware: the ROM, and what the machine tells it.
#pragma once

#include <fstream>
#include <string>

#include "sim/board/machine.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/observe/event.hpp"

namespace hvlab::lab {

/// Puts the firmware `path` (empty: debian_firmware()) into the machine, and the files that it reads, with
/// the first serial port as its screen and keyboard. Throws UserError.
void add_firmware(const std::string& path, board::MachineConfig& machine);

/// Writes what firmware says on its debug port.
class FirmwareLog final : public observe::Observer {
 public:
  /// `file` is open.
  FirmwareLog(const board::Machine& machine, std::ofstream& file);
  void on_event(const observe::Event& event) override {
    if (event.kind == observe::EventKind::Console && event.device == device_)
      file_.put(static_cast<char>(event.a));
  }

 private:
  std::ofstream& file_;
  size_t device_;
};

}  // namespace hvlab::lab
