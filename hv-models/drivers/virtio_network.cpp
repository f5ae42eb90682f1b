// Virtio network cards (VIRTIO 1.2, 5.1): one queue each way. Without a control queue the device hands over
// frames for any address (5.1.6.5.1), so that receive_all() has nothing to do. With "offload=on" on the
// command line the device computes checksums and cuts TCP's data into frames.
#include "hv-models/drivers/network_card.hpp"
#include "hv-models/drivers/virtio.hpp"
#include "hv-models/runtime/boot_information.hpp"
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
constexpr u64 kChecksum = bit(0), kGuestChecksum = bit(1), kSegmentsTcp4 = bit(11);
constexpr u64 kOffloads = kChecksum | kGuestChecksum | kSegmentsTcp4;

struct Header {  // virtio_net_hdr of version 1 (5.1.6)
  u8 flags, segmentation;
  u16 header_bytes, segment, checksum_start, checksum_offset, buffers;
};
static_assert(sizeof(Header) == 12);
constexpr size_t kHeaderBytes = sizeof(Header);
constexpr u8 kNeedsChecksum = 1, kDataValid = 2, kTcp4 = 1;
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
  void free_sent();  // and send what waited for that
  u16 offer_frame(Packet& frame);

  VirtioDevice device_;
  VirtQueue receive_, transmit_;
  runtime::SpinLock lock_;
  Packet* receive_packets_[kMost] = {};  // by the number that the queue gave them
  Packet* transmit_packets_[kMost] = {};
  SendQueue later_;
};

bool offload_asked() {
  char word[8];
  return runtime::command_line_value("offload", word, sizeof word) && strcmp(word, "on") == 0;
}

bool VirtioNetwork::set_up(const PciFunction& f) {
  if (!device_.set_up(f, kHasMac | (offload_asked() ? kOffloads : 0)) ||
      (device_.features() & kHasMac) == 0 || device_.configuration() == nullptr)
    return false;
  if (!device_.set_up_queue(kReceiveQueue, receive_) || !device_.set_up_queue(kTransmitQueue, transmit_))
    return false;
  for (unsigned i = 0; i < 6; ++i) mac.bytes[i] = device_.configuration()[i];
  kind = "virtio";
  can = kGathers;
  if ((device_.features() & kChecksum) != 0) can |= kChecksums;
  if ((device_.features() & kSegmentsTcp4) != 0) can |= kSegments;
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
  Packet* packet = make_receive_packet(kBuffer);
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
    runtime::mark<arch::mark::Kind::FrameDone>(transmit_packets_[n]->all_bytes() - kHeaderBytes);
    free_packet(transmit_packets_[n]);
    transmit_packets_[n] = nullptr;
  }
  bool sent = false;
  while (Packet* frame = later_.oldest()) {
    const u16 number = offer_frame(*frame);
    if (number == VirtQueue::kNone) {
      frame->pull(kHeaderBytes);
      break;
    }
    later_.remove_oldest();
    transmit_packets_[number] = frame;
    sent = true;
  }
  if (sent) VirtioDevice::notify(transmit_);
}

// What is left to the device (5.1.6.2). Whoever leaves it has seen to it that this is IPv4 with TCP or UDP.
Header header_for(Packet& frame) {
  constexpr size_t kIp = 14;
  constexpr u8 kUdp = 17;
  Header header = {};
  if (!frame.unchecked) return header;
  const u8* ip = frame.data() + kIp;
  header.flags = kNeedsChecksum;
  header.checksum_start = static_cast<u16>(kIp + (ip[0] & 15u) * 4);
  header.checksum_offset = ip[9] == kUdp ? 6 : 16;
  if (frame.segment == 0) return header;
  header.segmentation = kTcp4;
  header.segment = frame.segment;
  header.header_bytes =
      static_cast<u16>(header.checksum_start + (frame.data()[header.checksum_start + 12] >> 4) * 4);
  return header;
}

u16 VirtioNetwork::offer_frame(Packet& frame) {
  const Header header = header_for(frame);
  memcpy(frame.push(kHeaderBytes), &header, kHeaderBytes);
  VirtQueue::Part parts[1 + LentBytes::kMost] = {
      {physical(frame.data()), static_cast<u32>(frame.bytes), false}};
  u16 count = 1;
  for (unsigned i = 0; frame.lent != nullptr && i < frame.lent->count; ++i)
    parts[count++] = {frame.lent->pieces[i].address, frame.lent->pieces[i].bytes, false};
  return transmit_.add(parts, count);
}

void VirtioNetwork::send(Packet* frame) {
  const runtime::Hold hold(lock_);
  later_.add(frame);
  free_sent();
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
  packet->checked = (can & kChecksums) != 0 && (packet->data()[0] & kDataValid) != 0;
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
