#include "hv-models/user/vmm/wire.hpp"

#include "hv-models/runtime/mark.hpp"
#include "hv-models/user/library/text.hpp"

namespace vmm {

using hvlab::devices::NetworkBackend;
using hvlab::devices::Piece;
using Mark = hvlab::arch::mark::Kind;
using hvlab::arch::mark::frame_way;
using hvlab::arch::mark::FrameWay;

long Wire::open(unsigned number) {
  char path[] = "/dev/tap0";
  path[sizeof path - 2] = static_cast<char>('0' + number);
  mac_[5] = static_cast<uint8_t>(number);
  const long tap = user::open(path, user::kReadWrite);
  if (tap >= 0) tap_ = static_cast<int>(tap);
  return tap < 0 ? tap : 0;
}

NetworkBackend Wire::backend() const {
  NetworkBackend result;
  result.send = [](void* wire, const Piece* pieces, unsigned count) {
    static_cast<const Wire*>(wire)->send(pieces, count);
  };
  result.context = const_cast<Wire*>(this);
  memcpy(result.mac, mac_, sizeof mac_);
  return result;
}

// The frame in a row for the host's call; what is too long is lost.
void Wire::send(const Piece* pieces, unsigned count) const {
  uint8_t frame[kLongest];
  size_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (pieces[i].bytes > sizeof frame - bytes) return;
    memcpy(frame + bytes, pieces[i].at, pieces[i].bytes);
    bytes += pieces[i].bytes;
  }
  hvlab::runtime::mark<Mark::FrameCopy>(bytes, bytes, frame_way(FrameWay::Out, mac_[5]));
  user::write(tap_, frame, bytes);
}

long Wire::begin() {
  return user::start_thread([](void* wire) { static_cast<Wire*>(wire)->serve(); }, this);
}

bool Wire::has_frames() const {
  if (waiting_ != nullptr) return __atomic_load_n(waiting_, __ATOMIC_SEQ_CST) > 0;
  return user::bytes_waiting(tap_) > 0;
}

void Wire::take() {
  full_ = false;
  while (takes_ && has_frames()) {
    full_ = !has_room();
    if (full_) return;
    uint8_t frame[kLongest];
    const long bytes = user::read(tap_, frame, sizeof frame);
    if (bytes > 0) receiver_.receive(receiver_.context, frame, static_cast<uint32_t>(bytes));
  }
}

void Wire::serve() {
  for (;;) {
    uint8_t frame[kLongest];
    const long bytes = user::read(tap_, frame, sizeof frame);
    if (bytes <= 0) continue;
    const user::Hold hold(mutex_);
    while (!has_room()) {
      waits_ = true;
      room_.wait(mutex_);
    }
    waits_ = false;
    hvlab::runtime::mark<Mark::FrameCopy>(static_cast<uint64_t>(bytes), static_cast<uint64_t>(bytes),
                                          frame_way(FrameWay::In, mac_[5]));
    receiver_.receive(receiver_.context, frame, static_cast<uint32_t>(bytes));
  }
}

}  // namespace vmm
