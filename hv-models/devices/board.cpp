#include "hv-models/devices/board.hpp"

namespace hvlab::devices {
namespace {

constexpr unsigned kBlockPin = 11;
constexpr u32 kBlockAddress = 0xe000'0000, kNetworkAddress = 0xe000'8000;

Line line_of(const Line& lines, unsigned pin) { return {lines.change, lines.context, pin}; }

}  // namespace

Board::Board(const BoardConfiguration& c)
    : configuration_(c),
      serial_(c.console, line_of(c.lines, SerialPort::kPin)),
      host_bridge_(0x8086, 0x1237, 0x06000002),
      isa_bridge_(0x8086, 0x7000, 0x06010000),
      ide_(c.memory, line_of(c.lines, Ide::kPin), c.disk),
      e1000_(c.memory, line_of(c.lines, kNetworkPin), c.wire),
      block_(c.memory, line_of(c.lines, kBlockPin), c.disk, kBlockAddress),
      network_(c.memory, line_of(c.lines, kNetworkPin), c.wire, kNetworkAddress) {
  bus_.add(0, 0, host_bridge_);
  bus_.add(1, 0, isa_bridge_);
  isa_bridge_.set_multifunction();
  if (c.ide) bus_.add(1, 1, ide_.pci());
  if (c.e1000) bus_.add(3, 0, e1000_.pci());
  if (c.virtio_network) bus_.add(3, 0, network_.pci().pci());
  if (c.virtio_block) bus_.add(4, 0, block_.pci().pci());
}

void Board::access(Access& access) {
  const bool done = access.space == Space::Port ? access_port(access) : access_memory(access);
  if (!done && !access.write) access.value = ~u64{0};
}

bool Board::access_port(Access& access) {
  const u16 port = static_cast<u16>(access.address);
  const u32 value = static_cast<u32>(access.value);
  if (port >= SerialPort::kFirst && port < SerialPort::kFirst + SerialPort::kPorts) {
    const unsigned reg = port - SerialPort::kFirst;
    if (access.write) {
      serial_.write(reg, static_cast<u8>(value));
    } else {
      access.value = serial_.read(reg);
    }
    return true;
  }
  if (port >= PciBus::kFirst && port < PciBus::kFirst + PciBus::kPorts) {
    if (access.write) {
      bus_.write(port, value, access.bytes);
    } else {
      access.value = bus_.read(port, access.bytes);
    }
    return true;
  }
  return configuration_.ide && access_ide(access);
}

bool Board::access_ide(Access& access) {
  const u16 port = static_cast<u16>(access.address);
  const u32 value = static_cast<u32>(access.value);
  u64 bus_master = 0;
  if (port >= Ide::kCommand && port < Ide::kCommand + 8) {
    const unsigned reg = port - Ide::kCommand;
    if (access.write) {
      ide_.write(reg, value, access.bytes);
    } else {
      access.value = ide_.read(reg, access.bytes);
    }
    return true;
  }
  if (port == Ide::kControl) {
    if (access.write) {
      ide_.write_control(static_cast<u8>(value));
    } else {
      access.value = ide_.alternate_status();
    }
    return true;
  }
  if (!ide_.pci().ports_at(Ide::kBusMasterBar, bus_master) || port < bus_master ||
      port >= bus_master + Ide::kBusMasterPorts)
    return false;
  const unsigned reg = static_cast<unsigned>(port - bus_master);
  if (access.write) {
    ide_.write_bus_master(reg, value, access.bytes);
  } else {
    access.value = ide_.read_bus_master(reg, access.bytes);
  }
  return true;
}

namespace {

/// True, with the offset, if the address lies in the function's memory.
bool hit(const PciFunction& function, unsigned bar, u32 bytes, u64 address, u32& offset) {
  u64 base = 0;
  if (!function.memory_at(bar, base) || address < base || address >= base + bytes) return false;
  offset = static_cast<u32>(address - base);
  return true;
}

void access_virtio(VirtioPci& device, u32 offset, Access& access) {
  if (access.write) {
    device.write(offset, static_cast<u32>(access.value), access.bytes);
    if (access.bytes == 8) device.write(offset + 4, static_cast<u32>(access.value >> 32), 4);
  } else {
    access.value = device.read(offset, access.bytes < 4 ? access.bytes : 4);
    if (access.bytes == 8) access.value |= u64{device.read(offset + 4, 4)} << 32;
  }
}

}  // namespace

bool Board::access_memory(Access& access) {
  u32 offset = 0;
  if (configuration_.e1000 && hit(e1000_.pci(), E1000::kBar, E1000::kBytes, access.address, offset)) {
    if (access.write) {
      e1000_.write(offset, static_cast<u32>(access.value));
    } else {
      access.value = e1000_.read(offset & ~3u) >> 8 * (offset & 3);
    }
    return true;
  }
  if (configuration_.virtio_block &&
      hit(block_.pci().pci(), VirtioPci::kBar, VirtioPci::kBytes, access.address, offset)) {
    access_virtio(block_.pci(), offset, access);
    return true;
  }
  if (configuration_.virtio_network &&
      hit(network_.pci().pci(), VirtioPci::kBar, VirtioPci::kBytes, access.address, offset)) {
    access_virtio(network_.pci(), offset, access);
    return true;
  }
  return false;
}

void Board::catch_up() {
  block_.catch_up();
  network_.catch_up();
}

bool Board::send_doorbell(u64& address) {
  const bool e1000 = configuration_.e1000;
  const PciFunction& card = e1000 ? e1000_.pci() : network_.pci().pci();
  u64 base = 0;
  if (!(e1000 || configuration_.virtio_network) ||
      !card.memory_at(e1000 ? E1000::kBar : VirtioPci::kBar, base))
    return false;
  address = base + (e1000 ? E1000::kSendDoorbell : VirtioNetwork::kSendDoorbell);
  return true;
}

bool Board::has_room() {
  if (configuration_.e1000) return e1000_.has_room();
  return !configuration_.virtio_network || network_.has_room();
}

bool Board::receive(const u8* frame, u32 bytes) {
  if (configuration_.e1000) return e1000_.receive(frame, bytes);
  return configuration_.virtio_network && network_.receive(frame, bytes);
}

}  // namespace hvlab::devices
