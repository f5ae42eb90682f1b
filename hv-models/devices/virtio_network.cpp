#include "hv-models/devices/virtio_network.hpp"

namespace hvlab::devices {
namespace {

constexpr u64 kHasMac = u64{1} << 5, kHasStatus = u64{1} << 16;
constexpr u16 kReceiveQueue = 0, kTransmitQueue = 1;
constexpr u32 kHeaderBytes = 12;

/// Takes `bytes` off the front of the parts.
unsigned skip(Piece* parts, unsigned count, u32 bytes) {
  unsigned first = 0;
  for (; first < count && bytes >= parts[first].bytes; ++first) bytes -= parts[first].bytes;
  if (first == count) return count;
  parts[first].at += bytes;
  parts[first].bytes -= bytes;
  return first;
}

}  // namespace

VirtioNetwork::VirtioNetwork(const GuestMemory& memory, const Line& line, const NetworkBackend& wire,
                             u32 address)
    : wire_(wire),
      pci_(memory, line,
           {1, 0x020000, kHasMac | kHasStatus, 2,
            [](void* self, u16 queue) {
              if (queue == kTransmitQueue) static_cast<VirtioNetwork*>(self)->transmit();
            },
            [](void*) {}},
           this, address) {
  __builtin_memcpy(pci_.configuration, wire.mac, sizeof wire.mac);
  pci_.configuration[6] = 1;  // the link is up
}

void VirtioNetwork::transmit() {
  VirtioQueue& queue = pci_.queue(kTransmitQueue);
  VirtioChain chain;
  bool interrupt = false;
  do {
    queue.set_notification(pci_.memory(), false);
    while (queue.take(pci_.memory(), chain)) {
      const unsigned first = chain.broken ? chain.readable : skip(chain.parts, chain.readable, kHeaderBytes);
      if (first < chain.readable) wire_.send(wire_.context, chain.parts + first, chain.readable - first);
      interrupt = queue.give_back(pci_.memory(), chain.head, 0) || interrupt;
    }
  } while (queue.set_notification(pci_.memory(), true));
  if (interrupt) pci_.interrupt();
}

bool VirtioNetwork::has_room() {
  return !pci_.is_running() || pci_.queue(kReceiveQueue).has_next(pci_.memory());
}

bool VirtioNetwork::receive(const u8* frame, u32 bytes) {
  VirtioQueue& queue = pci_.queue(kReceiveQueue);
  VirtioChain chain;
  if (!pci_.is_running() || !queue.take(pci_.memory(), chain)) return false;
  u8 header[kHeaderBytes] = {};
  header[10] = 1;  // num_buffers
  u32 room = 0;
  for (unsigned i = chain.readable; i < chain.readable + chain.writable; ++i) room += chain.parts[i].bytes;
  const bool fits = !chain.broken && room >= kHeaderBytes + bytes;
  u32 done = 0;
  const auto put = [&](const u8* from, u32 count) {
    u32 passed = 0;
    for (unsigned i = chain.readable; count > 0; passed += chain.parts[i++].bytes) {
      const Piece& part = chain.parts[i];
      if (done >= passed + part.bytes) continue;
      const u32 at = done - passed, step = part.bytes - at < count ? part.bytes - at : count;
      __builtin_memcpy(part.at + at, from, step);
      from += step, done += step, count -= step;
    }
  };
  if (fits) {
    put(header, kHeaderBytes);
    put(frame, bytes);
  }
  if (queue.give_back(pci_.memory(), chain.head, done)) pci_.interrupt();
  return fits;
}

}  // namespace hvlab::devices
