// The front end of a split network card: one ring for frames to send, one for empty pages in which frames
// arrive. How a frame gets to the other machine is that one's affair (interdomain/split_devices.hpp) but for
// three things: with kOffload it may be larger than a frame; with kSendHeader its beginning goes into a page
// of headers; with kReceiveFlip a frame arrives as a page that takes the place of the one that was offered.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/drivers/front_slots.hpp"
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
constexpr u32 kOffered = 32;         // empty pages that wait for frames
constexpr size_t kWholePage = 3000;  // so large a packet has a page of its own
constexpr u64 kMask = runtime::kPageBytes - 1;

class FrontCard final : public NetworkCard {
 public:
  explicit FrontCard(const BackOffer& offer);
  bool set_up();
  void send(Packet* frame) override;
  void arrived();

 private:
  static bool open_ring(FrameRing::Front& ring, Grant& grant);
  bool says(u8 manner) const { return (manner_ & manner) != 0; }
  bool offer_page();
  Packet* page_to_offer() const;
  void free_sent();
  bool put_parts(Packet& frame);
  u8 put_header(Packet& frame, u16 id);
  bool take_received(Packet*& packet);

  u8 manner_;
  runtime::SpinLock lock_;
  FrameRing::Front transmit_, receive_;
  FrontSlots sent_, offered_;
  u8* headers_ = nullptr;
};

FrontCard::FrontCard(const BackOffer& offer) : manner_(offer.manner) {
  memcpy(mac.bytes, offer.mac, sizeof mac.bytes);
  kind = "pv";
  if (says(kOffload)) can = kChecksums | kSegments;
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
  if (says(kSendHeader)) {
    headers_ = static_cast<u8*>(runtime::allocate_zeroed_page());
    if (headers_ == nullptr) return false;
    offer.headers = give_page(runtime::physical(headers_), kManagement, true);
  }
  for (u32 i = 0; i < kOffered && offer_page(); ++i) {
  }
  receive_.publish();
  connect_channel(kChannel, [](void* card) { static_cast<FrontCard*>(card)->arrived(); }, this);
  __atomic_store_n(&offer.ready, 1u, __ATOMIC_RELEASE);
  notify_channel(kChannel);
  return true;
}

// ---- Out

// A frame that crosses a page moves into one of its own where each frame has one request.
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

void FrontCard::free_sent() {
  FrameRing::Response response = {};
  while (transmit_.take(response)) {
    Grant grant = kNoGrant;
    Packet* done = nullptr;
    if (!sent_.take(response.id, grant, done)) continue;
    if (grant != kNoGrant) take_page_back(grant);
    free_packet(done);
  }
}

u8 FrontCard::put_header(Packet& frame, u16 id) {
  if (headers_ == nullptr) return 0;
  const size_t bytes = frame.bytes < FrameRing::kHeaderBytes ? frame.bytes : FrameRing::kHeaderBytes;
  memcpy(headers_ + id * FrameRing::kHeaderBytes, frame.data(), bytes);
  runtime::mark<Mark::FrameCopy>(frame.bytes, bytes, arch::mark::frame_way(FrameWay::Out));
  return static_cast<u8>(bytes);
}

// A request for each page that the frame lies in. False, with nothing done, if there is no room for them all.
bool FrontCard::put_parts(Packet& frame) {
  const u64 begin = runtime::physical(frame.data()), end = begin + frame.bytes;
  const unsigned parts =
      static_cast<unsigned>((end - 1) / runtime::kPageBytes - begin / runtime::kPageBytes) + 1;
  if (parts > FrameRing::kMostParts || parts > sent_.free() || parts > transmit_.room()) return false;
  Grant grants[FrameRing::kMostParts];
  for (unsigned i = 0; i < parts; ++i) {
    grants[i] = give_page((begin & ~kMask) + i * runtime::kPageBytes, kManagement, true);
    if (grants[i] != kNoGrant) continue;
    while (i > 0) take_page_back(grants[--i]);
    return false;
  }
  const u16 first = sent_.begin(&frame, parts);
  u8 header = 0;
  for (unsigned i = 0; i < parts; ++i) {
    FrameRing::Request r = {};
    r.id = sent_.add(first, grants[i]);
    r.grant = grants[i];
    if (i == 0) {
      r.header = header = put_header(frame, r.id);
      r.segment = frame.segment;
      r.flags = frame.unchecked ? FrameRing::kUnchecked : u8{0};
    }
    const u64 page = (begin & ~kMask) + i * runtime::kPageBytes;
    const u64 from = page < begin + header ? begin + header : page;
    const u64 to = end < page + runtime::kPageBytes ? end : page + runtime::kPageBytes;
    r.offset = static_cast<u16>(from & kMask);
    r.bytes = static_cast<u16>(to > from ? to - from : 0);
    if (i + 1 < parts) r.flags |= FrameRing::kMore;
    transmit_.put(r);
  }
  return true;
}

void FrontCard::send(Packet* frame) {
  if (frame->bytes == 0 || frame->bytes > (says(kOffload) ? Packet::kLargest : kWholePage))
    return free_packet(frame);
  if (!says(kOffload)) frame = in_one_page(frame);
  if (frame == nullptr) return;
  const Hold hold(lock_);
  free_sent();
  if (!put_parts(*frame)) return free_packet(frame);
  if (transmit_.publish()) notify_channel(kChannel);
}

// ---- In

Packet* FrontCard::page_to_offer() const {
  if (!says(kReceiveFlip)) return make_packet(kWholePage);
  return make_page_packet(static_cast<u8*>(runtime::allocate_pages()),
                          [](u8* page) { runtime::free_pages(page); });
}

bool FrontCard::offer_page() {
  Packet* packet = offered_.free() == 0 || receive_.room() == 0 ? nullptr : page_to_offer();
  if (packet == nullptr) return false;
  const u64 at = runtime::physical(packet->data());
  const Grant grant = give_page(at & ~kMask, kManagement, false);
  if (grant == kNoGrant) return free_packet(packet), false;
  FrameRing::Request r = {};
  r.id = offered_.add(offered_.begin(packet, 1), grant);
  r.offset = static_cast<u16>(at & kMask);
  r.bytes = static_cast<u16>(kWholePage);
  r.grant = grant;
  return receive_.put(r);
}

// False if there is no further response; no packet if it was of no use.
bool FrontCard::take_received(Packet*& packet) {
  const Hold hold(lock_);
  FrameRing::Response response = {};
  packet = nullptr;
  if (!receive_.take(response)) return false;
  Grant grant = kNoGrant;
  if (!offered_.take(response.id, grant, packet)) return true;
  take_page_back(grant);
  packet->bytes = response.bytes;
  packet->checked = response.checked != 0 && says(kOffload);
  if (packet->give_page != nullptr) packet->begin = response.offset;
  const size_t most =
      packet->give_page != nullptr ? runtime::kPageBytes - (response.offset & kMask) : kWholePage;
  if (response.failed != 0 || response.offset > kMask || response.bytes > most) {
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
  FrontCard* card = new (std::nothrow) FrontCard(offer);
  if (card == nullptr) return;
  found(*card);
  if (!card->set_up()) delete card;
}

}  // namespace hvlab::drivers
