#include "hv-models/devices/virtio_network.hpp"

namespace hvlab::devices {
namespace {

constexpr u64 kHasMac = u64{1} << 5, kHasStatus = u64{1} << 16;
constexpr u16 kReceiveQueue = 0, kTransmitQueue = 1;
constexpr u32 kHeaderBytes = 12;

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

// No more than a queue of them: another processor of the guest may go on and on adding frames.
void VirtioNetwork::transmit() {
  VirtioQueue& queue = pci_.queue(kTransmitQueue);
  VirtioChain chain;
  u8 header[kHeaderBytes];
  bool interrupt = false;
  unsigned left = queue.size;
  do {
    queue.set_notification(pci_.memory(), false);
    while (left > 0 && queue.take(pci_.memory(), chain)) {
      --left;
      if (chain.broken) return pci_.fail();
      PieceFront& frame = chain.readable;
      frame.read(header, kHeaderBytes);  // it asks for nothing that was offered
      if (frame.count > 0) wire_.send(wire_.context, frame.pieces, frame.count);
      interrupt = queue.give_back(pci_.memory(), chain.head, 0) || interrupt;
    }
    late_ = queue.set_notification(pci_.memory(), true);
  } while (late_ && left > 0);
  if (interrupt) pci_.interrupt();
}

void VirtioNetwork::catch_up() {
  late_ = late_ && pci_.is_running();
  if (late_) transmit();
}

bool VirtioNetwork::has_room() {
  return !pci_.is_running() || pci_.queue(kReceiveQueue).has_next(pci_.memory());
}

bool VirtioNetwork::receive(const u8* frame, u32 bytes) {
  constexpr u8 kHeader[kHeaderBytes] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0};  // num_buffers: 1
  VirtioQueue& queue = pci_.queue(kReceiveQueue);
  VirtioChain chain;
  if (!pci_.is_running() || !queue.take(pci_.memory(), chain)) return false;
  if (chain.broken) return pci_.fail(), false;
  const bool fits = chain.writable.bytes() >= kHeaderBytes + u64{bytes};
  u64 written = 0;
  if (fits) written = chain.writable.write(kHeader, kHeaderBytes) + chain.writable.write(frame, bytes);
  if (queue.give_back(pci_.memory(), chain.head, static_cast<u32>(written))) pci_.interrupt();
  return fits;
}

}  // namespace hvlab::devices
