// Virtio network cards (VIRTIO 1.2, 5.1): one queue each way. Without a control queue the device hands over
// frames for any address (5.1.6.5.1), so that receive_all() has nothing to do.
#include "hv-models/drivers/network_card.hpp"
#include "hv-models/drivers/virtio.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::drivers {
namespace {

using runtime::physical;

constexpr u16 kNetworkType = 1, kReceiveQueue = 0, kTransmitQueue = 1;
constexpr u64 kHasMac = bit(5);
constexpr size_t kHeaderBytes = 12;  // struct virtio_net_hdr of version 1: all zeros, as nothing is offloaded
constexpr size_t kBuffer = 2048;
constexpr u16 kMost = 256;

class VirtioNetwork final : public NetworkCard {
 public:
  bool set_up(const PciFunction& f);
  void begin();
  void send(Packet* frame) override;
  void arrived();

 private:
  bool offer_buffer();
  Packet* take_received();
  void free_sent();

  VirtioDevice device_;
  VirtQueue receive_, transmit_;
  runtime::SpinLock lock_;
  Packet* receive_packets_[kMost] = {};  // by the number that the queue gave them
  Packet* transmit_packets_[kMost] = {};
};

bool VirtioNetwork::set_up(const PciFunction& f) {
  if (!device_.set_up(f, kHasMac) || (device_.features() & kHasMac) == 0 ||
      device_.configuration() == nullptr)
    return false;
  if (!device_.set_up_queue(kReceiveQueue, receive_) || !device_.set_up_queue(kTransmitQueue, transmit_))
    return false;
  for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = device_.configuration()[i];
  kind = "virtio";
  return true;
}

void VirtioNetwork::begin() {
  const runtime::Hold hold(lock_);
  device_.begin();
  constexpr unsigned kOffered = 64;
  for (unsigned i = 0; i < kOffered && offer_buffer(); ++i) {
  }
  VirtioDevice::notify(receive_);
}

bool VirtioNetwork::offer_buffer() {
  Packet* packet = make_packet(kBuffer);
  if (packet == nullptr) return false;
  const VirtQueue::Part part{physical(packet->data()), static_cast<u32>(kBuffer), true};
  const u16 number = receive_.add(&part, 1);
  if (number == VirtQueue::kNone) {
    free_packet(packet);
    return false;
  }
  receive_packets_[number] = packet;
  return true;
}

void VirtioNetwork::free_sent() {
  u32 written = 0;
  for (u16 n = transmit_.take_done(written); n != VirtQueue::kNone; n = transmit_.take_done(written)) {
    runtime::mark<arch::mark::Kind::FrameDone>(transmit_packets_[n]->bytes - kHeaderBytes);
    free_packet(transmit_packets_[n]);
    transmit_packets_[n] = nullptr;
  }
}

void VirtioNetwork::send(Packet* frame) {
  const runtime::Hold hold(lock_);
  free_sent();
  memset(frame->push(kHeaderBytes), 0, kHeaderBytes);
  const VirtQueue::Part part{physical(frame->data()), static_cast<u32>(frame->bytes), false};
  const u16 number = transmit_.add(&part, 1);
  if (number == VirtQueue::kNone) return free_packet(frame);
  transmit_packets_[number] = frame;
  VirtioDevice::notify(transmit_);
}

Packet* VirtioNetwork::take_received() {
  const runtime::Hold hold(lock_);
  u32 written = 0;
  const u16 number = receive_.take_done(written);
  if (number == VirtQueue::kNone) return nullptr;
  Packet* packet = receive_packets_[number];
  receive_packets_[number] = nullptr;
  if (offer_buffer()) VirtioDevice::notify(receive_);
  packet->bytes = written <= kBuffer ? written : 0;
  if (packet->bytes < kHeaderBytes) packet->bytes = kHeaderBytes;  // an empty frame, which nobody takes
  packet->pull(kHeaderBytes);
  return packet;
}

void VirtioNetwork::arrived() {
  if (!device_.take_interrupt()) return;
  while (Packet* packet = take_received()) received(packet);
  const runtime::Hold hold(lock_);
  free_sent();
}

void interrupt(void* card) { static_cast<VirtioNetwork*>(card)->arrived(); }

VirtioNetwork* make_card(const PciFunction& f) {
  if (!is_virtio(f, kNetworkType)) return nullptr;
  VirtioNetwork* card = new (std::nothrow) VirtioNetwork;
  if (card != nullptr && card->set_up(f) && runtime::ioapic::connect(f.irq, interrupt, card)) return card;
  delete card;
  return nullptr;
}

}  // namespace

void find_virtio_network(CardFound found) {
  for_each_pci_function([found](const PciFunction& f) {
    VirtioNetwork* card = make_card(f);
    if (card == nullptr) return;
    found(*card);
    card->begin();
  });
}

}  // namespace hvlab::drivers
