#include "hv-models/kernel/plain_frames.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/segments.hpp"
#include "hv-models/runtime/mark.hpp"

namespace hvlab::kernel {
namespace {

using Mark = arch::mark::Kind;
using arch::mark::frame_way;
using arch::mark::FrameWay;

// All its bytes in a row, with nothing else of it.
Packet* gather(Packet& packet) {
  Packet* copy = make_packet(packet.all_bytes());
  if (copy == nullptr) return nullptr;
  memcpy(copy->data(), packet.data(), packet.bytes);
  copy->bytes = packet.all_bytes();
  if (packet.lent == nullptr || packet.lent->read(copy->data() + packet.bytes)) {
    runtime::mark<Mark::FrameCopy>(copy->bytes, copy->bytes, frame_way(FrameWay::Out));
    return copy;
  }
  free_packet(copy);
  return nullptr;
}

void cut(Packet& whole, u16 segment, const PacketLayout& layout, void* context,
         void (*take)(void* context, Packet* frame)) {
  const unsigned count = count_frames(whole.bytes, layout, segment);
  for (unsigned i = 0; i < count; ++i) {
    Packet* frame = make_packet(layout.headers + segment);
    if (frame == nullptr) return;
    frame->bytes = cut_frame(whole.data(), whole.bytes, layout, segment, i, frame->data());
    runtime::mark<Mark::FrameCopy>(frame->bytes, frame->bytes, frame_way(FrameWay::Out));
    take(context, frame);
  }
}

}  // namespace

u8 needs(const Packet& packet) {
  return static_cast<u8>((packet.unchecked ? drivers::kChecksums : 0) |
                         (packet.segment != 0 ? drivers::kSegments : 0) |
                         (packet.lent != nullptr ? drivers::kGathers : 0));
}

void make_plain_frames(Packet& packet, void* context, void (*take)(void* context, Packet* frame)) {
  Packet* whole = gather(packet);
  PacketLayout layout;
  if (whole == nullptr) return;
  const bool unfinished = packet.unchecked || packet.segment != 0;
  if (unfinished && !find_layout(whole->data(), whole->bytes, whole->bytes, layout))
    return free_packet(whole);
  if (packet.segment != 0) {
    cut(*whole, packet.segment, layout, context, take);
    return free_packet(whole);
  }
  if (packet.unchecked) complete_checksum(whole->data(), whole->bytes, layout);
  take(context, whole);
}

}  // namespace hvlab::kernel
