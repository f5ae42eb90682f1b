// Packets on their way: one block of memory with room for headers before the payload, so that nothing is
// copied from layer to layer.
#pragma once

#include "hv-models/runtime/list.hpp"
#include "sim/base/types.hpp"

namespace hvlab::drivers {

struct PacketTag {};
struct Packet : runtime::Link<PacketTag> {
  static constexpr size_t kHeadroom = 64;
  size_t begin = kHeadroom;  // of the bytes, in the block behind this structure
  size_t bytes = 0;
  size_t capacity = 0;  // from kHeadroom on
  u32 from = 0;         // of a received datagram: address and port
  u16 from_port = 0;
  bool of_call = false;  // a program's call sends it, and has not returned

  u8* data() { return reinterpret_cast<u8*>(this + 1) + begin; }
  /// The beginning of a header of `size` bytes, which is now part of the packet.
  u8* push(size_t size) { return begin -= size, bytes += size, data(); }
  void pull(size_t size) { begin += size, bytes -= size; }
};

/// An empty packet for up to `capacity` bytes, or nullptr. Its bytes lie in a row in physical memory.
Packet* make_packet(size_t capacity);
void free_packet(Packet* packet);

using PacketList = runtime::List<Packet, PacketTag>;

}  // namespace hvlab::drivers
