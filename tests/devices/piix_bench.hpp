// PIIX3 IDE driven the way a driver does it, by ports and interrupts: what benches with a disk and with a CD
// share.
#pragma once

#include <catch2/catch.hpp>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "pci_fakes.hpp"
#include "sim/devices/ide.hpp"
#include "sim/media/disk_medium.hpp"

namespace hvlab::test {

struct PiixBench {
  static constexpr u16 kBusMaster = 0xc000;

  FakeClock clock;
  FakeDma ram{1 << 20};
  FakeSink sink;
  FakeLine irq14, irq15;
  devices::PciBus bus;
  devices::PiixIde ide{{&ram, nullptr, {&sink, 7}}, clock, irq14, irq15};
  ConfigDriver config{bus};

  /// Once the drives are there: decodes its ports, bus mastering on.
  void switch_on() {
    bus.add(1, 0, ide);
    ide.enable_channels();
    config.write(1, 0, 0x20, 4, kBusMaster);
    config.write(1, 0, 4, 2, 5);
    clock.advance(10 * kMillisecond);
  }
  u32 in(u16 port, unsigned size = 1) {
    const auto hit = bus.find_port(port);
    return hit ? static_cast<u32>(hit.target->read(hit.offset, size)) : ~0u;
  }
  void out(u16 port, u32 value, unsigned size = 1) {
    const auto hit = bus.find_port(port);
    if (hit) hit.target->write(hit.offset, size, value);
  }
  /// Lets time pass until the interrupt comes; false after a second.
  bool wait() {
    for (int i = 0; i < 100'000 && !irq14.level; ++i) clock.advance(10 * kMicrosecond);
    return irq14.level;
  }
  /// The status behind a command.
  u8 command(u8 opcode) {
    out(0x1f7, opcode);
    wait();
    return static_cast<u8>(in(0x1f7));
  }
};

}  // namespace hvlab::test
