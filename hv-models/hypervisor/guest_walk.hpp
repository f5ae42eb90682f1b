// A guest's own page tables, followed as its processor would: for instructions whose bytes or operands the
// hypervisor needs, and for shadow paging.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

/// What is to be done at the address. `user`: with the rights of a program (CPL 3, and no implicit access of
/// the processor to its own tables).
struct WalkAccess {
  bool write = false, user = false, fetch = false;
};

struct WalkResult {
  bool found = false;  // there is a page, and the access is permitted
  bool again = false;  // another processor changed the tables meanwhile: nothing is known
  u64 address = 0;     // physical, the guest's
  u32 error = 0;       // of the page fault that there is instead
  // Rights of the page over all levels; with `dirty`, it has been written.
  bool writable = false, user = false, no_execute = false, dirty = false;
  u64 page_bytes = 4096;
  u64 entries[4] = {};  // that were met, by level: 0 is that of a small page
};

/// Linear address to physical address, in the paging mode that the guest is in, whatever the page's rights.
/// Nothing is written.
WalkResult walk_guest(const VirtualProcessor& vcpu, u64 linear);

/// The same for an access that is going to happen: checks rights and reserved bits, and sets the accessed
/// bits on the way and, for a write, the dirty bit (SDM vol. 3, 4.6 to 4.8).
WalkResult access_guest(const VirtualProcessor& vcpu, u64 linear, WalkAccess access);

/// Bytes at a linear address; false if a page is not there.
bool read_linear(const VirtualProcessor& vcpu, u64 linear, void* to, u64 bytes);
bool write_linear(const VirtualProcessor& vcpu, u64 linear, const void* from, u64 bytes);

}  // namespace hvlab::hypervisor
