#include "sim/devices/virtio_rng.hpp"

#include <algorithm>
#include <vector>

namespace hvlab::devices {

namespace {
constexpr u64 kBytesAtOnce = 64 * 1024;  // the device may give less than the buffer holds (5.4.6.2)
}

VirtioRng::VirtioRng(const PciServices& services, u64 seed)
    : VirtioPci({.type = virtio::Type::Entropy,
                 .class_code = 0x00'ff00,
                 .features = 0,
                 .queues = 1,
                 .queue_size = 64,
                 .config_bytes = 0},
                services) {
  state_.generator = seed;
}

void VirtioRng::queue_notified(u16) {
  drain(0, [this](const VirtqueueChain& chain) {
    std::vector<u8> bytes(std::min(chain.writable_bytes, kBytesAtOnce));
    for (size_t i = 0; i < bytes.size(); i += 8) {
      u64 value = next();
      for (size_t j = i; j < std::min(i + 8, bytes.size()); ++j, value >>= 8)
        bytes[j] = static_cast<u8>(value);
    }
    const u64 id = state_.next_id++;
    probe().report(observe::EventKind::RequestStart, id, bytes.size());
    scatter(dma(), chain.writable, 0, bytes.data(), bytes.size());
    probe().report(observe::EventKind::RequestDone, id, bytes.size());
    complete(0, chain.head, static_cast<u32>(bytes.size()));
  });
}

/// SplitMix64 (Steele, Lea, Flood 2014): a counter through a mixing function.
u64 VirtioRng::next() {
  u64 z = state_.generator += 0x9e37'79b9'7f4a'7c15;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
  return z ^ (z >> 31);
}

}  // namespace hvlab::devices
