// Descriptor tables and what they hold: LGDT LIDT SGDT SIDT LLDT LTR SLDT STR LAR LSL VERR VERW ARPL (SDM
// vol. 2).
#include <cstring>

#include "sim/control/segments.hpp"
#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using arch::SystemType;
using control::ok;
using control::TableEntry;
using cpu::DescriptorTableRegister;
using decode::Mnemonic;

/// A pseudo-descriptor is 6 bytes, 10 in 64-bit mode; with a 16-bit operand size the base has 24 bits.
template <DescriptorTableRegister cpu::State::* Register>
Outcome load_table(Cpu& cpu, const Op& op) {
  const unsigned base_bytes = cpu.code64() ? 8 : 4;
  u8 raw[10];
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, 2 + base_bytes, Access::Read, linear); !ok(o)) return o;
  if (const Outcome o = mmu::read_slow(cpu, linear, raw, 2 + base_bytes, mmu::Rights::Current); !ok(o))
    return o;
  DescriptorTableRegister table;
  std::memcpy(&table.limit, raw, 2);
  std::memcpy(&table.base, raw + 2, base_bytes);
  if (base_bytes == 4 && op.operand_bytes == 2) table.base &= 0xFF'FFFF;
  if (!cpu::canonical(table.base)) return raise(cpu, Exception::GeneralProtection, 0);
  cpu.*Register = table;
  return Outcome::Next;
}

template <DescriptorTableRegister cpu::State::* Register>
Outcome store_table(Cpu& cpu, const Op& op) {
  const unsigned base_bytes = cpu.code64() ? 8 : 4;
  const DescriptorTableRegister& table = cpu.*Register;
  u8 raw[10];
  std::memcpy(raw, &table.limit, 2);
  std::memcpy(raw + 2, &table.base, 8);
  u64 linear = 0;
  if (const Outcome o = linear_address(cpu, op, 2 + base_bytes, Access::Write, linear); !ok(o)) return o;
  return mmu::write_slow(cpu, linear, raw, 2 + base_bytes, mmu::Rights::Current);
}

template <auto Load>
Outcome load_system(Cpu& cpu, const Op& op) {
  const auto selector = read_operand<u16>(cpu, op, 0);
  return selector.failed() ? selector.outcome : Load(cpu, selector.value);
}

template <class T, cpu::SegmentRegister cpu::State::* Register>
struct StoreSystem {
  static Outcome run(Cpu& cpu, const Op& op) {
    const u16 selector = (cpu.*Register).selector;
    if (op.mem == 0) return write_memory<u16>(cpu, op, selector);
    cpu.set<T>(op.reg[0], selector);
    return Outcome::Next;
  }
};
template <class T>
using StoreLdtr = StoreSystem<T, &cpu::State::ldtr>;
template <class T>
using StoreTr = StoreSystem<T, &cpu::State::tr>;

/// CPL and RPL against DPL; conforming code is open to all.
bool visible(const Cpu& cpu, u16 selector, const arch::Descriptor& d) {
  if (d.code() && d.conforming()) return true;
  return cpu.cpl <= d.dpl() && arch::selector_rpl(selector) <= d.dpl();
}

/// The system types that LAR (with gates) and LSL look into; in IA-32e mode only the 64-bit ones exist.
bool has_attributes(const Cpu& cpu, const arch::Descriptor& d, bool gates) {
  if (d.non_system()) return true;
  const auto is_any = [&](auto... types) { return (d.is(types) || ...); };
  if (is_any(SystemType::Ldt, SystemType::TssAvailable, SystemType::TssBusy)) return true;
  if (gates && d.is(SystemType::CallGate)) return true;
  if (cpu.long_active()) return false;
  if (is_any(SystemType::Tss16Available, SystemType::Tss16Busy)) return true;
  return gates && is_any(SystemType::CallGate16, SystemType::TaskGate);
}

/// LAR (kLimit false) and LSL.
template <class T, bool kLimit>
struct Query {
  static Outcome run(Cpu& cpu, const Op& op) {
    const auto selector = read_operand<u16>(cpu, op, 1);
    if (selector.failed()) return selector.outcome;
    TableEntry entry;
    bool found = false;
    if (const Outcome o = control::look_up(cpu, selector.value, entry, found); !ok(o)) return o;
    const arch::Descriptor& d = entry.descriptor;
    found = found && has_attributes(cpu, d, !kLimit) && visible(cpu, selector.value, d);
    if (found) {
      // The limit's upper bits, which the SDM leaves undefined, are among them (APM vol. 3, LAR).
      const u32 rights = static_cast<u32>(d.raw >> 32) & 0x00FF'FF00;
      cpu.set<T>(op.reg[0], static_cast<T>(kLimit ? d.limit() : rights));
    }
    cpu.flags.set_zf(found);
    return Outcome::Next;
  }
};
template <class T>
using AccessRights = Query<T, false>;
template <class T>
using SegmentLimit = Query<T, true>;

template <bool kWrite>
Outcome verify(Cpu& cpu, const Op& op) {
  const auto selector = read_operand<u16>(cpu, op, 0);
  if (selector.failed()) return selector.outcome;
  TableEntry entry;
  bool found = false;
  if (const Outcome o = control::look_up(cpu, selector.value, entry, found); !ok(o)) return o;
  const arch::Descriptor& d = entry.descriptor;
  const bool usable = kWrite ? !d.code() && d.readable_or_writable() : !d.code() || d.readable_or_writable();
  cpu.flags.set_zf(found && d.non_system() && usable && visible(cpu, selector.value, d));
  return Outcome::Next;
}

Outcome adjust_rpl(Cpu& cpu, const Op& op) {
  const auto target = read_operand<u16>(cpu, op, 0);
  if (target.failed()) return target.outcome;
  const u16 rpl = cpu.get<u16>(op.reg[1]) & 3;
  const bool raised = (target.value & 3) < rpl;
  if (raised) {
    const u16 value = static_cast<u16>((target.value & ~3) | rpl);
    if (const Outcome o = write_operand<u16>(cpu, op, 0, value); !ok(o)) return o;
  }
  cpu.flags.set_zf(raised);
  return Outcome::Next;
}

}  // namespace

Handlers select_table_register(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::LGDT: return heavy<&load_table<&cpu::State::gdtr>>();
    case Mnemonic::LIDT: return heavy<&load_table<&cpu::State::idtr>>();
    case Mnemonic::SGDT: return heavy<&store_table<&cpu::State::gdtr>>();
    default: return heavy<&store_table<&cpu::State::idtr>>();
  }
}

Handlers select_system_segment(const Form& form, Op& op) {
  switch (form.mnemonic) {
    case Mnemonic::LLDT: return heavy<&load_system<control::load_ldtr>>();
    case Mnemonic::LTR: return heavy<&load_system<control::load_tr>>();
    case Mnemonic::SLDT: return by_operand_size<StoreLdtr>(form, op);
    default: return by_operand_size<StoreTr>(form, op);
  }
}

Handlers select_descriptor_query(const Form& form, Op& op) {
  switch (form.mnemonic) {
    case Mnemonic::LAR: return by_operand_size<AccessRights>(form, op);
    case Mnemonic::LSL: return by_operand_size<SegmentLimit>(form, op);
    case Mnemonic::VERR: return heavy<&verify<false>>();
    case Mnemonic::VERW: return heavy<&verify<true>>();
    default: return heavy<&adjust_rpl>();
  }
}

}  // namespace hvlab::execute
