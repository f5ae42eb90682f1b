// Control, debug and base registers, translations: MOV CRn and DRn, LMSW SMSW CLTS, XGETBV XSETBV, INVLPG
// INVPCID, RDFSBASE .. SWAPGS (SDM vol. 2).
#include "sim/control/control_registers.hpp"
#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using control::ok;
using decode::Intercept;
using decode::Kind;
using decode::Mnemonic;

Outcome exit_if_done(Outcome o) { return ok(o) ? Outcome::Exit : o; }

/// Moves are of 64 bits in 64-bit mode, else of 32, whatever the operand size.
template <class T, auto Write>
struct MoveTo {
  static Outcome run(Cpu& cpu, const Op& op) {
    return exit_if_done(Write(cpu, op.reg[0], cpu.get<T>(op.reg[1])));
  }
};
template <class T, auto Read>
struct MoveFrom {
  static Outcome run(Cpu& cpu, const Op& op) {
    const auto value = Read(cpu, op.reg[1]);
    if (!value.failed()) cpu.set<T>(op.reg[0], static_cast<T>(value.value));
    return value.outcome;
  }
};

template <auto Write>
Handlers move_to(const Form& form, Kind kind) {
  if (form.operand[0].kind != kind) return {};
  return form.code_bytes == 8 ? heavy<&MoveTo<u64, Write>::run>() : heavy<&MoveTo<u32, Write>::run>();
}
template <auto Read>
Handlers move_from(const Form& form, Kind kind) {
  if (form.operand[1].kind != kind) return {};
  return form.code_bytes == 8 ? heavy<&MoveFrom<u64, Read>::run>() : heavy<&MoveFrom<u32, Read>::run>();
}

Outcome load_machine_status(Cpu& cpu, const Op& op) {
  // AMD's hypervisor is asked before the operand is read, and as if every bit changed: its selective
  // intercept takes LMSW whatever the value (APM vol. 2, table 15-7).
  if (cpu.guest != nullptr && !cpu.exits_first) {
    if (const Outcome o = cpu.guest->control_write(cpu, 0, ~cpu.cr0); !ok(o)) return o;
  }
  const auto word = read_operand<u16>(cpu, op, 0);
  if (word.failed()) return word.outcome;
  return exit_if_done(control::write_machine_status(cpu, word.value));
}

template <class T>
struct StoreMachineStatus {
  static Outcome run(Cpu& cpu, const Op& op) {
    if (cpu.guest != nullptr) {
      if (const Outcome o = cpu.guest->control_read(cpu, 0); !ok(o)) return o;
    }
    const u64 value = cpu.visible_cr0();
    if (op.mem == 0) return write_memory<u16>(cpu, op, static_cast<u16>(value));
    cpu.set<T>(op.reg[0], static_cast<T>(value));
    return Outcome::Next;
  }
};

Outcome clear_task_switched(Cpu& cpu, const Op&) { return exit_if_done(control::clear_task_switched(cpu)); }

Outcome get_xcr(Cpu& cpu, const Op&) {
  if ((cpu.cr4 & arch::cr4::kOsxsave) == 0) return raise(cpu, Exception::InvalidOpcode);
  const u32 number = cpu.get<u32>(arch::kRcx * 8);
  if (number > 1 || (number == 1 && !cpu.has(arch::Feature::Xgetbv1)))
    return raise(cpu, Exception::GeneralProtection, 0);
  const u64 value = number == 0 ? cpu.xcr0 : cpu.xcr0 & components_in_use(cpu);  // SDM vol. 1, 13.2
  cpu.gpr[arch::kRax] = static_cast<u32>(value);
  cpu.gpr[arch::kRdx] = value >> 32;
  return Outcome::Next;
}

Outcome set_xcr(Cpu& cpu, const Op&) {
  if ((cpu.cr4 & arch::cr4::kOsxsave) == 0) return raise(cpu, Exception::InvalidOpcode);
  const u64 value = cpu.get<u32>(arch::kRax * 8) | static_cast<u64>(cpu.get<u32>(arch::kRdx * 8)) << 32;
  if (cpu.cpl != 0) return raise(cpu, Exception::GeneralProtection, 0);
  if (const Outcome o = cpu::ask(cpu, Intercept::Xsetbv); !ok(o)) return o;
  if (!control::write_xcr(cpu, cpu.get<u32>(arch::kRcx * 8), value))
    return raise(cpu, Exception::GeneralProtection, 0);
  return Outcome::Exit;
}

