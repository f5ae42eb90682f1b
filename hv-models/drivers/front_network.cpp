// The front end of a split network card: one ring for frames to send, one for empty pages in which frames
// arrive.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/drivers/network_card.hpp"
#include "hv-models/interdomain/split_devices.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::drivers {
namespace {

using namespace interdomain;
using runtime::Hold;
using Mark = arch::mark::Kind;
using arch::mark::FrameWay;

constexpr unsigned kManagement = 0;
constexpr unsigned kChannel = static_cast<unsigned>(Split::Network);
constexpr u32 kSlots = FrameRing::Page::kEntries;
constexpr u32 kOffered = 32;         // empty pages that wait for frames
constexpr size_t kWholePage = 3000;  // so large a packet has a page of its own
constexpr u64 kMask = runtime::kPageBytes - 1;

class FrontCard final : public NetworkCard {
 public:
  explicit FrontCard(const u8 (&address)[6]);
  bool set_up();
  void send(Packet* frame) override;
  void arrived();

 private:
  struct Slot {
    Packet* packet = nullptr;
    Grant grant = kNoGrant;
  };
  static bool open_ring(FrameRing::Front& ring, Grant& grant);
  bool offer_page();
  void free_sent();
  bool take_received(Packet*& packet);

  runtime::SpinLock lock_;
  FrameRing::Front transmit_, receive_;
  Slot sent_[kSlots], offered_[kSlots];
};

FrontCard::FrontCard(const u8 (&address)[6]) {
  memcpy(mac.bytes, address, sizeof mac.bytes);
  kind = "pv";
}

bool FrontCard::open_ring(FrameRing::Front& ring, Grant& grant) {
  auto* page = static_cast<FrameRing::Page*>(runtime::allocate_zeroed_page());
  if (page == nullptr) return false;
  grant = give_page(runtime::physical(page), kManagement, false);
  ring.set_up(page);
  return grant != kNoGrant;
}

bool FrontCard::set_up() {
  FrontOffer& offer = shared_page().front[kChannel];
  if (!open_ring(transmit_, offer.rings[0]) || !open_ring(receive_, offer.rings[1])) return false;
  for (u32 i = 0; i < kOffered && offer_page(); ++i) {
  }
  receive_.publish();
  connect_channel(kChannel, [](void* card) { static_cast<FrontCard*>(card)->arrived(); }, this);
  __atomic_store_n(&offer.ready, 1u, __ATOMIC_RELEASE);
  notify_channel(kChannel);
  return true;
}

u16 free_slot(const auto& slots) {
  u16 id = 0;
  while (id < kSlots && slots[id].packet != nullptr) ++id;
  return id;
}

bool FrontCard::offer_page() {
  const u16 id = free_slot(offered_);
  Packet* packet = id == kSlots ? nullptr : make_packet(kWholePage);
  if (packet == nullptr) return false;
  const u64 at = runtime::physical(packet->data());
  const Grant grant = give_page(at & ~kMask, kManagement, false);
  if (grant == kNoGrant) return free_packet(packet), false;
  offered_[id] = {packet, grant};
  return receive_.put({id, static_cast<u16>(at & kMask), static_cast<u16>(kWholePage), 0, grant});
}

void FrontCard::free_sent() {
  FrameRing::Response response = {};
  while (transmit_.take(response)) {
    if (response.id >= kSlots || sent_[response.id].packet == nullptr) continue;
    Slot& slot = sent_[response.id];
    take_page_back(slot.grant);
    free_packet(slot.packet);
    slot = {};
  }
}

// A frame that crosses a page moves into one of its own: a grant is for one page.
Packet* in_one_page(Packet* frame) {
  const u64 at = runtime::physical(frame->data());
  if ((at & ~kMask) == ((at + frame->bytes - 1) & ~kMask)) return frame;
  Packet* copy = make_packet(kWholePage);
  if (copy != nullptr) {
    memcpy(copy->data(), frame->data(), frame->bytes);
    runtime::mark<Mark::FrameCopy>(frame->bytes, frame->bytes, arch::mark::frame_way(FrameWay::Out));
    copy->bytes = frame->bytes;
  }
  free_packet(frame);
  return copy;
}

void FrontCard::send(Packet* frame) {
  if (frame->bytes == 0 || frame->bytes > kWholePage) return free_packet(frame);
  frame = in_one_page(frame);
  if (frame == nullptr) return;
  const Hold hold(lock_);
  free_sent();
  const u16 id = free_slot(sent_);
  const u64 at = runtime::physical(frame->data());
  const Grant grant =
      id == kSlots || transmit_.is_full() ? kNoGrant : give_page(at & ~kMask, kManagement, true);
  if (grant == kNoGrant) return free_packet(frame);
  sent_[id] = {frame, grant};
  transmit_.put({id, static_cast<u16>(at & kMask), static_cast<u16>(frame->bytes), 0, grant});
  if (transmit_.publish()) notify_channel(kChannel);
}

// False if there is no further response; no packet if it was of no use.
bool FrontCard::take_received(Packet*& packet) {
  const Hold hold(lock_);
  FrameRing::Response response = {};
  packet = nullptr;
  if (!receive_.take(response)) return false;
  if (response.id >= kSlots || offered_[response.id].packet == nullptr) return true;
  Slot& slot = offered_[response.id];
  packet = slot.packet;
  take_page_back(slot.grant);
  slot = {};
  packet->bytes = response.bytes;
  if (response.failed != 0 || response.bytes > kWholePage) {
    free_packet(packet);
    packet = nullptr;
  }
  offer_page();
  return true;
}

void FrontCard::arrived() {
  Packet* packet = nullptr;
  bool more = true;
  while (more) {
    while (take_received(packet)) {
      if (packet != nullptr) received(packet);
    }
    const Hold hold(lock_);
    free_sent();
    if (receive_.publish()) notify_channel(kChannel);
    more = receive_.wait();
  }
}

}  // namespace

void find_front_card(CardFound found) {
  if (!has_channels()) return;
  const BackOffer& offer = shared_page().back[kChannel];
  if (offer.present == 0) return;
  FrontCard* card = new (std::nothrow) FrontCard(offer.mac);
  if (card == nullptr) return;
  found(*card);
  if (!card->set_up()) delete card;
}

}  // namespace hvlab::drivers
