// VMXON VMXOFF VMCALL VMLAUNCH VMRESUME VMCLEAR VMPTRLD VMPTRST VMREAD VMWRITE INVEPT INVVPID VMFUNC
// (SDM vol. 3, chapter 31).
#include "sim/execute/system.hpp"
#include "sim/vmx/instructions.hpp"

namespace hvlab::execute {

using decode::Mnemonic;

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
    case Mnemonic::VMREAD: return heavy<&vmx::vmread>();
    case Mnemonic::VMWRITE: return heavy<&vmx::vmwrite>();
    case Mnemonic::INVEPT: return heavy<&vmx::invept>();
    case Mnemonic::INVVPID: return heavy<&vmx::invvpid>();
    default: return heavy<&vmx::vmfunc>();
  }
}

}  // namespace hvlab::execute
