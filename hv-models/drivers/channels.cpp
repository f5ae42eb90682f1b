#include "hv-models/drivers/channels.hpp"

#include "hv-models/interdomain/grant_table.hpp"
#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/runtime/hypercall.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::drivers {
namespace {

using namespace interdomain;
using runtime::Hold;

struct Channel {
  ChannelHandler handler;
  void* context;
};

SharedPage* page = nullptr;
GrantEntry* grants = nullptr;
u32 next_grant = 0;
runtime::SpinLock grant_lock;
Channel channels[kChannels] = {};

u64 number_of(Call call) { return static_cast<u64>(call); }

// Takes all that is pending at once: what comes meanwhile interrupts again.
void event(runtime::TrapFrame&) {
  runtime::apic::end_of_interrupt();
  u64 pending = __atomic_exchange_n(&page->pending, 0, __ATOMIC_SEQ_CST);
  while (pending != 0) {
    const unsigned channel = static_cast<unsigned>(__builtin_ctzll(pending));
    pending &= pending - 1;
    if (channels[channel].handler != nullptr) channels[channel].handler(channels[channel].context);
  }
}

}  // namespace

bool set_up_channels() {
  if ((runtime::hypervisor_features() & kHasChannels) == 0) return false;
  auto* shared = static_cast<SharedPage*>(runtime::allocate_zeroed_page());
  grants = static_cast<GrantEntry*>(runtime::allocate_zeroed_page());
  if (shared == nullptr || grants == nullptr) return false;
  runtime::set_handler(runtime::kChannelVector, event);
  page = shared;
  if (runtime::hypercall(number_of(Call::Share), runtime::physical(page), runtime::physical(grants),
                         runtime::kChannelVector) != 0)
    page = nullptr;
  return page != nullptr;
}

bool has_channels() { return page != nullptr; }
SharedPage& shared_page() { return *page; }

bool connect_channel(unsigned channel, ChannelHandler handler, void* context) {
  if (channel >= kChannels) return false;
  channels[channel] = {handler, context};
  return true;
}

void notify_channel(unsigned channel) { runtime::hypercall(number_of(Call::Notify), channel); }

Grant give_page(u64 physical, unsigned machine, bool read_only) {
  const Hold hold(grant_lock);
  for (u32 tried = 0; tried < kGrants; ++tried) {
    const u32 number = next_grant++ % kGrants;
    GrantEntry& entry = grants[number];
    if (entry.flags != 0) continue;
    entry.page = static_cast<u32>(physical / runtime::kPageBytes);
    entry.machine = static_cast<u16>(machine);
    __atomic_store_n(&entry.flags, static_cast<u8>(kGranted | (read_only ? kReadOnly : 0)), __ATOMIC_RELEASE);
    return number;
  }
  return kNoGrant;
}

void take_page_back(Grant grant) {
  __atomic_store_n(&grants[grant % kGrants].flags, u8{0}, __ATOMIC_RELEASE);
}

}  // namespace hvlab::drivers
