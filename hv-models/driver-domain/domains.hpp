// What the hypervisor knows of each machine beside what the core does: its shared page, its grants, its ends
// of channels.
#pragma once

#include "hv-models/devices/serial_port.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/interdomain/grant_table.hpp"
#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/interdomain/shared_page.hpp"

namespace hvlab::driver_domain {

using hypervisor::VirtualMachine;

struct Domain {
  VirtualMachine machine;
  interdomain::SharedPage* shared = nullptr;        // null until it has named it
  const interdomain::GrantEntry* grants = nullptr;  // likewise
  u64 shared_at = 0, grants_at = 0;                 // guest-physical
  u8 vector = 0;                                    // of its events
  interdomain::GrantUses uses;
  interdomain::BackOffer offers[interdomain::kSplitKinds] = {};
  bool open = false;  // all its memory is the management machine's too, whose program emulates its devices
  u8 kinds = 0;       // split devices that it is to have, a bit each
  u8 manner = 0;      // of its card (interdomain/split_devices.hpp)
  runtime::SpinLock lock;  // of all of this but the machine
};

/// 0 is the management machine.
inline constexpr unsigned kManagement = 0;
Domain& domain(unsigned index);
unsigned domain_count();
/// A machine other than the management machine; null if there is none of that number.
Domain* guest(u64 index);
void set_domain_count(unsigned count);
Domain& domain_of(const VirtualMachine& machine);
unsigned index_of(const Domain& domain);

/// An event of `channel` for a machine. No lock held.
void send_event(Domain& to, unsigned channel);

}  // namespace hvlab::driver_domain
