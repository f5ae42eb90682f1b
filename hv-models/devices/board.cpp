#include "hv-models/devices/board.hpp"

namespace hvlab::devices {

void Board::access(Access& access) {
  if (access.space == Space::Port) return access_port(access);
  if (!access.write) access.value = ~u64{0};
}

void Board::access_port(Access& access) {
  const u64 port = access.address;
  if (port >= SerialPort::kFirst && port < SerialPort::kFirst + SerialPort::kPorts) {
    const unsigned reg = static_cast<unsigned>(port - SerialPort::kFirst);
    if (access.write) return serial_.write(reg, static_cast<u8>(access.value));
    access.value = serial_.read(reg);
    return;
  }
  if (!access.write) access.value = ~u64{0};
}

}  // namespace hvlab::devices
