// What a guest may do to the devices that hypervisors give it: accesses by chance, and memory by chance in
// which descriptors and rings lie. The sanitizers find what is touched beyond the guest's memory, and
// TestBoard what is asked of the disk beyond its end.
#include "fuzz.hpp"
#include "hv-models/devices/virtio_driver.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

class Input {
 public:
  Input(const u8* at, size_t size) : at_(at), end_(at + size) {}
  bool empty() const { return at_ == end_; }
  u64 number(unsigned bytes) {
    u64 value = 0;
    for (unsigned i = 0; i < bytes && at_ != end_; ++i) value |= u64{*at_++} << 8 * i;
    return value;
  }

 private:
  const u8* at_;
  const u8* const end_;
};

constexpr u64 kRings = 0x4000;
constexpr u64 kWindows[] = {0xe000'0000, 0xe000'1000, 0xe000'2000, 0xe000'3000, 0xe000'8000, 0xe000'9000,
                            0xe000'a000, 0xe000'b000, 0xe010'0000, 0xe010'2800, 0xe010'3800, 0xe010'5000};
constexpr u16 kPorts[] = {0x1f0, 0x1f2,  0x1f4,  0x1f6,  0x1f7, 0x3f6,
                          0x3f8, 0xc000, 0xc002, 0xc004, 0xcf8, 0xcfc};

// An address that is likelier than by chance to lie where something is.
u64 address_of(Input& input) {
  const u64 kind = input.number(1);
  if (kind < 160) return input.number(2);
  if (kind < 200) return TestBoard::kHalf - 512 + input.number(1) * 4;
  if (kind < 240) return TestBoard::kMemory - 512 + input.number(1) * 4;
  return input.number(8);
}

void step(TestBoard& t, VirtioDriver* drivers[2], Input& input) {
  static constexpr unsigned kSizes[] = {1, 2, 4, 8};
  switch (input.number(1) % 12) {
    case 0:
      t.out(kPorts[input.number(1) % std::size(kPorts)], static_cast<u32>(input.number(4)),
            kSizes[input.number(1) % 3]);
      break;
    case 1: t.in(kPorts[input.number(1) % std::size(kPorts)], kSizes[input.number(1) % 3]); break;
    case 2: {
      const u64 at = kWindows[input.number(1) % std::size(kWindows)] + input.number(1);
      t.store(at, input.number(1) % 2 == 0 ? address_of(input) : input.number(4),
              kSizes[input.number(1) % 4]);
      break;
    }
    case 3:
      t.access(Space::Memory, kWindows[input.number(1) % std::size(kWindows)] + input.number(1),
               kSizes[input.number(1) % 4]);
      break;
    case 4: {
      const u64 at = address_of(input), value = input.number(8);
      if (t.find(at, 8) != nullptr) t.put<u64>(at, value);
      break;
    }
    case 5: {
      const std::vector<u8> frame(input.number(2) % 20000, 0xff);
      t.board().receive(frame.data(), static_cast<u32>(frame.size()));
      break;
    }
    case 6: t.work(input.number(1) % 4 == 0); break;
    case 7: t.disk_waits = input.number(1) % 2 != 0; break;
    case 8:
      t.access(input.number(1) % 2 != 0 ? Space::Port : Space::Memory, input.number(8), 4, input.number(8));
      break;
    case 9:
      for (unsigned i = 0; i < 2; ++i) {
        if (drivers[i] != nullptr) drivers[i]->start();
      }
      break;
    case 10: {
      VirtioDriver* driver = drivers[input.number(1) % 2];
      const u16 queue = static_cast<u16>(input.number(1) % 2), index = static_cast<u16>(input.number(1) % 16);
      if (driver == nullptr) break;
      driver->descriptor(queue, index, address_of(input), static_cast<u32>(input.number(2)),
                         static_cast<u16>(input.number(1)), static_cast<u16>(input.number(1) % 17));
      if (input.number(1) % 2 == 0) driver->offer(queue, index);
      driver->notify(queue);
      break;
    }
    default: {  // a descriptor of the network card or the bus master, and a bell
      const u64 index = input.number(1) % 8;
      t.put<u64>(kRings + 0x4000 + 16 * index, address_of(input));
      t.put<u64>(kRings + 0x4008 + 16 * index, input.number(4));
      t.store(0xe010'3818, input.number(1) % 8);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  Input input(data, size);
  const u64 kinds = input.number(1);
  devices::BoardConfiguration c = {};
  c.ide = (kinds & 1) != 0;
  c.virtio_block = !c.ide;
  c.e1000 = (kinds & 2) != 0;
  c.virtio_network = !c.e1000;
  TestBoard t(c);
  t.set_config(1, 1, 4, 7, 2);
  t.set_config(3, 0, 4, 7, 2);
  t.set_config(4, 0, 4, 7, 2);
  VirtioDriver block(t, 4, 0xe000'0000, kRings, 1), network(t, 3, 0xe000'8000, kRings + 0x1000, 2);
  VirtioDriver* drivers[2] = {c.virtio_block ? &block : nullptr, c.virtio_network ? &network : nullptr};
  for (const u32 ring : {0x2800u, 0x3800u}) {
    t.store(0xe010'0000 + ring, kRings + (ring == 0x2800 ? 0x3000 : 0x4000));
    t.store(0xe010'0008 + ring, 128);
  }
  t.store(0xe010'2818, 7);
  t.store(0xe010'0100, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 15);
  t.store(0xe010'0400, 1 << 1);
  t.out(0xc004, kRings + 0x4000, 4);
  for (unsigned steps = 0; !input.empty() && steps < 500; ++steps) step(t, drivers, input);
  while (t.work()) {
  }
  while (t.board().is_late()) t.board().catch_up();
  return 0;
}
