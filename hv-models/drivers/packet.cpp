#include "hv-models/drivers/packet.hpp"

#include "hv-models/runtime/memory.hpp"

namespace hvlab::drivers {
namespace {

Packet* (*receive_pages)() = nullptr;

}  // namespace

Packet* make_packet(size_t capacity) {
  u8* block = new (std::nothrow) u8[sizeof(Packet) + Packet::kHeadroom + capacity];
  if (block == nullptr) return nullptr;
  Packet* packet = new (block) Packet;
  packet->block = block + sizeof(Packet);
  packet->capacity = capacity;
  return packet;
}

Packet* make_page_packet(u8* page, void (*give)(u8* page)) {
  u8* block = page == nullptr ? nullptr : new (std::nothrow) u8[sizeof(Packet)];
  if (block == nullptr) {
    if (page != nullptr) give(page);
    return nullptr;
  }
  Packet* packet = new (block) Packet;
  packet->block = page;
  packet->give_page = give;
  packet->capacity = runtime::kPageBytes - Packet::kHeadroom;
  return packet;
}

void free_packet(Packet* packet) {
  if (packet == nullptr) return;
  delete packet->lent;
  if (packet->give_page != nullptr) packet->give_page(packet->block);
  delete[] reinterpret_cast<u8*>(packet);
}

Packet* make_receive_packet(size_t capacity) {
  return receive_pages != nullptr ? receive_pages() : make_packet(capacity);
}
void set_receive_pages(Packet* (*make)()) { receive_pages = make; }

}  // namespace hvlab::drivers
