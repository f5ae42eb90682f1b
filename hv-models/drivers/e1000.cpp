// Intel 82540EM ("PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual",
// 8254x_GBe_SDM): legacy descriptors, one ring each way.
#include "hv-models/drivers/network_card.hpp"
#include "hv-models/drivers/pci.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/ioapic.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::drivers {
namespace {

using runtime::allocate_zeroed_page;
using runtime::direct;
using runtime::physical;

constexpr u16 kIntel = 0x8086, kDevice82540em = 0x100e;

// Registers (13.4)
constexpr u32 kControl = 0x0000, kStatus = 0x0008, kInterruptCause = 0x00c0, kInterruptMaskSet = 0x00d0,
              kInterruptMaskClear = 0x00d8, kReceiveControl = 0x0100, kTransmitControl = 0x0400,
              kTransmitGap = 0x0410, kReceiveBase = 0x2800, kReceiveLength = 0x2808, kReceiveHead = 0x2810,
              kReceiveTail = 0x2818, kTransmitBase = 0x3800, kTransmitLength = 0x3808, kTransmitHead = 0x3810,
              kTransmitTail = 0x3818, kMulticast = 0x5200, kAddressLow = 0x5400, kAddressHigh = 0x5404;
constexpr u32 kSetLinkUp = bit(6), kAutoSpeed = bit(5), kReset = bit(26), kLinkUp = bit(1);
constexpr u32 kReceiveOn = bit(1), kAnyUnicast = bit(3), kBroadcastToo = bit(15), kStripCrc = bit(26);
constexpr u32 kTransmitOn = bit(1), kPadShort = bit(3), kCollisions = 0x0f << 4 | 0x40 << 12;
constexpr u32 kRecommendedGap = 10 | 8 << 10 | 6 << 20;
constexpr u32 kCauseTransmitted = bit(0), kCauseMinimum = bit(4), kCauseOverrun = bit(6),
              kCauseTimer = bit(7);

struct Descriptor {  // 3.2.3, 3.3.3: the upper half differs, but both have the status there
  u64 address;
  u16 bytes;
  u8 checksum_offset, command;  // of a received frame: its checksum
  u8 status, errors;
  u16 special;
};
static_assert(sizeof(Descriptor) == 16);
constexpr u8 kEndOfPacket = 1, kInsertCrc = 2, kReportStatus = 8;
constexpr u8 kDone = 1, kWhole = 2;

constexpr unsigned kEntries = 64;
constexpr size_t kBuffer = 2048;

class E1000 final : public NetworkCard {
 public:
  bool set_up(const PciFunction& f);
  void send(Packet* frame) override;
  void receive_all() override { reg(kReceiveControl) = reg(kReceiveControl) | kAnyUnicast; }
  void arrived();
  void begin() { reg(kInterruptMaskSet) = kCauseTransmitted | kCauseMinimum | kCauseOverrun | kCauseTimer; }

 private:
  volatile u32& reg(u32 offset) { return *direct<volatile u32>(base_ + offset); }
  bool fill_receive_ring();
  Packet* take_received();
  void free_sent();  // and send what waited for that
  bool has_room() const { return (next_sent_ + 1) % kEntries != oldest_sent_; }
  void put(Packet* frame);

