#include "hv-models/kernel/vm_machine.hpp"

#include "hv-models/hypervisor/abi.hpp"
#include "hv-models/hypervisor/run.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/kernel/address_space.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/tap.hpp"
#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::kernel {

using hypervisor::GuestMemory;
using hypervisor::VirtualMachine;
using hypervisor::VirtualProcessor;
using runtime::Hold;

const hypervisor::ModelHooks& VmMachine::hooks_of_programs() {
  static constexpr hypervisor::ModelHooks kHooks = {
      .kick = kick,
      .ended = [](VirtualMachine& machine, int status) { static_cast<VmMachine&>(machine).status_ = status; },
      .hypercall = [](VirtualProcessor&, u64, u64, u64, u64) { return i64{hypervisor::kUnknownCall}; },
      .interrupt_ended = nullptr,
      .map_memory = nullptr,
      .features = [](const VirtualMachine&) { return u32{0}; }};
  return kHooks;
}

void enable_guests() {
  if (hypervisor::find_vendor() != nullptr) hypervisor::vendor().enable();
}

VmMachine::~VmMachine() {
  if (tap_) tap_->tap()->listen({});
  if (page_ != nullptr) release_page(physical(page_));
  for (u64 i = 0; i < pages_; ++i) release_page(memory.physical(i * kPageBytes));
  destroy(*this);
}

// Block by block; each has to lie in a row.
int VmMachine::take_memory(AddressSpace& space, u64 address, u64 bytes) {
  constexpr u64 kPages = GuestMemory::kBlock / kPageBytes;
  const u64 wanted = bytes / GuestMemory::kBlock;
  u64* blocks = new (std::nothrow) u64[wanted + kPages];
  if (blocks == nullptr) return kNoMemory;
  u64* pages = blocks + wanted;
  int result = 0;
  u64 taken = 0;
  for (; result == 0 && taken < wanted; ++taken) {
    result = space.pin(address + taken * GuestMemory::kBlock, kPages, pages);
    if (result < 0) break;
    blocks[taken] = pages[0];
    for (u64 i = 0; i < kPages; ++i) {
      if (pages[i] != pages[0] + i * kPageBytes || pages[0] % GuestMemory::kBlock != 0) result = kInvalid;
    }
    if (result < 0) {
      for (u64 i = 0; i < kPages; ++i) release_page(pages[i]);
      break;
    }
  }
  memory.borrow(blocks, static_cast<unsigned>(taken));
  pages_ = taken * kPages;
  delete[] blocks;
  return result;
}

int VmMachine::set_up(AddressSpace& space, u64 address, unsigned machine_number,
                      const hypervisor::MachineConfiguration& wanted) {
  if (const int result = take_memory(space, address, u64{wanted.memory} << 20); result < 0) return result;
  return create(*this, machine_number, wanted, {access, nullptr}, hooks_of_programs()) ? 0 : int{kNoMemory};
}

void VmMachine::start(u32 entry, u32 start_info) {
  hypervisor::vendor().set_protected_mode(vcpus[0], entry, start_info);
  vcpus[0].started = true;
}

void VmMachine::change_line(unsigned pin, bool level) {
  const Hold hold(lock);
  kept_.count > 0 && pin == kept_.pin ? follow_registers() : set_line(*this, pin, level);
}

// Whoever sleeps is woken; who is in the guest on another processor leaves it because of the interrupt.
void VmMachine::kick(VirtualProcessor& vcpu) {
  Cpu& cpu = static_cast<VmMachine*>(vcpu.machine)->cpus_[vcpu.number];
  const Hold hold(cpu.lock);
  vcpu.kicked = true;
  cpu.sleep.wake_all();
  if (cpu.running != Cpu::kNone && cpu.running != runtime::this_processor().index)
    runtime::apic::send(runtime::processor(cpu.running).apic_id, runtime::kRescheduleVector);
}

// What the kernel does not answer for the program is the program's, now or later.
bool VmMachine::access(void*, VirtualProcessor& vcpu, hypervisor::Access& access) {
  VmMachine& machine = *static_cast<VmMachine*>(vcpu.machine);
  Cpu& cpu = machine.cpus_[vcpu.number];
  if (machine.put_off(access) || machine.answer(access, cpu.look)) return true;
  cpu.asked = access;
  return false;
}

}  // namespace hvlab::kernel
