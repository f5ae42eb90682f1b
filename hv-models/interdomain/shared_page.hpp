// The page that a virtual machine of the driver-domain model shares with its hypervisor, which it names by a
// hypercall (hypervisor/abi.hpp): events that are pending, its offers for split devices, and where its grant
// table is.
#pragma once

#include "hv-models/interdomain/split_devices.hpp"
#include "sim/base/types.hpp"

namespace hvlab::interdomain {

inline constexpr unsigned kMostMachines = 16;
inline constexpr unsigned kChannels = 64;  // of a machine

struct SharedPage {
  u64 pending;  // a bit for each event channel: set by the other side, taken back by this machine
  u64 reserved[7];
  BackOffer back[kSplitKinds];
  FrontOffer front[kSplitKinds];
};
static_assert(sizeof(SharedPage) <= 4096);

}  // namespace hvlab::interdomain
