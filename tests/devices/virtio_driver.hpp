// A small virtio driver for tests: finds the device's structures through its capabilities, as real drivers
// do.
#pragma once

#include <array>
#include <map>
#include <vector>

#include "fake_wires.hpp"
#include "pci_fakes.hpp"
#include "sim/devices/pci.hpp"
#include "sim/devices/virtio_registers.hpp"

namespace hvlab::test {

namespace vr = hvlab::devices::virtio;

/// What a virtio device is plugged into.
struct VirtioBoard {
  FakeDma ram{0x40000};
  FakeMessages messages;
  FakeSink sink;
  FakeLine pirq;
  devices::PciBus bus;
  ConfigDriver config{bus};
  devices::PciServices services{&ram, &messages, {&sink, 1}};

  void plug(devices::PciFunction& device) {
    bus.add(1, 0, device);
    bus.connect_pirq(devices::PciBus::pirq_of(1, 1), pirq);
    bus.assign_resources({});
  }
};

struct Piece {
  u64 address;
  u32 bytes;
  bool write;
};

class VirtioDriver {
 public:
  static constexpr u64 kRings = 0x20000, kQueueStride = 0x4000, kDriverAt = 0x1000, kDeviceAt = 0x2000,
                       kTableAt = 0x3000;

  explicit VirtioDriver(VirtioBoard& board) : board_(board) {
    for (u32 at = board.config.read(1, 0, 0x34, 1); at != 0; at = board.config.read(1, 0, at + 1, 1)) {
      if (board.config.read(1, 0, at, 1) != 0x09) continue;
      const u32 type = board.config.read(1, 0, at + 3, 1);
      const u32 bar = board.config.read(1, 0, at + 4, 1);
      const u64 base = board.config.read(1, 0, 0x10 + 4 * bar, 4) & ~15u;
      structures_[type] = base + board.config.read(1, 0, at + 8, 4);
      capabilities_[type] = at;
    }
  }

  u64 read(vr::Capability structure, u32 offset, unsigned size) {
    const auto hit = board_.bus.find_memory(structures_[static_cast<u32>(structure)] + offset);
    return hit.target->read(hit.offset, size);
  }
  void write(vr::Capability structure, u32 offset, unsigned size, u64 value) {
    const auto hit = board_.bus.find_memory(structures_[static_cast<u32>(structure)] + offset);
    hit.target->write(hit.offset, size, value);
  }
  u64 common(u32 offset, unsigned size) { return read(vr::Capability::Common, offset, size); }
  void common(u32 offset, unsigned size, u64 value) { write(vr::Capability::Common, offset, size, value); }
  u64 device(u32 offset, unsigned size) { return read(vr::Capability::Device, offset, size); }
  u8 isr() { return static_cast<u8>(read(vr::Capability::Isr, 0, 1)); }
  u8 status() { return static_cast<u8>(common(vr::kStatus, 1)); }
  u32 capability(vr::Capability type) { return capabilities_[static_cast<u32>(type)]; }

  u64 features() {
    common(vr::kDeviceFeatureSelect, 4, 0);
    const u64 low = common(vr::kDeviceFeature, 4);
    common(vr::kDeviceFeatureSelect, 4, 1);
    return low | common(vr::kDeviceFeature, 4) << 32;
  }

  /// Up to FEATURES_OK; false if the device does not take these features.
  bool negotiate(u64 features) {
    common(vr::kStatus, 1, 0);
    common(vr::kStatus, 1, vr::kAcknowledge | vr::kDriver);
    for (u32 half = 0; half < 2; ++half) {
      common(vr::kDriverFeatureSelect, 4, half);
      common(vr::kDriverFeature, 4, features >> (32 * half) & 0xffffffff);
    }
    common(vr::kStatus, 1, vr::kAcknowledge | vr::kDriver | vr::kFeaturesOk);
    return (status() & vr::kFeaturesOk) != 0;
  }

  void enable_queue(u16 queue, u16 size = 8) {
    const u64 base = kRings + queue * kQueueStride;
    std::fill_n(board_.ram.ram.begin() + static_cast<std::ptrdiff_t>(base), kQueueStride, u8{0});
    rings_[queue] = Ring{base, size, 0, 0};
    common(vr::kQueueSelect, 2, queue);
    common(vr::kQueueSize, 2, size);
    common(vr::kQueueDescriptors, 4, base);
    common(vr::kQueueDriver, 4, base + kDriverAt);
    common(vr::kQueueDevice, 8, base + kDeviceAt);
    common(vr::kQueueEnable, 2, 1);
  }

  void go() { common(vr::kStatus, 1, status() | vr::kDriverOk); }

  /// All of the above with `queues` queues.
  void start(u64 features, u16 queues) {
    negotiate(features);
    for (u16 i = 0; i < queues; ++i) enable_queue(i);
    go();
  }

  void describe(u64 table, u16 index, Piece piece, u16 flags, u16 next) {
    board_.ram.put<u64>(table + 16u * index, piece.address);
    board_.ram.put<u32>(table + 16u * index + 8, piece.bytes);
    board_.ram.put<u16>(table + 16u * index + 12, static_cast<u16>(flags | (piece.write ? 2 : 0)));
    board_.ram.put<u16>(table + 16u * index + 14, next);
  }

  /// Writes a chain from descriptor `first` on and makes it available.
  void add(u16 queue, u16 first, const std::vector<Piece>& pieces) {
    for (size_t i = 0; i < pieces.size(); ++i) {
      const bool last = i + 1 == pieces.size();
      const u16 at = static_cast<u16>(first + i);
      describe(rings_[queue].base, at, pieces[i], last ? 0 : 1, last ? 0 : static_cast<u16>(at + 1));
    }
    make_available(queue, first);
  }

  void make_available(u16 queue, u16 head) {
    Ring& ring = rings_[queue];
    board_.ram.put<u16>(ring.base + kDriverAt + 4 + 2u * (ring.available % ring.size), head);
    board_.ram.put<u16>(ring.base + kDriverAt + 2, ++ring.available);
  }

  void kick(u16 queue) { write(vr::Capability::Notify, queue * vr::kNotifyMultiplier, 2, queue); }

  u16 used_index(u16 queue) { return board_.ram.get<u16>(rings_[queue].base + kDeviceAt + 2); }
  /// Element `n` (free-running) of the used ring: head, length.
  std::pair<u32, u32> used(u16 queue, u16 n) {
    const u64 at = rings_[queue].base + kDeviceAt + 4 + 8u * (n % rings_[queue].size);
    return {board_.ram.get<u32>(at), board_.ram.get<u32>(at + 4)};
  }
  void set_available_flags(u16 queue, u16 flags) {
    board_.ram.put<u16>(rings_[queue].base + kDriverAt, flags);
  }
  void set_used_event(u16 queue, u16 index) {
    board_.ram.put<u16>(rings_[queue].base + kDriverAt + 4 + 2u * rings_[queue].size, index);
  }
  u16 used_flags(u16 queue) { return board_.ram.get<u16>(rings_[queue].base + kDeviceAt); }
  u16 available_event(u16 queue) {
    return board_.ram.get<u16>(rings_[queue].base + kDeviceAt + 4 + 8u * rings_[queue].size);
  }

 private:
  struct Ring {
    u64 base;
    u16 size;
    u16 available;
    u16 used;
  };
  VirtioBoard& board_;
  std::map<u32, u64> structures_;
  std::map<u32, u32> capabilities_;
  std::map<u16, Ring> rings_;
};

}  // namespace hvlab::test
