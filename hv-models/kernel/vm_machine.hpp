// A virtual machine of a program: the hypervisor's core, run by the program's threads. The host kernel's
// share of a hosted VMM: memory, the world switch, interrupt controllers; every other device is the
// program's.
#pragma once

#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/kernel/open_file.hpp"
#include "hv-models/kernel/reference.hpp"
#include "hv-models/kernel/vm_abi.hpp"
#include "hv-models/kernel/wait_queue.hpp"

namespace hvlab::kernel {

class AddressSpace;

class VmMachine final : public Counted, public hypervisor::VirtualMachine {
 public:
  VmMachine() = default;
  VmMachine(const VmMachine&) = delete;
  VmMachine& operator=(const VmMachine&) = delete;
  ~VmMachine();

  /// 0 or an Error. The memory at `address` in `space`, blocks (AddressSpace::map_blocks), becomes the
  /// guest's too.
  int set_up(AddressSpace& space, u64 address, unsigned number,
             const hypervisor::MachineConfiguration& wanted);
  void start(u32 entry, u32 start_info);
  /// Runs processor `index` on the calling thread: 0 with what is to be done in `run`, or an Error.
  int run(unsigned index, VmRun& run);
  void change_line(unsigned pin, bool level);
  void combine(const VmSends& wanted);
  /// True, with the last one, if writes have been put off.
  bool take_sends(devices::Access& last);
  /// These three: 0 or an Error.
  int share(AddressSpace& space, u64 address);
  int keep_registers(const VmKept& wanted);
  int listen(const Ref<OpenFile>& tap, bool always);

 private:
  // One virtual processor and the thread that runs it.
  struct Cpu {
    runtime::SpinLock lock;
    bool taken = false;        // by a thread
    unsigned running = kNone;  // the machine's processor that is in the guest, or about to be
    WaitQueue sleep;
    devices::Access asked;
    bool look = false;  // the program has to: a register that it watches was written
    static constexpr unsigned kNone = ~0u;
  };
  static const hypervisor::ModelHooks& hooks_of_programs();
  static void kick(hypervisor::VirtualProcessor& vcpu);
  static bool access(void* context, hypervisor::VirtualProcessor& vcpu, hypervisor::Access& access);

  int take_memory(AddressSpace& space, u64 address, u64 bytes);
  bool put_off(const devices::Access& access);
  u64 sends_deadline() const;
  bool sends_are_due(const hypervisor::VirtualProcessor& vcpu, bool halted) const;
  bool answer(devices::Access& access, bool& look);
  void follow_registers();
  static void frames_arrived(void* machine, unsigned waiting);
  bool frames_are_due();
  bool is_to_look(const hypervisor::VirtualProcessor& vcpu, Cpu& cpu, bool halted) const;
  int run_guest(hypervisor::VirtualProcessor& vcpu, Cpu& cpu, VmRun& run);
  static int sleep(hypervisor::VirtualProcessor& vcpu, Cpu& cpu);

  Cpu cpus_[hypervisor::kMostVirtualProcessors];
  VmSends sends_ = {};  // this and the next: machine's lock held to change them
  devices::Access last_send_;
  unsigned waiting_sends_ = 0;
  u64 first_send_at_ = 0;
  VmPage* page_ = nullptr;  // set once
  VmKept kept_ = {};        // machine's lock held
  Ref<OpenFile> tap_;
  unsigned waiting_frames_ = 0;  // network lock held
  bool always_ = false;          // return for each interrupt
  bool frames_ = false;          // have come that no processor has returned for
  u64 pages_ = 0;                // taken
  int status_ = 0;
};

/// Makes /dev/vm, if the processors can run guests.
void make_vm_device();
/// On each processor, before it runs any: does nothing where that cannot be.
void enable_guests();

}  // namespace hvlab::kernel
