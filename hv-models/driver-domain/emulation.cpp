#include "hv-models/driver-domain/emulation.hpp"

#include "hv-models/driver-domain/domains.hpp"
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/second_stage.hpp"

namespace hvlab::driver_domain {
namespace {

using namespace interdomain;
using hypervisor::Access;
using hypervisor::DiskKind;
using hypervisor::GuestMemory;
using hypervisor::NetworkKind;
using hypervisor::VirtualMachine;
using hypervisor::VirtualProcessor;
using runtime::Hold;

struct Asked {
  bool waiting = false;  // for the management machine to take it
  bool handed = false;   // to it, which has not answered
  Access access;
};
Asked asked[hypervisor::kMostMachines + 1][hypervisor::kMostVirtualProcessors];  // under the machine's lock

bool is_emulated_machine(unsigned index) { return is_emulated(domain(index).machine.configuration); }

}  // namespace

bool is_emulated(const hypervisor::MachineConfiguration& of) {
  return (of.disk != DiskKind::None && of.disk != DiskKind::Pv) ||
         (of.net != NetworkKind::None && of.net != NetworkKind::Pv);
}

void ask_management(VirtualProcessor& vcpu, const Access& access) {
  const unsigned index = index_of(domain_of(*vcpu.machine));
  asked[index][vcpu.number] = {true, false, access};
  send_event(domain(kManagement), kAccessChannels + index);
}

i64 describe_emulated(unsigned index, const GuestMemory& caller, u64 address) {
  if (!is_emulated_machine(index)) return kNotAllowed;
  const hypervisor::MachineConfiguration& of = domain(index).machine.configuration;
  const EmulatedMachine answer = {domain_count() - 1,      of.vcpus, of.memory, static_cast<u8>(of.disk),
                                  static_cast<u8>(of.net), {}};
  return caller.write(address, &answer, sizeof answer) ? 0 : i64{kBadArgument};
}

// At its own address, like a granted page. It stays: the machine's devices are the caller's as long as it
// lives.
i64 open_memory(unsigned index, VirtualMachine& caller, u64 block) {
  constexpr u64 kBlock = GuestMemory::kBlock;
  const GuestMemory& memory = domain(index).machine.memory;
  const u64 physical = block < u64{1} << 20 ? memory.physical(block * kBlock) : 0;
  if (!is_emulated_machine(index)) return kNotAllowed;
  if (physical == 0 || memory.at(block * kBlock, kBlock) == nullptr) return kBadArgument;
  const u8 rights = hypervisor::kReadable | hypervisor::kWritable;
  const Hold hold(domain_of(caller).lock);
  {
    const Hold hold_of(domain(index).lock);
    domain(index).open = true;
  }
  if (!hypervisor::map(caller.tables, physical, physical, kBlock, rights)) return kNoRoom;
  return static_cast<i64>(physical);
}

i64 next_access(unsigned index, const GuestMemory& caller, u64 address) {
  VirtualMachine& machine = domain(index).machine;
  AccessRequest request = {};
  bool found = false;
  {
    const Hold hold(machine.lock);
    for (unsigned i = 0; i < machine.count && !found; ++i) {
      Asked& each = asked[index][i];
      if (!each.waiting) continue;
      found = true;
      each.waiting = false;
      each.handed = true;
      const bool memory = each.access.space == hypervisor::Space::Memory;
      request = {i,
                 static_cast<u8>(memory),
                 static_cast<u8>(each.access.write),
                 each.access.bytes,
                 0,
                 each.access.address,
                 each.access.value};
    }
  }
  if (!found) return 0;
  return caller.write(address, &request, sizeof request) ? 1 : i64{kBadArgument};
}

i64 end_access(unsigned index, u64 processor, u64 value) {
  VirtualMachine& machine = domain(index).machine;
  if (!is_emulated_machine(index) || processor >= machine.count) return kBadArgument;
  {
    const Hold hold(machine.lock);
    bool& handed = asked[index][processor].handed;
    if (!handed) return kBadArgument;  // a processor can wait for something else
    handed = false;
  }
  complete_access(machine.vcpus[processor], value);
  return 0;
}

i64 change_line(unsigned index, u64 pin, bool level) {
  VirtualMachine& machine = domain(index).machine;
  if (!is_emulated_machine(index)) return kNotAllowed;
  const Hold hold(machine.lock);
  set_line(machine, static_cast<unsigned>(pin & 0xff), level);
  return 0;
}

}  // namespace hvlab::driver_domain
