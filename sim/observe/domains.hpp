// Domains of Xen, told from below: see docs/virtualization.md, "Xen's domains".
#pragma once

#include <map>

#include "sim/base/types.hpp"

namespace hvlab::observe {

/// A virtual processor of a paravirtual domain. It has no control block; what stands for one is the address
/// of its domain's table of per-domain mappings plus its number, which is no control block's address: those
/// are multiples of 4096, and the table is none.
struct DomainVcpu {
  u64 block = 0;
  u64 domain = 0;           // physical address of that table
  unsigned number = 0;      // in its domain
  u64 space = 0;            // CR3 when it was last entered
  bool user = false;        // it was last seen in its user mode
  bool management = false;  // of the domain that ran first, dom0
  bool named = false;       // observers have been told whose it is
};

/// The domains of one machine. A table that becomes another domain's after its own has ended is still taken
/// for the first one's.
class Domains {
 public:
  /// Many more than Xen's domains have: what is laid out like Xen and makes more is none.
  static constexpr size_t kMost = 4096;

  /// Virtual processor `number` (below 4096) of the domain with the table at `domain` (a multiple of 4096);
  /// null if it is one more than kMost. The pointer stays good.
  DomainVcpu* vcpu(u64 domain, unsigned number) {
    const u64 block = domain + number;
    if (const auto known = vcpus_.find(block); known != vcpus_.end()) return &known->second;
    if (vcpus_.size() == kMost) return nullptr;
    if (first_ == 0) first_ = domain;
    DomainVcpu& fresh = vcpus_[block];
    fresh = {.block = block, .domain = domain, .number = number, .management = domain == first_};
    return &fresh;
  }

 private:
  std::map<u64, DomainVcpu> vcpus_;  // by block
  u64 first_ = 0;
};

}  // namespace hvlab::observe
