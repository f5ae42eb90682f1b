// VMXON VMXOFF VMCALL VMLAUNCH VMRESUME VMCLEAR VMPTRLD VMPTRST VMREAD VMWRITE INVEPT INVVPID VMFUNC
// (SDM vol. 3, chapter 31).
#include "sim/execute/system.hpp"
#include "sim/vmx/instructions.hpp"

namespace hvlab::execute {

using decode::Mnemonic;

namespace {

/// A hypervisor's VMREAD and VMWRITE stay in their block; those of a guest, which may leave it, are stepped.
template <auto M>
void in_root_operation(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  if (cpu->guest != nullptr) return leave_for_step(cpu, op, budget, result, carries);
  return heavy_threaded<M>(cpu, op, budget, result, carries);
}

}  // namespace

Handlers select_vmx(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::VMXON: return heavy<&vmx::vmxon>();
    case Mnemonic::VMXOFF: return heavy<&vmx::vmxoff>();
    case Mnemonic::VMCALL: return heavy<&vmx::vmcall>();
    case Mnemonic::VMLAUNCH: return heavy<&vmx::vmlaunch>();
    case Mnemonic::VMRESUME: return heavy<&vmx::vmresume>();
    case Mnemonic::VMCLEAR: return heavy<&vmx::vmclear>();
    case Mnemonic::VMPTRLD: return heavy<&vmx::vmptrld>();
    case Mnemonic::VMPTRST: return heavy<&vmx::vmptrst>();
    case Mnemonic::VMREAD: return {&in_root_operation<&vmx::vmread>, &heavy_returning<&vmx::vmread>};
    case Mnemonic::VMWRITE: return {&in_root_operation<&vmx::vmwrite>, &heavy_returning<&vmx::vmwrite>};
    case Mnemonic::INVEPT: return heavy<&vmx::invept>();
    case Mnemonic::INVVPID: return heavy<&vmx::invvpid>();
    default: return heavy<&vmx::vmfunc>();
  }
}

}  // namespace hvlab::execute
