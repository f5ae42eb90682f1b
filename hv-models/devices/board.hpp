// A guest's devices at their ports and addresses. Who owns the board calls it for one access at a time.
#pragma once

#include "hv-models/devices/access.hpp"
#include "hv-models/devices/serial_port.hpp"

namespace hvlab::devices {

class Board {
 public:
  explicit Board(const TextSink& console, const Line& lines)
      : serial_(console, {lines.change, lines.context, SerialPort::kPin}) {}

  /// What no device answers reads as ones, as on an open bus.
  void access(Access& access);

 private:
  void access_port(Access& access);
  SerialPort serial_;
};

}  // namespace hvlab::devices
