// A virtual machine of this process: memory, device models, and a thread for each virtual processor.
#pragma once

#include "hv-models/devices/board.hpp"
#include "hv-models/hypervisor/configuration.hpp"
#include "hv-models/user/library/threads.hpp"
#include "hv-models/user/vmm/console.hpp"

namespace vmm {

/// A file of the host, mapped into this process's memory.
struct FileBytes {
  const uint8_t* bytes;
  uint64_t size;
};

class Machine {
 public:
  Machine(unsigned number, bool alone, const hvlab::hypervisor::MachineConfiguration& configuration)
      : number_(number), configuration_(configuration), console_(number, alone) {}

  /// Runs it from beginning to end: its status, 0 if the guest has switched itself off.
  int run(const FileBytes& kernel, const FileBytes& archive);

 private:
  struct Processor {
    Machine* machine;
    unsigned index;
  };
  bool set_up(const FileBytes& kernel, const FileBytes& archive);
  static void run_thread(void* processor);
  void run_processor(unsigned index);
  int wait_for_end();
  bool fail(const char* what, long result = 0) const;

  const unsigned number_;
  const hvlab::hypervisor::MachineConfiguration& configuration_;
  Console console_;
  int file_ = -1;  // of /dev/vm
  uint8_t* memory_ = nullptr;
  uint64_t memory_bytes_ = 0;
  user::Mutex mutex_;  // of the devices
  user::Waiters changed_;
  bool ended_ = false;
  int status_ = 0;
  Processor processors_[hvlab::hypervisor::kMostVirtualProcessors] = {};
  hvlab::devices::Board board_{board_configuration()};
  hvlab::devices::BoardConfiguration board_configuration();
  static void set_line(void* machine, unsigned pin, bool level);
};

}  // namespace vmm
