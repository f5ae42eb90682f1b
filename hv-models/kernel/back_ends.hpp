// The back ends of split devices, in the management machine of the driver-domain model: they do with the
// kernel's own drivers what other machines ask for through rings.
#pragma once

#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/interdomain/split_devices.hpp"
#include "hv-models/runtime/hypercall.hpp"

namespace hvlab::kernel {

/// In the management machine: makes the back ends, then has the other machines started. Elsewhere nothing.
void serve_machines();

/// Back ends of machine `machine`: the disk's first `sectors` from `first` on; the card.
void serve_disk(unsigned machine, u64 first, u64 sectors);
void serve_card(unsigned machine);

/// A page of another machine's while it is mapped here; where() is null if it was not granted.
class MappedGrant {
 public:
  MappedGrant() = default;
  bool map(unsigned machine, interdomain::Grant grant, bool write);
  void unmap();
  u64 physical() const { return physical_; }

 private:
  u64 physical_ = 0;
  unsigned machine_ = 0;
  interdomain::Grant grant_ = 0;
};

inline i64 ask_hypervisor(interdomain::Call call, u64 first = 0, u64 second = 0, u64 third = 0) {
  return runtime::hypercall(static_cast<u64>(call), first, second, third);
}

/// What the machine's front end says, once it is ready.
bool read_front(unsigned machine, interdomain::Split kind, interdomain::FrontOffer& offer);
void make_offer(unsigned machine, interdomain::Split kind, const interdomain::BackOffer& offer);
/// This side's end of a channel.
inline unsigned channel_of(unsigned machine, interdomain::Split kind) {
  return interdomain::management_channel(machine, static_cast<unsigned>(kind), interdomain::kSplitKinds);
}

}  // namespace hvlab::kernel