/// The operand is an address only: no segment or canonicality check raises a fault.
Outcome invalidate_page(Cpu& cpu, const Op& op) {
  const u64 offset = effective_address(cpu, op);
  u64 linear = offset;
  if (!cpu.code64())
    linear = static_cast<u32>(cpu.seg[op.segment].base + offset);
  else if (op.segment >= arch::kFs)
    linear += cpu.seg[op.segment].base;
  if (const Outcome o = cpu::ask(cpu, Intercept::Invlpg, linear); !ok(o)) return o;
  if (cpu::canonical(linear)) mmu::flush_page(cpu, linear);
  return Outcome::Exit;
}

Outcome invalidate_pcid(Cpu& cpu, const Op& op) {
  struct Descriptor {
    u64 pcid, linear;
  };
  const u64 type = cpu.code64() ? cpu.get<u64>(op.reg[0]) : cpu.get<u32>(op.reg[0]);
  const auto d = read_memory<Descriptor>(cpu, op);
  if (d.failed()) return d.outcome;
  const bool pcids = (cpu.cr4 & arch::cr4::kPcide) != 0;
  const u64 pcid = d.value.pcid;
  const bool names_pcid = type <= 1;
  if (type > 3 || (pcid >> 12) != 0 || (names_pcid && !pcids && pcid != 0) ||
      (type == 0 && !cpu::canonical(d.value.linear)))
    return raise(cpu, Exception::GeneralProtection, 0);
  switch (type) {
    case 0: mmu::flush_pcid_page(cpu, static_cast<u16>(pcid), d.value.linear); break;
    case 1: mmu::flush_pcid(cpu, static_cast<u16>(pcid)); break;
    case 2: mmu::flush_all(cpu); break;
    default: mmu::flush_non_global(cpu); break;
  }
  return Outcome::Exit;
}

template <class T, unsigned kSegment>
struct BaseRegister {
  static Outcome read(Cpu& cpu, const Op& op) {
    if ((cpu.cr4 & arch::cr4::kFsgsbase) == 0) return raise(cpu, Exception::InvalidOpcode);
    cpu.set<T>(op.reg[0], static_cast<T>(cpu.seg[kSegment].base));
    return Outcome::Next;
  }
  static Outcome write(Cpu& cpu, const Op& op) {
    if ((cpu.cr4 & arch::cr4::kFsgsbase) == 0) return raise(cpu, Exception::InvalidOpcode);
    const u64 value = cpu.get<T>(op.reg[0]);
    if (!cpu::canonical(value)) return raise(cpu, Exception::GeneralProtection, 0);
    cpu.seg[kSegment].base = value;
    return Outcome::Next;
  }
};

struct SwapGs {
  static Outcome run(Cpu& cpu, const Op&, Flags&) {
    std::swap(cpu.seg[arch::kGs].base, cpu.kernel_gs_base);
    return Outcome::Next;
  }
};

template <class T>
Handlers base_register(Mnemonic mnemonic) {
  switch (mnemonic) {
    case Mnemonic::RDFSBASE: return heavy<&BaseRegister<T, arch::kFs>::read>();
    case Mnemonic::RDGSBASE: return heavy<&BaseRegister<T, arch::kGs>::read>();
    case Mnemonic::WRFSBASE: return heavy<&BaseRegister<T, arch::kFs>::write>();
    default: return heavy<&BaseRegister<T, arch::kGs>::write>();
  }
}

}  // namespace

Handlers select_mov_to_control(const Form& form, Op&) {
  return move_to<control::write_control_register>(form, Kind::Control);
}
Handlers select_mov_from_control(const Form& form, Op&) {
  return move_from<control::read_control_register>(form, Kind::Control);
}
Handlers select_mov_to_debug(const Form& form, Op&) {
  return move_to<control::write_debug_register>(form, Kind::DebugReg);
}
Handlers select_mov_from_debug(const Form& form, Op&) {
  return move_from<control::read_debug_register>(form, Kind::DebugReg);
}

Handlers select_machine_status(const Form& form, Op& op) {
  switch (form.mnemonic) {
    case Mnemonic::LMSW: return heavy<&load_machine_status>();
    case Mnemonic::SMSW: return by_operand_size<StoreMachineStatus>(form, op);
    default: return heavy<&clear_task_switched>();
  }
}

Handlers select_xcr(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::XGETBV ? heavy<&get_xcr>() : heavy<&set_xcr>();
}

Handlers select_translation(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::INVLPG ? heavy<&invalidate_page>() : heavy<&invalidate_pcid>();
}

Handlers select_base_register(const Form& form, Op&) {
  if (form.mnemonic == Mnemonic::SWAPGS) return guarded<SwapGs>();
  return form.operand_bytes == 8 ? base_register<u64>(form.mnemonic) : base_register<u32>(form.mnemonic);
}

}  // namespace hvlab::execute
