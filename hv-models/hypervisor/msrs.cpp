// The model-specific registers that are not the guest's own: those of its APIC, and a few that are asked for.
#include "hv-models/hypervisor/handlers.hpp"
#include "hv-models/hypervisor/messages.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/msr.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::hypervisor {
namespace {

using runtime::Hold;
namespace m = arch::msr;

bool is_x2apic(u32 msr) { return msr >= m::kX2apicFirst && msr <= m::kX2apicLast; }
bool is_mtrr(u32 msr) {
  return (msr >= m::kMtrrPhysBase0 && msr <= m::kMtrrFix4kLast) || msr == m::kMtrrDefType;
}

bool read(VirtualProcessor& vcpu, u32 msr, u64& value) {
  const Hold hold(vcpu.machine->lock);
  value = 0;
  if (is_x2apic(msr)) return vcpu.apic.read_msr(msr, runtime::clock::now(), value);
  switch (msr) {
    case m::kApicBase: value = vcpu.apic.base(); return true;
    case m::kEfer: value = vcpu.registers.efer; return true;
    case m::kPat: value = vendor().read_pat(vcpu); return true;
    case m::kTsc: value = runtime::read_tsc(); return true;
    case m::kMtrrCap:
    case m::kMcgCap:
    case m::kMcgStatus:
    case m::kBiosUpdateSignature:
    case m::kMiscEnable: return true;
    default: return is_mtrr(msr);
  }
}

bool write_apic(VirtualProcessor& vcpu, u32 msr, u64 value) {
  ApicMessage message;
  int ended = LocalApic::kNone;
  if (!vcpu.apic.write_msr(msr, value, runtime::clock::now(), message, ended)) return false;
  send(*vcpu.machine, &vcpu, message);
  end_of_interrupt(*vcpu.machine, ended);
  return true;
}

// LMA follows LME and CR0.PG, and is not written (APM vol. 2, 14.6.2).
bool write_efer(VirtualProcessor& vcpu, u64 value) {
  constexpr u64 kWritable = arch::efer::kSce | arch::efer::kLme | arch::efer::kNxe, kLma = arch::efer::kLma;
  if ((value & ~(kWritable | kLma)) != 0) return false;
  const u64 present = vcpu.registers.efer;
  if (((value ^ present) & arch::efer::kLme) != 0 && (vcpu.registers.cr0 & arch::cr0::kPg) != 0) return false;
  vendor().write_efer(vcpu, (value & kWritable) | (present & kLma));
  return true;
}

bool write(VirtualProcessor& vcpu, u32 msr, u64 value) {
  const Hold hold(vcpu.machine->lock);
  if (is_x2apic(msr)) return write_apic(vcpu, msr, value);
  switch (msr) {
    case m::kApicBase:
      // A processor that it has itself stays in x2APIC mode: only there commands can be checked.
      return vcpu.machine->direct ? value == vcpu.apic.base() : vcpu.apic.set_base(value);
    case m::kEfer: return write_efer(vcpu, value);
    case m::kPat:
      for (unsigned i = 0; i < 8; ++i) {
        const u64 type = value >> 8 * i & 0xff;
        if (type > 7 || type == 2 || type == 3) return false;  // SDM vol. 3, 11.12.2
      }
      vendor().write_pat(vcpu, value);
      return true;
    case m::kMiscEnable:
    case m::kBiosUpdateSignature: return true;
    default: return is_mtrr(msr);  // all memory is of one type here
  }
}

constexpr u8 kProtection = static_cast<u8>(arch::Exception::GeneralProtection);

}  // namespace

Outcome handle_read_msr(VirtualProcessor& vcpu, const Exit& exit) {
  u64* gpr = vcpu.registers.gpr;
  u64 value = 0;
  if (!read(vcpu, static_cast<u32>(gpr[arch::kRcx]), value)) return raise_with_error(vcpu, kProtection, 0);
  gpr[arch::kRax] = static_cast<u32>(value);
  gpr[arch::kRdx] = value >> 32;
  return go_on(vcpu, exit.length);
}

Outcome handle_write_msr(VirtualProcessor& vcpu, const Exit& exit) {
  const u64* gpr = vcpu.registers.gpr;
  const u64 value = (gpr[arch::kRax] & 0xffff'ffff) | gpr[arch::kRdx] << 32;
  if (!write(vcpu, static_cast<u32>(gpr[arch::kRcx]), value)) return raise_with_error(vcpu, kProtection, 0);
  return go_on(vcpu, exit.length);
}

}  // namespace hvlab::hypervisor
