// What a guest sends. The beginning of each packet is copied before it is looked at, since the guest can
// change its pages at any time; the rest is copied, or lent to the card as it lies there.
#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/back_card.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/segments.hpp"

namespace hvlab::kernel {
namespace {

using namespace interdomain;
using runtime::Hold;

// Of a mapped packet so much is copied: Ethernet's header, and IPv4's and TCP's with all options.
constexpr size_t kMostHeaders = 14 + 60 + 60;

// A guest's pages that a card reads from.
class LentPages final : public drivers::LentBytes {
 public:
  LentPages(SentPacket& packet, size_t skip) : packet_(packet), skip_(skip) {}
  ~LentPages() override { packet_.owner->done(packet_); }
  bool read(u8* to) override;

 private:
  SentPacket& packet_;
  size_t skip_;  // of the first part
};

bool LentPages::read(u8* to) {
  if (!packet_.owner->maps()) return packet_.owner->copy_parts(packet_, skip_, to);
  for (unsigned i = 0; i < count; ++i) {
    memcpy(to, direct<u8>(pieces[i].address), pieces[i].bytes);
    to += pieces[i].bytes;
  }
  return true;
}

GrantWork work_on(unsigned machine, const FrameRing::Request& part, GrantKind kind) {
  GrantWork work = {};
  work.machine = machine;
  work.grant = part.grant;
  work.kind = kind;
  return work;
}

}  // namespace

bool work_on_grants(GrantWork* work, unsigned count) {
  return count == 0 || ask_hypervisor(Call::Grants, physical(work), count) == 0;
}

bool BackTransmit::connect(const FrontOffer& offer) {
  if (says(kSendHeader) && !headers_.map(machine_, offer.headers, false)) return false;
  if (!page_.map(machine_, offer.rings[0], true)) return false;
  ring_.set_up(direct<FrameRing::Page>(page_.physical()));
  return true;
}

bool BackTransmit::serve() {
  bool notify = finish();
  FrameRing::Request request = {};
  while (ring_.take(request)) notify = take_part(request) || notify;
  return notify;
}

bool BackTransmit::take_part(const FrameRing::Request& r) {
  const bool more = (r.flags & FrameRing::kMore) != 0;
  if (!skips_ && open_ == nullptr) open_ = new (std::nothrow) SentPacket;
  if (skips_ || open_ == nullptr) {
    skips_ = more;
    return ring_.answer({r.id, 0, 0, 1, 0});
  }
  open_->owner = this;
  open_->parts[open_->count++] = r;
  if (more && open_->count < FrameRing::kMostParts) return false;
  SentPacket& packet = *open_;
  open_ = nullptr;
  skips_ = more;  // longer than any packet
  if (!more) return send(packet);
  const bool notify = answer(packet, true);
  delete &packet;
  return notify;
}

bool BackTransmit::answer(const SentPacket& packet, bool failed) {
  bool notify = false;
  for (unsigned i = 0; i < packet.count; ++i)
    notify = ring_.answer({packet.parts[i].id, 0, 0, static_cast<u8>(failed ? 1 : 0), 0}) || notify;
  return notify;
}

// What has pages lent is answered when the card is done with them.
bool BackTransmit::send(SentPacket& packet) {
  size_t bytes = 0;
  Packet* frame = is_good(packet, bytes) ? make(packet, bytes) : nullptr;
  bool notify = false;
  if (frame == nullptr || frame->lent == nullptr) {
    notify = answer(packet, frame == nullptr);
    delete &packet;
  }
  if (frame == nullptr) return notify;
  const Hold hold(network_lock);
  forward_frame(port_, frame);
  return notify;
}

bool BackTransmit::is_good(const SentPacket& packet, size_t& bytes) const {
  const FrameRing::Request& first = packet.parts[0];
  bytes = first.header;
  for (unsigned i = 0; i < packet.count; ++i) {
    const FrameRing::Request& r = packet.parts[i];
    if (r.offset >= kPageBytes || r.bytes > kPageBytes - r.offset || (i > 0 && r.header != 0)) return false;
    bytes += r.bytes;
  }
  const bool header = first.header <= FrameRing::kHeaderBytes && first.id < FrameRing::Page::kEntries;
  if (first.header != 0 && (!says(kSendHeader) || !header)) return false;
  if (!says(kOffload) && (first.segment != 0 || (first.flags & FrameRing::kUnchecked) != 0)) return false;
  return bytes >= kShortestFrame && bytes <= Packet::kLargest;
}

Packet* BackTransmit::make(SentPacket& packet, size_t bytes) {
  const bool lends = says(kSendMapped | kSendHeader);
  Packet* frame = lends ? make_lent(packet, bytes) : make_copy(packet, bytes);
  if (frame == nullptr) return nullptr;
  frame->segment = packet.parts[0].segment;
  frame->unchecked = (packet.parts[0].flags & FrameRing::kUnchecked) != 0;
  if (may_be_sent(frame->data(), frame->bytes, bytes, frame->segment, frame->unchecked)) return frame;
  if (frame->lent == nullptr) return free_packet(frame), nullptr;
  // It ends as one that has been sent; that it was not is nobody's business but the guest's.
  frame->bytes = 0;
  return frame;
}

bool BackTransmit::copy_parts(const SentPacket& packet, size_t skip, u8* to) const {
  GrantWork works[FrameRing::kMostParts];
  unsigned count = 0;
  for (unsigned i = 0; i < packet.count; ++i) {
    const FrameRing::Request& r = packet.parts[i];
    const size_t left = i == 0 ? skip : 0;
    if (r.bytes == left) continue;
    GrantWork& work = works[count++] = work_on(machine_, r, GrantKind::CopyOut);
    work.address = physical(to);
    work.offset = static_cast<u16>(r.offset + left);
    work.bytes = static_cast<u16>(r.bytes - left);
    to += work.bytes;
  }
  bool done = work_on_grants(works, count);
  for (unsigned i = 0; i < count; ++i) done = done && works[i].result == 0;
  return done;
}

Packet* BackTransmit::make_copy(const SentPacket& packet, size_t bytes) const {
  Packet* frame = make_packet(bytes);
  if (frame == nullptr) return nullptr;
  frame->bytes = bytes;
  if (copy_parts(packet, 0, frame->data())) return frame;
  free_packet(frame);
  return nullptr;
}

// All pages or none.
bool BackTransmit::begin_uses(const SentPacket& packet, u64 (&pages)[FrameRing::kMostParts]) const {
  GrantWork works[FrameRing::kMostParts];
  const GrantKind begin = maps() ? GrantKind::Map : GrantKind::Hold;
  for (unsigned i = 0; i < packet.count; ++i) works[i] = work_on(machine_, packet.parts[i], begin);
  if (!work_on_grants(works, packet.count)) return false;
  unsigned done = 0;
  for (unsigned i = 0; i < packet.count; ++i) {
    pages[i] = works[i].address;
    if (works[i].result == 0) works[done++] = work_on(machine_, packet.parts[i], end());
  }
  if (done == packet.count) return true;
  work_on_grants(works, done);
  return false;
}

void BackTransmit::end_uses(const SentPacket& packet) const {
  GrantWork works[FrameRing::kMostParts];
  for (unsigned i = 0; i < packet.count; ++i) works[i] = work_on(machine_, packet.parts[i], end());
  work_on_grants(works, packet.count);
}

Packet* BackTransmit::make_lent(SentPacket& packet, size_t bytes) {
  const FrameRing::Request& first = packet.parts[0];
  u64 pages[FrameRing::kMostParts];
  Packet* frame = make_packet(kMostHeaders);
  if (frame == nullptr) return nullptr;
  if (!begin_uses(packet, pages)) return free_packet(frame), nullptr;
  const size_t mapped = first.bytes < kMostHeaders ? first.bytes : kMostHeaders;
  const size_t skip = says(kSendHeader) ? 0 : mapped;
  frame->bytes = says(kSendHeader) ? first.header : mapped;
  const u8* from = says(kSendHeader) ? direct<u8>(headers_.physical()) + first.id * FrameRing::kHeaderBytes
                                     : direct<u8>(pages[0]) + first.offset;
  memcpy(frame->data(), from, frame->bytes);
  LentPages* lent = new (std::nothrow) LentPages(packet, skip);
  if (lent == nullptr) {
    end_uses(packet);
    return free_packet(frame), nullptr;
  }
  for (unsigned i = 0; i < packet.count; ++i) {
    const FrameRing::Request& r = packet.parts[i];
    const size_t left = i == 0 ? skip : 0;
    if (r.bytes == left) continue;
    lent->pieces[lent->count++] = {pages[i] + r.offset + left, static_cast<u32>(r.bytes - left)};
  }
  lent->bytes = bytes - frame->bytes;
  frame->lent = lent;
  return frame;
}

// ---- Afterwards

void BackTransmit::done(SentPacket& packet) {
  {
    const Hold hold(lock_);
    done_.push_back(packet);
  }
  told_(context_);
}

// Gives pages back, as many at a time as the hypervisor takes, and then answers.
bool BackTransmit::finish() {
  bool notify = false;
  for (;;) {
    List<SentPacket, SentTag> finished;
    GrantWork works[kMostGrantWork];
    unsigned count = 0;
    {
      const Hold hold(lock_);
      while (!done_.empty() && count + done_.front()->count <= kMostGrantWork) {
        SentPacket& packet = *done_.pop_front();
        for (unsigned i = 0; i < packet.count; ++i)
          works[count++] = work_on(machine_, packet.parts[i], end());
        finished.push_back(packet);
      }
    }
    if (count == 0) return notify;
    work_on_grants(works, count);
    while (SentPacket* packet = finished.pop_front()) {
      notify = answer(*packet, false) || notify;
      delete packet;
    }
  }
}

}  // namespace hvlab::kernel
