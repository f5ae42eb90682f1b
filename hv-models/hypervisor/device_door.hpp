// The one interface in which the models differ: who does a guest's accesses to devices.
#pragma once

#include "hv-models/devices/access.hpp"
#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

struct VirtualProcessor;

using devices::Access;
using devices::Space;

struct DeviceDoor {
  /// Does an access that is none of the core's own (local APIC, I/O APIC, ACPI). True: it is done, and
  /// `access.value` is what was read. False: the virtual processor waits until complete_access(). The
  /// machine's lock is held.
  bool (*access)(void* context, VirtualProcessor& vcpu, Access& access);
  void* context;
};

/// What is read where there is nothing.
constexpr u64 kNobody = ~u64{0};

}  // namespace hvlab::hypervisor
