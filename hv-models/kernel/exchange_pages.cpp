#include "hv-models/kernel/exchange_pages.hpp"

#include "hv-models/kernel/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

struct FreePage {
  FreePage* next;
};
constinit runtime::SpinLock lock;
FreePage* first = nullptr;

void give(u8* page) {
  const Hold hold(lock);
  first = new (page) FreePage{first};
}

u8* take() {
  {
    const Hold hold(lock);
    if (FreePage* page = first; page != nullptr) {
      first = page->next;
      return reinterpret_cast<u8*>(page);
    }
  }
  return static_cast<u8*>(allocate_pages());
}

}  // namespace

Packet* make_exchange_packet() { return drivers::make_page_packet(take(), give); }
bool is_exchangeable(const Packet& packet) { return packet.give_page == give; }
void exchanged(Packet& packet, u64 page) { packet.block = direct<u8>(page); }

}  // namespace hvlab::kernel
