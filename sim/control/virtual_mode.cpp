#include "sim/control/virtual_mode.hpp"

#include "sim/control/gates.hpp"
#include "sim/control/iret.hpp"

namespace hvlab::control {

namespace flag = arch::flag;

u64 pushed_virtual_flags(const Cpu& cpu) {
  const u64 flags = (cpu.rflags() & 0xFFFF & ~flag::kIf) | flag::kIopl;
  return cpu.rflag(flag::kVif) ? flags | flag::kIf : flags;
}

std::optional<u64> popped_virtual_flags(const Cpu& cpu, u64 popped, bool rf) {
  const bool opens = (popped & flag::kIf) != 0;
  if ((opens && cpu.rflag(flag::kVip)) || (popped & flag::kTf) != 0) return std::nullopt;
  const u64 merged = merge_flags(cpu, popped, 2, rf) & ~(flag::kIf | flag::kVif);
  return merged | (cpu.rflags() & flag::kIf) | (opens ? flag::kVif : 0);
}

Outcome find_redirection(Cpu& cpu, u8 vector, bool& own) {
  constexpr u32 kIoMapBase = 0x66,
                kMapBytes = 32;  // the map ends where that of ports begins (20.3.3, figure 20-5)
  const Exception gp = Exception::GeneralProtection;
  if (!cpu.tr.usable() || !wide_tss(cpu.tr) || cpu.tr.limit < kIoMapBase + 1) return raise(cpu, gp, 0);
  const auto base = mmu::load_as<u16>(cpu, table_address(cpu, cpu.tr.base + kIoMapBase), Rights::System);
  if (base.failed()) return base.outcome;
  const u32 at = base.value - kMapBytes + vector / 8u;
  if (at > cpu.tr.limit) return raise(cpu, gp, 0);
  const auto map = mmu::load_as<u8>(cpu, table_address(cpu, cpu.tr.base + at), Rights::System);
  if (map.failed()) return map.outcome;
  own = !test_bit(map.value, vector & 7u);
  return Outcome::Next;
}

// Table 20-2, methods 5 and 6.
Outcome deliver_to_program(Cpu& cpu, const Delivery& event) {
  const auto vector = mmu::load_as<u32>(cpu, event.vector * 4u, Rights::User);
  if (vector.failed()) return vector.outcome;
  const bool virtual_if = has_virtual_if(cpu);
  const u64 flags = virtual_if ? pushed_virtual_flags(cpu) : cpu.rflags();
  Frame frame(cpu, cpu.seg[arch::kSs], cpu.gpr[arch::kRsp], cpu.stack_bytes(), cpu.cpl, 0);
  const u64 next = cpu.rip + event.length;
  if (const Outcome o = frame.push_all(2, flags, cpu.seg[arch::kCs].selector, next); !ok(o)) return o;
  cpu.gpr[arch::kRsp] = frame.sp();
  const SegmentRegister cs = v8086_segment(static_cast<u16>(vector.value >> 16));
  enter_code(cpu, cs, vector.value & 0xFFFF, cpu.cpl, flag::kTf | (virtual_if ? flag::kVif : flag::kIf));
  return Outcome::Next;
}

}  // namespace hvlab::control
