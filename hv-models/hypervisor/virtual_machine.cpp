#include "hv-models/hypervisor/virtual_machine.hpp"

#include "hv-models/hypervisor/firmware.hpp"
#include "hv-models/hypervisor/second_stage.hpp"
#include "hv-models/hypervisor/shadow.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/mark.hpp"

namespace hvlab::hypervisor {
namespace {

bool create_tables(VirtualMachine& machine) {
  machine.tables = make_tables();
  if (machine.tables == 0) return false;
  constexpr u64 kBlock = GuestMemory::kBlock;
  const u8 small = machine.configuration.pages == Pages::Small ? kSmallPages : u8{0};
  for (u64 at = 0; at < machine.memory.bytes(); at += kBlock) {
    if (machine.memory.physical(at) == 0) continue;
    if (!map(machine.tables, at, machine.memory.physical(at), kBlock,
             kReadable | kWritable | kExecutable | small))
      return false;
  }
  return true;
}

bool create_processor(VirtualMachine& machine, unsigned number) {
  VirtualProcessor& vcpu = machine.vcpus[number];
  vcpu.machine = &machine;
  vcpu.number = number;
  vcpu.apic.reset(number);
  // What FNINIT and a reset of MXCSR would leave (SDM vol. 1, 10.5.1.1).
  const u16 control = 0x37f;
  const u32 mxcsr = 0x1f80;
  __builtin_memcpy(vcpu.fpu, &control, sizeof control);
  __builtin_memcpy(vcpu.fpu + 24, &mxcsr, sizeof mxcsr);
  if (!vendor().create(vcpu)) return false;
  return machine.configuration.paging == Paging::Nested || create_shadow(vcpu);
}

}  // namespace

// Where others change tables meanwhile (forget_translations), that the guest is entered has to be seen before
// the question is asked.
bool take_stale(VirtualProcessor& vcpu) {
  if (vcpu.machine->changes) return __atomic_exchange_n(&vcpu.stale, false, __ATOMIC_SEQ_CST);
  const bool stale = vcpu.stale;
  vcpu.stale = false;
  return stale;
}

void mark_control_block(const VirtualProcessor& vcpu) {
  using arch::mark::Role;
  const VirtualMachine& machine = *vcpu.machine;
  const Role role = machine.privileged ? Role::Management : machine.direct ? Role::Partition : Role::Guest;
  runtime::mark<arch::mark::Kind::ControlBlock>(
      vcpu.control_address, arch::mark::vcpu_id(machine.number, vcpu.number), static_cast<u64>(role));
}

bool create(VirtualMachine& machine, unsigned number, const MachineConfiguration& configuration,
            const DeviceDoor& door, const ModelHooks& hooks) {
  machine.number = number;
  machine.configuration = configuration;
  machine.door = door;
  machine.hooks = &hooks;
  const u64 bytes = u64{configuration.memory} << 20;
  if (machine.memory.bytes() == 0 && !machine.memory.create(bytes + bytes % GuestMemory::kBlock))
    return false;
  if (configuration.paging == Paging::Nested && !create_tables(machine)) return false;
  for (machine.count = 0; machine.count < configuration.vcpus; ++machine.count) {
    if (!create_processor(machine, machine.count)) return false;
  }
  return true;
}

bool load(VirtualMachine& machine, const u8* kernel, u64 kernel_bytes, const u8* module, u64 module_bytes,
          const char*& message) {
  char line[kCommandLineBytes];
  write_command_line(machine.configuration, machine.number, line);
  GuestTarget target{[](void* memory, u64 address, const void* from, u64 bytes) {
                       static_cast<GuestMemory*>(memory)->write(address, from, bytes);
                     },
                     &machine.memory, machine.memory.bytes()};
  target.ram = machine.ram;
  target.ram_count = machine.ram_count;
  u8 ids[kMostVirtualProcessors];
  for (unsigned i = 0; i < machine.count; ++i) ids[i] = static_cast<u8>(machine.vcpus[i].apic.id());
  target.apic_ids = ids;
  GuestStart start;
  message = load_guest({kernel, kernel_bytes, module, module_bytes, line}, machine.count, target, start);
  if (message != nullptr) return false;
  vendor().set_protected_mode(machine.vcpus[0], start.entry, start.start_info);
  machine.vcpus[0].started = true;
  return true;
}

void destroy(VirtualMachine& machine) {
  for (unsigned i = 0; i < machine.count; ++i) {
    destroy_shadow(machine.vcpus[i]);
    vendor().destroy(machine.vcpus[i]);
  }
  machine.count = 0;
  if (machine.tables != 0) free_tables(machine.tables);
  machine.tables = 0;
  machine.memory.free();
}

}  // namespace hvlab::hypervisor
