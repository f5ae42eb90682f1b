// A guest's accesses to a CD drive, and time that passes between them: four bytes each.
#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "fuzz.hpp"
#include "pci_fakes.hpp"
#include "sim/devices/ide.hpp"
#include "sim/media/disk_medium.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr u16 kBusMaster = 0xc000, kPrimary = 0x1f0, kControl = 0x3f6;

struct Board {
  FakeClock clock;
  FakeDma ram{1 << 16};
  FakeSink sink;
  FakeLine irq14, irq15;
  devices::PciBus bus;
  media::DiskMedium disc{"disc", media::DiskImage::blank(4096 * 100), media::load_disk_profile("ram"), clock};
  devices::PiixIde ide{{&ram, nullptr, {&sink, 1}}, clock, irq14, irq15};
  ConfigDriver config{bus};

  Board() {
    bus.add(1, 0, ide);
    ide.plug_cdrom(0, 0, disc);
    ide.enable_channels();
    config.write(1, 0, 0x20, 4, kBusMaster);
    config.write(1, 0, 4, 2, 5);
    clock.advance(10 * kMillisecond);
  }
  void out(u16 port, u32 value, unsigned size) {
    if (const auto hit = bus.find_port(port); hit) hit.target->write(hit.offset, size, value);
  }
  void in(u16 port, unsigned size) {
    if (const auto hit = bus.find_port(port); hit) hit.target->read(hit.offset, size);
  }
  /// Eight bytes of a packet are the input's, so that a mutation finds the packets.
  void packet(const u8* bytes) {
    out(kPrimary + 7, 0xa0, 1);
    clock.advance(kMillisecond);
    for (unsigned i = 0; i < 12; i += 2)
      out(kPrimary, i < 8 ? static_cast<u32>(bytes[i] | bytes[i + 1] << 8) : 0, 2);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  Board board;
  for (size_t at = 0; at + 12 <= size && at < 4096; at += 4) {
    const u8 *const step = data + at, width = static_cast<u8>(1 << (step[1] >> 4) % 3);
    const u32 value = static_cast<u32>(step[2] | step[3] << 8);
    switch (step[0] % 7) {
      case 0: board.out(static_cast<u16>(kPrimary + (step[1] & 7)), value, width); break;
      case 1: board.in(static_cast<u16>(kPrimary + (step[1] & 7)), width); break;
      case 2: board.out(static_cast<u16>(kBusMaster + (step[1] & 7)), value, width); break;
      case 3: board.out(kControl, value & 0xff, 1); break;
      case 4: board.clock.advance(value * kMicrosecond); break;
      case 5:
        board.packet(step + 4);
        at += 8;
        break;
      default: board.ram.put<u32>(value, static_cast<u32>(step[1] << 8)); break;
    }
  }
  return 0;
}
