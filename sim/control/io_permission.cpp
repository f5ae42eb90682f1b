#include "sim/control/io_permission.hpp"

#include "sim/control/stack.hpp"

namespace hvlab::control {

Outcome check_io_permission(Cpu& cpu, u16 port, unsigned bytes) {
  if (!cpu.protected_mode() || (!cpu.v8086() && cpu.cpl <= cpu.iopl())) return Outcome::Next;
  constexpr u32 kMapBase = 0x66;
  const Exception gp = Exception::GeneralProtection;
  if (!cpu.tr.usable() || !wide_tss(cpu.tr) || cpu.tr.limit < kMapBase + 1) return raise(cpu, gp, 0);
  const auto map = mmu::load_as<u16>(cpu, table_address(cpu, cpu.tr.base + kMapBase), Rights::System);
  if (map.failed()) return map.outcome;
  // Two bytes are always read, so the map must have one beyond the port's own.
  const u32 at = map.value + port / 8u;
  if (at + 1 > cpu.tr.limit) return raise(cpu, gp, 0);
  const auto denied = mmu::load_as<u16>(cpu, table_address(cpu, cpu.tr.base + at), Rights::System);
  if (denied.failed()) return denied.outcome;
  const u64 wanted = low_mask(bytes) << (port & 7);
  return (denied.value & wanted) == 0 ? Outcome::Next : raise(cpu, gp, 0);
}

}  // namespace hvlab::control
