// VMREAD and VMWRITE (SDM vol. 3, 31.3), with VMCS shadowing (25.10, 26.1.3).
#include "sim/mmu/operand.hpp"
#include "sim/mmu/walk.hpp"
#include "sim/vmx/instructions.hpp"
#include "sim/vmx/result.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;

namespace {

/// What an encoding names: a field, or the upper half of one of 64 bits (25.11.2).
struct Component {
  Field field = Field::Count;
  bool high = false;
  bool exists() const { return field != Field::Count; }
};

Component component_of(const Cpu& cpu, u64 encoding) {
  const std::optional<Field> field = field_of(encoding);
  if (!field || !cpu.vmx.has(row_of(*field).needs)) return {};
  return {*field, (encoding & 1) != 0};
}

u64 width_mask(Field field) {
  switch (row_of(field).width()) {
    case Width::Bits16: return 0xFFFF;
    case Width::Bits32: return 0xFFFF'FFFF;
    default: return ~u64{0};
  }
}

u64 read(const Vmcs& vmcs, Component c) {
  return c.high ? vmcs[c.field] >> 32 : vmcs[c.field] & width_mask(c.field);
}

/// Bits of `value` beyond the field are ignored; a field that is longer than the operand has its upper bits
/// cleared.
void write(Vmcs& vmcs, Component c, u64 value) {
  u64& field = vmcs[c.field];
  field = c.high ? (field & 0xFFFF'FFFF) | value << 32 : value & width_mask(c.field);
}

/// The page that a field of the VMCS points at. VM entry has checked it, but a program may have written to
/// the region since.
u64 page_at(const Cpu& cpu, u64 address) {
  return align_down(address, 4096) & low_mask(cpu.identity.physical_address_bits);
}

/// In a guest: an access that "VMCS shadowing" and the bitmap do not exempt leaves it. `bitmap` has a bit for
/// each encoding of 15 bits.
bool leaves(Cpu& cpu, Field bitmap, u64 encoding) {
  Unit& unit = unit_of(cpu);
  if (!unit.guest().controls.has(Control::VmcsShadowing) || (encoding >> 15) != 0) return true;
  const u64 page = page_at(cpu, region_at(unit, cpu, unit.current)[bitmap]);
  return test_bit(mmu::read_physical(cpu, page + encoding / 8, 1), encoding % 8);
}

/// The checks before those of the field; `vmcs` becomes the address of the region to access: the current
/// VMCS, or in a guest that which the VMCS link pointer names.
Outcome check_access(Cpu& cpu, Intercept what, Field bitmap, u64 encoding, u64& vmcs) {
  if (!cpu.vmx_operation || !mode_allows(cpu)) return cpu::raise(cpu, arch::Exception::InvalidOpcode);
  if (cpu.guest != nullptr && leaves(cpu, bitmap, encoding)) return cpu.guest->instruction(cpu, what, 0);
  if (cpu.cpl != 0) return cpu::raise(cpu, arch::Exception::GeneralProtection, 0);
  Unit& unit = unit_of(cpu);
  vmcs = unit.current;
  if (cpu.guest != nullptr) vmcs = region_at(unit, cpu, unit.current)[Field::VmcsLinkPointer];
  if (vmcs != kNoVmcs) vmcs = page_at(cpu, vmcs);
  return Outcome::Next;
}

/// The operands are of 64 bits in 64-bit mode and of 32 elsewhere, whatever CS.D and prefixes say.
u64 encoding_in(const Cpu& cpu, const Op& op, unsigned operand) {
  return cpu.code64() ? cpu.get<u64>(op.reg[operand]) : cpu.get<u32>(op.reg[operand]);
}

}  // namespace

// The error number of a failed access goes to the current VMCS, in a guest too: VMfailValid is defined by it
// (31.2), whichever VMCS is accessed.

/// A page fault of the destination comes after the checks of pointer and field.
Outcome vmread(Cpu& cpu, const Op& op) {
  const u64 encoding = encoding_in(cpu, op, 1);
  u64 vmcs = kNoVmcs;
  if (const Outcome o = check_access(cpu, Intercept::Vmread, Field::VmreadBitmap, encoding, vmcs);
      o != Outcome::Next)
    return o;
  if (vmcs == kNoVmcs) return fail_invalid(cpu), Outcome::Next;
  const Component component = component_of(cpu, encoding);
  if (!component.exists()) return fail(cpu, Error::UnsupportedField), Outcome::Next;
  const u64 value = read(region_at(unit_of(cpu), cpu, vmcs), component);
  const Outcome written = cpu.code64() ? mmu::write_operand<u64>(cpu, op, 0, value)
                                       : mmu::write_operand<u32>(cpu, op, 0, static_cast<u32>(value));
  if (written != Outcome::Next) return written;
  succeed(cpu);
  return Outcome::Next;
}

/// A page fault of the source comes after the check of the pointer and before those of the field.
Outcome vmwrite(Cpu& cpu, const Op& op) {
  const u64 encoding = encoding_in(cpu, op, 0);
  u64 vmcs = kNoVmcs;
  if (const Outcome o = check_access(cpu, Intercept::Vmwrite, Field::VmwriteBitmap, encoding, vmcs);
      o != Outcome::Next)
    return o;
  if (vmcs == kNoVmcs) return fail_invalid(cpu), Outcome::Next;
  u64 value = 0;
  if (cpu.code64()) {
    const auto wide = mmu::read_operand<u64>(cpu, op, 1);
    if (wide.failed()) return wide.outcome;
    value = wide.value;
  } else {
    const auto narrow = mmu::read_operand<u32>(cpu, op, 1);
    if (narrow.failed()) return narrow.outcome;
    value = narrow.value;
  }
  const Component component = component_of(cpu, encoding);
  if (!component.exists()) return fail(cpu, Error::UnsupportedField), Outcome::Next;
  const bool read_only = row_of(component.field).type() == FieldType::ReadOnly;
  if (read_only && (cpu.vmx.misc & misc::kWriteReadOnly) == 0)
    return fail(cpu, Error::ReadOnlyField), Outcome::Next;
  write(region_at(unit_of(cpu), cpu, vmcs), component, value);
  region_written(cpu, vmcs);
  succeed(cpu);
  return Outcome::Next;
}

}  // namespace hvlab::vmx
