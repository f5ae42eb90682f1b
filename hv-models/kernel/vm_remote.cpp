#include "hv-models/kernel/vm_remote.hpp"

#include "hv-models/drivers/channels.hpp"
#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/back_ends.hpp"
#include "hv-models/kernel/error.hpp"
#include "hv-models/kernel/memory.hpp"

namespace hvlab::kernel {

using interdomain::AccessRequest;
using interdomain::Call;
using interdomain::EmulatedMachine;
using runtime::Hold;

namespace {

u32 attached_machines = 0;  // a bit each

}  // namespace

bool VmRemote::is_possible() {
  return (runtime::hypervisor_features() & interdomain::kIsManagement) != 0 && drivers::has_channels();
}

int VmRemote::set_up(AddressSpace& space, VmAttached& attached) {
  EmulatedMachine machine = {};
  if (ask_hypervisor(Call::Emulate, machine_, physical(&machine)) != 0 || machine.processors > kMost)
    return kNotPermitted;
  const unsigned count = machine.memory / 2;
  u64* blocks = new (std::nothrow) u64[count];
  if (blocks == nullptr) return kNoMemory;
  i64 address = 0;
  for (unsigned i = 0; i < count && address >= 0; ++i) {
    address = ask_hypervisor(Call::Memory, machine_, i);
    blocks[i] = static_cast<u64>(address);
  }
  address = address < 0 ? i64{kNoMemory} : space.map_foreign(blocks, count);
  delete[] blocks;
  if (address < 0) return static_cast<int>(address);
  processors_ = machine.processors;
  attached = {machine.machines, machine.processors, machine.memory,
              machine.disk,     machine.net,        static_cast<u64>(address)};
  // Who has a machine's devices has them for good: its channel has one end here.
  const u32 bit = 1u << machine_;
  if ((__atomic_fetch_or(&attached_machines, bit, __ATOMIC_SEQ_CST) & bit) != 0) return kBusy;
  const auto arrived = [](void* self) {
    VmRemote& remote = *static_cast<VmRemote*>(self);
    const Hold hold(remote.lock_);
    remote.take_accesses();
  };
  keep();  // for the channel, which has no end
  if (!drivers::connect_channel(interdomain::kAccessChannels + machine_, arrived, this)) return kNoSpace;
  const Hold hold(lock_);
  take_accesses();  // that came before
  return 0;
}

// Lock held.
void VmRemote::take_accesses() {
  AccessRequest request;
  while (ask_hypervisor(Call::NextAccess, machine_, physical(&request)) == 1) {
    if (request.processor >= kMost) continue;
    Cpu& cpu = cpus_[request.processor];
    cpu.access = {request.memory != 0 ? devices::Space::Memory : devices::Space::Port, request.write != 0,
                  request.bytes, request.address, request.value};
    cpu.arrived = true;
    cpu.queue.wake_all();
  }
}

int VmRemote::run(unsigned processor, VmRun& run) {
  Cpu& cpu = cpus_[processor];
  const Hold hold(lock_);
  if (cpu.taken) return kBusy;
  cpu.taken = true;
  if (cpu.answering) ask_hypervisor(Call::EndAccess, machine_, processor, run.access.value);
  cpu.answering = false;
  WaitResult result = WaitResult::Woken;
  while (!cpu.arrived && result != WaitResult::Killed) result = cpu.queue.wait(lock_);
  cpu.taken = false;
  if (!cpu.arrived) return kInterrupted;
  cpu.arrived = false;
  cpu.answering = true;
  run = {VmRun::kAccess, 0, cpu.access};
  return 0;
}

void VmRemote::change_line(unsigned pin, bool level) const {
  ask_hypervisor(Call::SetLine, machine_, pin, level ? 1 : 0);
}

}  // namespace hvlab::kernel
