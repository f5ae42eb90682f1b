// Which virtual processor of which virtual machine a control block stands for, told from the processor's
// events alone.
#pragma once

#include <map>

#include "sim/base/types.hpp"

namespace hvlab::observe {

struct VcpuId {
  unsigned vm = 0;    // 1 is the first virtual machine that ran
  unsigned vcpu = 0;  // 0 is the first virtual processor of its machine that ran
};

class VcpuTable {
 public:
  /// The virtual processor whose control block is at `block`, on an entry with nested root `root` (0: none)
  /// from the host address space `host_space`. A machine is known by its nested root, else by the address
  /// space of its host process. A root that appears later under a known virtual processor is the same
  /// machine's: hypervisors build new roots as its memory map changes.
  VcpuId enter(u64 block, u64 root, u64 host_space);

 private:
  std::map<u64, VcpuId> vcpus_;        // by control block
  std::map<u64, unsigned> machines_;   // by nested root or host address space
  std::map<unsigned, unsigned> size_;  // virtual processors of each machine
};

}  // namespace hvlab::observe
