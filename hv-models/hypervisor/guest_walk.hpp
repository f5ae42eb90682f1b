// A guest's own page tables, followed as its processor would: for instructions whose bytes or operands the
// hypervisor needs.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"

namespace hvlab::hypervisor {

struct WalkResult {
  bool found = false;
  u64 address = 0;  // physical, the guest's
  u32 error = 0;    // of the page fault that there is instead, P and W only
  u8 rights = 0;    // page-table bits: present, writable, user (1, 2, 4), together over all levels
  bool no_execute = false;
  bool large = false;
  u64 page_bytes = 4096;
};

/// Linear address to physical address, in the paging mode that the guest is in. Nothing is written: accessed
/// and dirty bits are the processor's affair.
WalkResult walk_guest(const VirtualProcessor& vcpu, u64 linear);

/// Bytes at a linear address; false if a page is not there.
bool read_linear(const VirtualProcessor& vcpu, u64 linear, void* to, u64 bytes);
bool write_linear(const VirtualProcessor& vcpu, u64 linear, const void* from, u64 bytes);

}  // namespace hvlab::hypervisor
