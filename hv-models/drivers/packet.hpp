// Packets on their way: one block of memory with room for headers before the payload, so that nothing is
// copied from layer to layer. More bytes may lie elsewhere, in pages that somebody has lent.
#pragma once

#include "hv-models/runtime/list.hpp"
#include "sim/base/types.hpp"

namespace hvlab::drivers {

/// The rest of a packet that is to be sent: bytes behind its own, in other memory. Its end tells whoever lent
/// them.
struct LentBytes {
  static constexpr unsigned kMost = 18;  // pieces: 64 KiB from anywhere in a page, and some to spare
  struct Piece {
    u64 address;  // physical
    u32 bytes;
  };
  virtual ~LentBytes() = default;
  /// Copies all of them; false if that cannot be.
  virtual bool read(u8* to) = 0;
  Piece pieces[kMost];
  unsigned count = 0;
  size_t bytes = 0;
};

struct PacketTag {};
struct Packet : runtime::Link<PacketTag> {
  static constexpr size_t kHeadroom = 64;
  static constexpr size_t kLargest = 65536;  // with all headers
  u8* block = nullptr;                       // behind this structure, or a page of its own
  void (*give_page)(u8* page) = nullptr;     // of its own: who gets it back
  size_t begin = kHeadroom;                  // of the bytes, in the block
  size_t bytes = 0;
  size_t capacity = 0;  // from kHeadroom on
  u32 from = 0;         // of a received datagram: address and port
  u16 from_port = 0;
  u16 segment = 0;  // to send: not a frame, but TCP's data for frames of so much payload each; 0: a frame
  bool unchecked =
      false;  // to send: in the checksum's place is the pseudo-header's sum, the rest is to be added
  bool checked = false;  // received: TCP's or UDP's checksum has been found right
  LentBytes* lent = nullptr;
  // For whoever watches (runtime/mark.hpp):
  u32 copied = 0;          // bytes, to make a frame of it
  bool of_call = false;    // a program's call sends it, and has not returned
  bool from_card = false;  // it came as a frame, and not from the same system

  u8* data() { return block + begin; }
  /// The beginning of a header of `size` bytes, which is now part of the packet.
  u8* push(size_t size) { return begin -= size, bytes += size, data(); }
  void pull(size_t size) { begin += size, bytes -= size; }
  /// With what is lent.
  size_t all_bytes() const { return bytes + (lent != nullptr ? lent->bytes : 0); }
};

/// An empty packet for up to `capacity` bytes, or nullptr. Its bytes lie in a row in physical memory.
Packet* make_packet(size_t capacity);
/// The same in a page of its own, from kHeadroom on; give() gets the page back.
Packet* make_page_packet(u8* page, void (*give)(u8* page));
void free_packet(Packet* packet);

/// For a card's receive ring. Usually as make_packet(); once there is a source of pages, in one of those.
Packet* make_receive_packet(size_t capacity);
void set_receive_pages(Packet* (*make)());

using PacketList = runtime::List<Packet, PacketTag>;

/// Frames that wait until a card's own queue has room, the oldest first. Some hundreds, as a system's sending
/// queue has: a burst of several guests is not lost.
class SendQueue {
 public:
  static constexpr unsigned kMost = 512;
  /// Takes the frame, which is lost if there are too many.
  void add(Packet* frame) {
    if (count_ == kMost) return free_packet(frame);
    frames_.push_back(*frame);
    ++count_;
  }
  Packet* oldest() { return frames_.front(); }
  void remove_oldest() { frames_.pop_front(), --count_; }

 private:
  PacketList frames_;
  unsigned count_ = 0;
};

}  // namespace hvlab::drivers
