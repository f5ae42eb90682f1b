// What PCI devices are soldered to in tests: RAM, a message sink, wires, an observer, and a
// configuration-space driver.
#pragma once

#include <cstring>
#include <vector>

#include "fake_wires.hpp"
#include "sim/devices/pci.hpp"

namespace hvlab::test {

struct FakeDma final : Dma {
  explicit FakeDma(size_t bytes) : ram(bytes) {}
  void read(u64 address, void* to, size_t bytes) override {
    for (size_t i = 0; i < bytes; ++i)
      static_cast<u8*>(to)[i] = address + i < ram.size() ? ram[address + i] : u8{0xff};
  }
  void write(u64 address, const void* from, size_t bytes) override {
    for (size_t i = 0; i < bytes; ++i)
      if (address + i < ram.size()) ram[address + i] = static_cast<const u8*>(from)[i];
  }
  template <typename T>
  void put(u64 address, T value) {
    write(address, &value, sizeof value);
  }
  template <typename T>
  T get(u64 address) {
    T value;
    read(address, &value, sizeof value);
    return value;
  }
  std::vector<u8> ram;
};

struct FakeSink final : observe::DeviceProbe::Sink {
  struct Record {
    observe::EventKind kind;
    u64 a, b;
  };
  void device_event(observe::DeviceId, observe::EventKind kind, u64 a, u64 b) override {
    records.push_back({kind, a, b});
  }
  size_t count(observe::EventKind kind) const {
    size_t n = 0;
    for (const Record& record : records) n += record.kind == kind;
    return n;
  }
  std::vector<Record> records;
};

/// Configuration mechanism #1 as software drives it.
struct ConfigDriver {
  devices::PciBus& bus;
  void select(unsigned device, unsigned function, unsigned offset) {
    bus.config_ports().write(0, 4, 0x8000'0000u | device << 11 | function << 8 | (offset & 0xfc));
  }
  u32 read(unsigned device, unsigned function, unsigned offset, unsigned size) {
    select(device, function, offset);
    return static_cast<u32>(bus.config_ports().read(4 + (offset & 3), size));
  }
  void write(unsigned device, unsigned function, unsigned offset, unsigned size, u32 value) {
    select(device, function, offset);
    bus.config_ports().write(4 + (offset & 3), size, value);
  }
};

}  // namespace hvlab::test