  u64 base_ = 0;
  runtime::SpinLock lock_;
  volatile Descriptor* receive_ = nullptr;
  volatile Descriptor* transmit_ = nullptr;
  Packet* receive_packets_[kEntries] = {};
  Packet* transmit_packets_[kEntries] = {};
  SendQueue later_;
  unsigned next_received_ = 0, next_sent_ = 0, oldest_sent_ = 0;
};

bool E1000::fill_receive_ring() {
  for (unsigned i = 0; i < kEntries; ++i) {
    receive_packets_[i] = make_receive_packet(kBuffer);
    if (receive_packets_[i] == nullptr) return false;
    receive_[i].address = physical(receive_packets_[i]->data());
  }
  return true;
}

bool E1000::set_up(const PciFunction& f) {
  pci_enable(f);
  base_ = pci_address(f, 0);
  kind = "e1000";
  receive_ = static_cast<volatile Descriptor*>(allocate_zeroed_page());
  transmit_ = static_cast<volatile Descriptor*>(allocate_zeroed_page());
  if (receive_ == nullptr || transmit_ == nullptr || !fill_receive_ring()) return false;
  reg(kControl) = kReset;  // 14.3
  runtime::clock::spin(10'000);
  reg(kInterruptMaskClear) = ~0u;
  reg(kControl) = kSetLinkUp | kAutoSpeed;
  for (unsigned i = 0; i < 6; ++i)
    mac.bytes[i] = static_cast<u8>(reg(i < 4 ? kAddressLow : kAddressHigh) >> (8 * (i % 4)));
  for (u32 i = 0; i < 128; ++i) reg(kMulticast + 4 * i) = 0;
  reg(kReceiveBase) = static_cast<u32>(physical(const_cast<Descriptor*>(receive_)));
  reg(kReceiveBase + 4) = static_cast<u32>(physical(const_cast<Descriptor*>(receive_)) >> 32);
  reg(kReceiveLength) = kEntries * sizeof(Descriptor);
  reg(kReceiveHead) = 0;
  reg(kReceiveTail) = kEntries - 1;
  reg(kTransmitBase) = static_cast<u32>(physical(const_cast<Descriptor*>(transmit_)));
  reg(kTransmitBase + 4) = static_cast<u32>(physical(const_cast<Descriptor*>(transmit_)) >> 32);
  reg(kTransmitLength) = kEntries * sizeof(Descriptor);
  reg(kTransmitHead) = 0;
  reg(kTransmitTail) = 0;
  reg(kTransmitGap) = kRecommendedGap;
  reg(kReceiveControl) = kReceiveOn | kBroadcastToo | kStripCrc;  // buffers of 2048 bytes
  reg(kTransmitControl) = kTransmitOn | kPadShort | kCollisions;
  // Auto-negotiation; without a cable there is nothing to wait for longer.
  for (unsigned i = 0; i < 30 && (reg(kStatus) & kLinkUp) == 0; ++i) runtime::clock::spin(100'000);
  return true;
}

void E1000::free_sent() {
  while (oldest_sent_ != next_sent_ && (transmit_[oldest_sent_].status & kDone) != 0) {
    runtime::mark<arch::mark::Kind::FrameDone>(transmit_packets_[oldest_sent_]->bytes);
    free_packet(transmit_packets_[oldest_sent_]);
    oldest_sent_ = (oldest_sent_ + 1) % kEntries;
  }
  while (Packet* frame = has_room() ? later_.oldest() : nullptr) {
    later_.remove_oldest();
    put(frame);
  }
}

void E1000::send(Packet* frame) {
  const runtime::Hold hold(lock_);
  later_.add(frame);
  free_sent();
}

void E1000::put(Packet* frame) {
  volatile Descriptor& d = transmit_[next_sent_];
  d.address = physical(frame->data());
  d.bytes = static_cast<u16>(frame->bytes);
  d.checksum_offset = 0;
  d.command = kEndOfPacket | kInsertCrc | kReportStatus;
  d.status = 0;
  transmit_packets_[next_sent_] = frame;
  next_sent_ = (next_sent_ + 1) % kEntries;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);  // the descriptor before the tail that gives it away
  reg(kTransmitTail) = next_sent_;
}

Packet* E1000::take_received() {
  const runtime::Hold hold(lock_);
  for (;;) {
    volatile Descriptor& d = receive_[next_received_];
    if ((d.status & kDone) == 0) return nullptr;
    Packet* packet = receive_packets_[next_received_];
    Packet* fresh = make_receive_packet(kBuffer);
    const bool good = fresh != nullptr && d.errors == 0 && (d.status & kWhole) != 0;
    packet->bytes = d.bytes;
    if (good) {
      receive_packets_[next_received_] = fresh;
      d.address = physical(fresh->data());
    } else {
      free_packet(fresh);
    }
    d.status = 0;
    reg(kReceiveTail) = next_received_;
    next_received_ = (next_received_ + 1) % kEntries;
    if (good) return packet;
  }
}

void E1000::arrived() {
  if (reg(kInterruptCause) == 0) return;  // reading takes it back
  while (Packet* packet = take_received()) received(packet);
  const runtime::Hold hold(lock_);
  free_sent();
}

void interrupt(void* card) { static_cast<E1000*>(card)->arrived(); }

E1000* make_card(const PciFunction& f) {
  if (f.vendor != kIntel || f.device != kDevice82540em) return nullptr;
  E1000* card = new (std::nothrow) E1000;
  if (card == nullptr || !card->set_up(f) || !runtime::ioapic::connect(f.irq, interrupt, card))
    return nullptr;
  return card;
}

}  // namespace

void find_e1000(CardFound found) {
  for_each_pci_function([found](const PciFunction& f) {
    E1000* card = make_card(f);
    if (card == nullptr) return;
    found(*card);
    card->begin();
  });
}

}  // namespace hvlab::drivers
