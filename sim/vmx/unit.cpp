#include "sim/vmx/unit.hpp"

#include <cstring>

namespace hvlab::vmx {

Vmcs& region_at(Unit& unit, Cpu& cpu, u64 address) {
  if (u8* page = cpu.bus->write_page(address); page != nullptr) return *reinterpret_cast<Vmcs*>(page);
  std::memset(static_cast<void*>(&unit.nowhere_), 0xFF, sizeof unit.nowhere_);
  return unit.nowhere_;
}

void region_written(Cpu& cpu, u64 address) {
  if (cpu.code != nullptr && cpu.code->holds_code(address >> 12)) cpu.code->written(address, sizeof(Vmcs));
}

Vmcs& Unit::vmcs(Cpu& cpu) { return region_at(*this, cpu, current); }

}  // namespace hvlab::vmx
