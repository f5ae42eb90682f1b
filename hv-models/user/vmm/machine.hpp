// A virtual machine of this process: memory, device models, and a thread for each virtual processor.
#pragma once

#include "hv-models/devices/board.hpp"
#include "hv-models/hypervisor/configuration.hpp"
#include "hv-models/kernel/vm_abi.hpp"
#include "hv-models/user/library/threads.hpp"
#include "hv-models/user/vmm/console.hpp"
#include "hv-models/user/vmm/disk.hpp"
#include "hv-models/user/vmm/wire.hpp"

namespace vmm {

/// A file of the host, in this process's memory.
struct FileBytes {
  const uint8_t* bytes;
  uint64_t size;
};

class Machine {
 public:
  /// Number `number`, from 1, of `machines`.
  Machine(unsigned number, unsigned machines, const hvlab::hypervisor::MachineConfiguration& configuration)
      : number_(number),
        machines_(machines),
        configuration_(configuration),
        console_(number, machines == 1) {}

  /// Runs it from beginning to end: its status, 0 if the guest has switched itself off.
  int run(const FileBytes& kernel, const FileBytes& archive);
  /// The same for a machine that the hypervisor beside the kernel runs (VmAttach): `file` and where its
  /// memory is. Does not return.
  int serve(int file, uint8_t* memory);

 private:
  struct Processor {
    Machine* machine;
    unsigned index;
  };
  bool keeps_registers() const { return configuration_.registers == hvlab::hypervisor::RegistersBy::Kernel; }
  bool fail(const char* what, long result = 0) const;
  bool make_memory(const FileBytes& kernel, const FileBytes& archive);
  bool make_devices();
  bool make_board();
  bool start_threads();
  static void run_thread(void* processor);
  void run_processor(unsigned index);
  void take_sends();
  bool make_page();
  void follow_card();
  void keep_registers(uint64_t card);
  bool has_room();
  int wait_for_end();

  const unsigned number_, machines_;
  const hvlab::hypervisor::MachineConfiguration& configuration_;
  int file_ = -1;  // of /dev/vm
  uint8_t* memory_ = nullptr;
  uint64_t memory_bytes_ = 0;

  user::Mutex mutex_;  // of all below
  Console console_;
  Disk disk_{mutex_};
  Wire wire_{mutex_,
             {[](void* machine) { return static_cast<Machine*>(machine)->has_room(); }, receive, this}};
  alignas(hvlab::devices::Board) uint8_t board_place_[sizeof(hvlab::devices::Board)];
  hvlab::devices::Board* board_ = nullptr;
  uint32_t lines_ = 0;     // interrupt lines that are up, a bit each
  uint64_t doorbell_ = 0;  // as the kernel knows it; 0: the card is nowhere
  hvlab::kernel::VmPage* page_ = nullptr;
  user::Waiters changed_;
  bool ended_ = false;
  int status_ = 0;
  Processor processors_[hvlab::hypervisor::kMostVirtualProcessors] = {};

  static void change_line(void* machine, unsigned pin, bool level);
  static uint8_t* find_memory(void* machine, uint64_t address, uint64_t bytes);
  static void receive(void* machine, const uint8_t* frame, uint32_t bytes);
};

}  // namespace vmm
