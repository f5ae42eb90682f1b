#include "hv-models/drivers/packet.hpp"

#include "hv-models/runtime/memory.hpp"

namespace hvlab::drivers {

Packet* make_packet(size_t capacity) {
  u8* block = new (std::nothrow) u8[sizeof(Packet) + Packet::kHeadroom + capacity];
  if (block == nullptr) return nullptr;
  Packet* packet = new (block) Packet;
  packet->capacity = capacity;
  return packet;
}

void free_packet(Packet* packet) { delete[] reinterpret_cast<u8*>(packet); }

}  // namespace hvlab::drivers
