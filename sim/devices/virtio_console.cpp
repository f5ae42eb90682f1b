#include "sim/devices/virtio_console.hpp"

#include <algorithm>
#include <vector>

#include "sim/base/bits.hpp"

namespace hvlab::devices {

namespace {

constexpr u64 kEmergencyWrite = bit(2);                  // 5.3.3
constexpr u32 kEmergencyWriteAt = 8, kConfigBytes = 12;  // 5.3.4
constexpr u16 kReceive = 0, kTransmit = 1;
constexpr size_t kInputMax = 4096;
// What one buffer prints at most; no driver's buffer is longer, and a hostile one ends here.
constexpr u64 kOutputMax = 1 << 20;

}  // namespace

VirtioConsole::VirtioConsole(const PciServices& services, CharacterSink* output)
    : VirtioPci({.type = virtio::Type::Console,
                 .class_code = 0x07'8000,
                 .features = kEmergencyWrite,
                 .queues = 2,
                 .queue_size = 64,
                 .config_bytes = kConfigBytes},
                services),
      output_(output) {}

size_t VirtioConsole::receive(std::span<const u8> bytes) {
  const size_t taken = std::min(bytes.size(), kInputMax - state_.input.size());
  state_.input.insert(state_.input.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(taken));
  if (running()) deliver();
  return taken;
}

void VirtioConsole::queue_notified(u16 index) { index == kTransmit ? transmit() : deliver(); }

void VirtioConsole::transmit() {
  drain(kTransmit, [this](const VirtqueueChain& chain) {
    std::vector<u8> bytes(std::min(chain.readable_bytes, kOutputMax));
    gather(dma(), chain.readable, 0, bytes.data(), bytes.size());
    print(bytes);
    complete(kTransmit, chain.head, 0);
  });
}

void VirtioConsole::deliver() {
  VirtqueueChain chain;
  while (!state_.input.empty() && take(kReceive, chain)) {
    const size_t count = std::min<u64>(state_.input.size(), chain.writable_bytes);
    const auto end = state_.input.begin() + static_cast<std::ptrdiff_t>(count);
    const std::vector<u8> bytes(state_.input.begin(), end);
    state_.input.erase(state_.input.begin(), end);
    scatter(dma(), chain.writable, 0, bytes.data(), count);
    complete(kReceive, chain.head, static_cast<u32>(count));
  }
  if (running()) queue(kReceive).want_notifications(!state_.input.empty());
}

void VirtioConsole::device_config_written(u32 offset, unsigned, u64 value) {
  if (offset != kEmergencyWriteAt) return;
  const u8 byte = static_cast<u8>(value);  // before and without any queue (5.3.4)
  print({&byte, 1});
}

void VirtioConsole::print(std::span<const u8> bytes) {
  for (const u8 byte : bytes) probe().report(observe::EventKind::Console, byte);
  if (output_ != nullptr && !bytes.empty()) output_->write(bytes);
}

}  // namespace hvlab::devices
