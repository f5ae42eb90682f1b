// INVEPT and INVVPID (SDM vol. 3, 31.3; 29.4.3.3).
#include "sim/mmu/operand.hpp"
#include "sim/mmu/vpid.hpp"
#include "sim/vmx/eptp.hpp"
#include "sim/vmx/instructions.hpp"
#include "sim/vmx/result.hpp"

namespace hvlab::vmx {

namespace cap = arch::vmx::ept_vpid;

namespace {

enum class InveptType : u8 { SingleContext = 1, AllContext = 2 };
enum class InvvpidType : u8 { Address, SingleContext, AllContext, SingleContextKeepGlobal };

struct Descriptor {
  u64 low, high;
};

constexpr bool can(const Cpu& cpu, u64 capability) { return (cpu.vmx.ept_vpid & capability) != 0; }

/// The register operand: the type of invalidation.
u64 type_in(const Cpu& cpu, const Op& op) {
  return cpu.code64() ? cpu.get<u64>(op.reg[0]) : cpu.get<u32>(op.reg[0]);
}

bool invept_has(const Cpu& cpu, u64 type) {
  switch (type) {
    case static_cast<u64>(InveptType::SingleContext): return can(cpu, cap::kInveptSingle);
    case static_cast<u64>(InveptType::AllContext): return can(cpu, cap::kInveptAll);
    default: return false;
  }
}

bool invvpid_has(const Cpu& cpu, u64 type) {
  constexpr u64 kTypes[] = {cap::kInvvpidAddress, cap::kInvvpidSingle, cap::kInvvpidAll,
                            cap::kInvvpidKeepGlobal};
  return type < std::size(kTypes) && can(cpu, kTypes[type]);
}

/// False: the descriptor is not one for `type`.
bool invalidate_vpid(Cpu& cpu, InvvpidType type, const Descriptor& descriptor) {
  if ((descriptor.low >> 16) != 0) return false;
  const auto vpid = static_cast<u16>(descriptor.low);
  if (type != InvvpidType::AllContext && vpid == 0) return false;
  switch (type) {
    case InvvpidType::Address:
      if (!cpu::canonical(descriptor.high)) return false;
      mmu::flush_vpid_page(cpu, vpid, descriptor.high);
      return true;
    case InvvpidType::SingleContext: mmu::flush_vpid(cpu, vpid); return true;
    case InvvpidType::AllContext: mmu::flush_vpids(cpu); return true;
    case InvvpidType::SingleContextKeepGlobal: mmu::flush_vpid(cpu, vpid, false); return true;
  }
  return false;
}

}  // namespace

Outcome invept(Cpu& cpu, const Op& op) {
  if (!cpu.vmx.has(Control::EnableEpt) || !can(cpu, cap::kInvept))
    return cpu::raise(cpu, arch::Exception::InvalidOpcode);
  if (const Outcome o = check_allowed(cpu, Intercept::Invept); o != Outcome::Next) return o;
  const u64 type = type_in(cpu, op);
  if (!invept_has(cpu, type)) return fail(cpu, Error::InvalidOperand), Outcome::Next;
  const auto descriptor = mmu::read_memory<Descriptor>(cpu, op);
  if (descriptor.failed()) return descriptor.outcome;
  if (type == static_cast<u64>(InveptType::AllContext)) {
    mmu::flush_ep4tas(cpu);
  } else {
    if (!eptp_valid(cpu, descriptor.value.low)) return fail(cpu, Error::InvalidOperand), Outcome::Next;
    mmu::flush_ep4ta(cpu, eptp::table(descriptor.value.low));
  }
  succeed(cpu);
  return Outcome::Exit;
}

Outcome invvpid(Cpu& cpu, const Op& op) {
  if (!cpu.vmx.has(Control::EnableVpid) || !can(cpu, cap::kInvvpid))
    return cpu::raise(cpu, arch::Exception::InvalidOpcode);
  if (const Outcome o = check_allowed(cpu, Intercept::Invvpid); o != Outcome::Next) return o;
  const u64 type = type_in(cpu, op);
  if (!invvpid_has(cpu, type)) return fail(cpu, Error::InvalidOperand), Outcome::Next;
  const auto descriptor = mmu::read_memory<Descriptor>(cpu, op);
  if (descriptor.failed()) return descriptor.outcome;
  if (!invalidate_vpid(cpu, static_cast<InvvpidType>(type), descriptor.value))
    return fail(cpu, Error::InvalidOperand), Outcome::Next;
  succeed(cpu);
  return Outcome::Exit;
}

}  // namespace hvlab::vmx
