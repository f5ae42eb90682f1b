// Hypercalls: the core's own, then the model's.
#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/handlers.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::hypervisor {
namespace {

i64 share_steal_time(VirtualProcessor& vcpu, u64 address) {
  if (address % sizeof(StealPage) != 0) return kBadArgument;
  if (address != 0 && vcpu.machine->memory.at(address, sizeof(StealPage)) == nullptr) return kBadArgument;
  vcpu.steal_page = address;
  return 0;
}

}  // namespace

// Programs have no say in it (CPL 3): #UD, as if there were none.
Outcome handle_hypercall(VirtualProcessor& vcpu, const Exit& exit) {
  u64* gpr = vcpu.registers.gpr;
  if (vcpu.registers.cpl != 0) return raise(vcpu, static_cast<u8>(arch::Exception::InvalidOpcode));
  const u64 number = gpr[arch::kRax], first = gpr[arch::kRdi];
  go_on(vcpu, exit.length);
  const i64 result =
      number == static_cast<u64>(Call::StealTime)
          ? share_steal_time(vcpu, first)
          : vcpu.machine->hooks->hypercall(vcpu, number, first, gpr[arch::kRsi], gpr[arch::kRdx]);
  gpr[arch::kRax] = static_cast<u64>(result);
  return Outcome::Continue;
}

}  // namespace hvlab::hypervisor
