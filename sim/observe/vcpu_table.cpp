#include "sim/observe/vcpu_table.hpp"

namespace hvlab::observe {

VcpuId VcpuTable::enter(u64 block, u64 root, u64 host_space) {
  const u64 machine = root != 0 ? root : host_space;
  if (const auto found = vcpus_.find(block); found != vcpus_.end()) {
    machines_.emplace(machine, found->second.vm);
    return found->second;
  }
  const auto [place, fresh] = machines_.emplace(machine, static_cast<unsigned>(size_.size()) + 1);
  const unsigned vm = place->second;
  return vcpus_[block] = {.vm = vm, .vcpu = size_[vm]++};
}

}  // namespace hvlab::observe
