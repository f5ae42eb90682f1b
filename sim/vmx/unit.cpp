#include "sim/vmx/unit.hpp"

#include "sim/control/control_block.hpp"

namespace hvlab::vmx {

Vmcs& region_at(Unit& unit, Cpu& cpu, u64 address) {
  return control::control_block(cpu, address, unit.nowhere_);
}

void region_written(Cpu& cpu, u64 address) { control::control_block_written(cpu, address, sizeof(Vmcs)); }

Vmcs& Unit::vmcs(Cpu& cpu) { return region_at(*this, cpu, current); }

}  // namespace hvlab::vmx
