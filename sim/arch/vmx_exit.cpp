#include "sim/arch/vmx_exit.hpp"

namespace hvlab::arch::vmx {

ExitName exit_name(ExitReason reason) {
  switch (reason) {
#define EXIT(id, number, name, exit_class, section) \
  case ExitReason::id: return {name, section};
#include "sim/arch/vmx_exits.inc"
#undef EXIT
  }
  return {"?", ""};
}

}  // namespace hvlab::arch::vmx
