// The exits of shadow paging.
#include "hv-models/hypervisor/handlers.hpp"

namespace hvlab::hypervisor {

Outcome handle_page_fault(VirtualProcessor& vcpu, const Exit& exit) {
  return give_up(vcpu, exit, "page fault");
}
Outcome handle_read_control(VirtualProcessor& vcpu, const Exit& exit) {
  return give_up(vcpu, exit, "control register");
}
Outcome handle_write_control(VirtualProcessor& vcpu, const Exit& exit) {
  return give_up(vcpu, exit, "control register");
}
Outcome handle_invalidate_page(VirtualProcessor& vcpu, const Exit& exit) {
  return give_up(vcpu, exit, "INVLPG");
}

}  // namespace hvlab::hypervisor
