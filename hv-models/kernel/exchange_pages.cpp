#include "hv-models/kernel/exchange_pages.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

// Free pages, each with the next one's address in its first bytes.
constinit runtime::SpinLock lock;
u8* first = nullptr;

void give(u8* page) {
  const Hold hold(lock);
  memcpy(page, &first, sizeof first);
  first = page;
}

u8* take() {
  {
    const Hold hold(lock);
    if (u8* page = first; page != nullptr) {
      memcpy(&first, page, sizeof first);
      return page;
    }
  }
  return static_cast<u8*>(allocate_pages());
}

}  // namespace

Packet* make_exchange_packet() { return drivers::make_page_packet(take(), give); }
bool is_exchangeable(const Packet& packet) { return packet.give_page == give; }
void exchanged(Packet& packet, u64 page) { packet.block = direct<u8>(page); }

}  // namespace hvlab::kernel
