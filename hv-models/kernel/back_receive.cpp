// What a guest gets: frames are copied into pages that it has offered, or go there with the page that they
// lie in.
#include "hv-models/kernel/back_card.hpp"
#include "hv-models/kernel/exchange_pages.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/mark.hpp"

namespace hvlab::kernel {

using namespace interdomain;
using runtime::Hold;

bool BackReceive::connect(const FrontOffer& offer) {
  if (!page_.map(machine_, offer.rings[1], true)) return false;
  ring_.set_up(direct<FrameRing::Page>(page_.physical()));
  return true;
}

bool BackReceive::add(Packet* frame) {
  const Hold hold(lock_);
  if (queued_ == kMostQueued) return false;
  ++queued_;
  waiting_.push_back(*frame);
  return true;
}

Packet* BackReceive::next() {
  const Hold hold(lock_);
  Packet* frame = waiting_.pop_front();
  if (frame != nullptr) --queued_;
  return frame;
}

// A frame and a page for it. Without pages the frames wait: the front end will say when it has offered more.
bool BackReceive::take(Item& item) {
  {
    const Hold hold(lock_);
    if (waiting_.empty()) return false;
  }
  while (!ring_.take(item.request)) {
    if (!ring_.wait()) return false;
  }
  item.frame = next();
  return true;
}

// A frame that lies elsewhere moves into a page that can be given away.
Packet* in_exchange_page(Packet* frame) {
  if (is_exchangeable(*frame)) return frame;
  Packet* moved = make_exchange_packet();
  if (moved == nullptr || frame->bytes > moved->capacity) return free_packet(moved), frame;
  memcpy(moved->data(), frame->data(), frame->bytes);
  runtime::mark<arch::mark::Kind::FrameCopy>(frame->bytes, frame->bytes,
                                             arch::mark::frame_way(arch::mark::FrameWay::In));
  moved->bytes = frame->bytes;
  moved->checked = frame->checked;
  free_packet(frame);
  return moved;
}

// What does not fit is asked for with a machine that there is not.
GrantWork BackReceive::work_for(Item& item) const {
  GrantWork work = {};
  work.grant = item.request.grant;
  if (flips()) item.frame = in_exchange_page(item.frame);
  const Packet& frame = *item.frame;
  work.bytes = static_cast<u16>(frame.bytes);
  if (flips()) {
    work.kind = GrantKind::Exchange;
    work.address = physical(frame.block);
    work.offset = static_cast<u16>(frame.begin);
    if (is_exchangeable(frame)) work.machine = machine_;
    return work;
  }
  work.kind = GrantKind::CopyInto;
  work.address = physical(frame.block + frame.begin);
  work.offset = item.request.offset;
  if (frame.bytes <= item.request.bytes) work.machine = machine_;
  return work;
}

bool BackReceive::give(Item* items, unsigned count) {
  GrantWork works[kMostGrantWork];
  for (unsigned i = 0; i < count; ++i) works[i] = work_for(items[i]);
  const bool looked = work_on_grants(works, count);
  bool notify = false;
  for (unsigned i = 0; i < count; ++i) {
    Packet& frame = *items[i].frame;
    const bool done = looked && works[i].result == 0;
    if (done && flips()) exchanged(frame, works[i].address);
    const u8 checked = (manner_ & kOffload) != 0 && frame.checked ? 1 : 0;
    const FrameRing::Response response{items[i].request.id, works[i].offset,
                                       static_cast<u16>(done ? frame.bytes : 0),
                                       static_cast<u8>(done ? 0 : 1), checked};
    notify = ring_.answer(response) || notify;
    free_packet(&frame);
  }
  return notify;
}

bool BackReceive::serve() {
  bool notify = false;
  for (;;) {
    Item items[kMostGrantWork];
    unsigned count = 0;
    while (count < kMostGrantWork && take(items[count])) ++count;
    if (count == 0) return notify;
    notify = give(items, count) || notify;
  }
}

}  // namespace hvlab::kernel
