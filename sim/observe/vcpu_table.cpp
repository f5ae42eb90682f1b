#include "sim/observe/vcpu_table.hpp"

#include <algorithm>

namespace hvlab::observe {

VcpuId VcpuTable::enter(u64 block, u64 root, u64 host_space) {
  const u64 machine = root != 0 ? root : host_space;
  if (const auto found = vcpus_.find(block); found != vcpus_.end()) {
    machines_.emplace(machine, found->second.vm);
    return found->second;
  }
  const unsigned next = size_.empty() ? 1 : size_.rbegin()->first + 1;
  const auto [place, fresh] = machines_.emplace(machine, next);
  const unsigned vm = place->second;
  return vcpus_[block] = {.vm = vm, .vcpu = size_[vm]++};
}

void VcpuTable::note(const Mark& mark) {
  if (mark.kind != arch::mark::Kind::ControlBlock || !mark.of_host()) return;
  const VcpuId id{.vm = arch::mark::vm_of(mark.second), .vcpu = arch::mark::vcpu_of(mark.second)};
  vcpus_[mark.first] = id;
  size_[id.vm] = std::max(size_[id.vm], id.vcpu + 1);
}

}  // namespace hvlab::observe
