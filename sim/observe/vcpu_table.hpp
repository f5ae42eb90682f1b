// Which virtual processor of which virtual machine a control block stands for, told from the processor's
// events, or by marks of the hypervisor.
#pragma once

#include <map>

#include "sim/observe/mark.hpp"

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
  /// What a hypervisor says of its own control blocks goes before what is told from events: machines with
  /// shadow paging share the hypervisor's address space. All marks may be given; others than those are
  /// ignored.
  void note(const Mark& mark);

 private:
  std::map<u64, VcpuId> vcpus_;        // by control block
  std::map<u64, unsigned> machines_;   // by nested root or host address space
  std::map<unsigned, unsigned> size_;  // virtual processors of each machine
};

}  // namespace hvlab::observe
