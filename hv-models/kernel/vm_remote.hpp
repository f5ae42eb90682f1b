// A virtual machine that is not run here but beside this kernel, which is the management machine's: its
// processors' accesses to devices come by an event channel and hypercalls.
#pragma once

#include "hv-models/interdomain/hypercalls.hpp"
#include "hv-models/kernel/reference.hpp"
#include "hv-models/kernel/vm_abi.hpp"
#include "hv-models/kernel/wait_queue.hpp"

namespace hvlab::kernel {

class AddressSpace;

class VmRemote final : public Counted {
 public:
  explicit VmRemote(unsigned machine) : machine_(machine) {}
  /// 0 or an Error: kNotPermitted if nobody is to emulate its devices. Its memory becomes a part of `space`.
  int set_up(AddressSpace& space, VmAttached& attached);
  /// As VmMachine::run(): the answer to what the last call returned, and the next access.
  int run(unsigned processor, VmRun& run);
  void change_line(unsigned pin, bool level) const;
  unsigned processors() const { return processors_; }
  /// Whether this kernel is a management machine's.
  static bool is_possible();

 private:
  static constexpr unsigned kMost = 8;
  struct Cpu {
    bool arrived = false, answering = false, taken = false;
    devices::Access access;
    WaitQueue queue;
  };
  void take_accesses();
  const unsigned machine_;
  unsigned processors_ = 0;
  runtime::SpinLock lock_;
  Cpu cpus_[kMost];
};

}  // namespace hvlab::kernel
