// VMRUN VMLOAD VMSAVE VMMCALL STGI CLGI SKINIT INVLPGA, RSM (APM vol. 3, chapter 4).
#include "sim/execute/system.hpp"
#include "sim/svm/instructions.hpp"

namespace hvlab::execute {

using decode::Mnemonic;

Handlers select_svm(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::VMRUN: return heavy<&svm::vmrun>();
    case Mnemonic::VMLOAD: return heavy<&svm::vmload>();
    case Mnemonic::VMSAVE: return heavy<&svm::vmsave>();
    case Mnemonic::STGI: return heavy<&svm::stgi>();
    case Mnemonic::CLGI: return heavy<&svm::clgi>();
    case Mnemonic::SKINIT: return heavy<&svm::skinit>();
    case Mnemonic::INVLPGA: return heavy<&svm::invlpga>();
    default: return heavy<&svm::undefined_here>();
  }
}

}  // namespace hvlab::execute
