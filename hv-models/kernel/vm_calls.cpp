// /dev/vm and its calls.
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/kernel/device_files.hpp"
#include "hv-models/kernel/memory.hpp"
#include "hv-models/kernel/process.hpp"
#include "hv-models/kernel/system_calls.hpp"
#include "hv-models/kernel/vm_machine.hpp"
#include "hv-models/kernel/vm_remote.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::kernel {
namespace {

using runtime::Hold;

}  // namespace

// An open /dev/vm: a machine, once it has been made.
class VmFile final : public OpenFile {
 public:
  VmFile* vm() override { return this; }
  Ref<VmMachine> machine() {
    const Hold hold(lock_);
    return machine_;
  }
  Ref<VmRemote> remote() {
    const Hold hold(lock_);
    return remote_;
  }
  int set(const Ref<VmMachine>& machine, const Ref<VmRemote>& remote) {
    const Hold hold(lock_);
    if (machine_ || remote_) return kBusy;
    machine_ = machine;
    remote_ = remote;
    return 0;
  }

 private:
  runtime::SpinLock lock_;
  Ref<VmMachine> machine_;  // one of the two
  Ref<VmRemote> remote_;
};

namespace {

class VmNode final : public Node {
 public:
  VmNode() : Node(NodeKind::CharacterDevice) {}
  int open(Ref<OpenFile>& file) override {
    file = Ref<OpenFile>::take(new (std::nothrow) VmFile);
    return file ? 0 : int{kNoMemory};
  }
};

int find_machine(const Arguments& c, Ref<VmMachine>& machine) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file || file->vm() == nullptr) return kBadFile;
  machine = file->vm()->machine();
  return machine ? 0 : int{kInvalid};
}

}  // namespace

void make_vm_device() {
  if (hypervisor::find_vendor() == nullptr && !VmRemote::is_possible()) return;
  add_device_file("vm", Ref<Node>::take(new (std::nothrow) VmNode));
}

i64 call_vm_make(const Arguments& c) {
  constexpr unsigned kMostMemory = 2048;
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file || file->vm() == nullptr) return kBadFile;
  VmWanted wanted;
  if (c.process.space->copy_in(&wanted, c.a[3], sizeof wanted) < 0) return kFault;
  if (hypervisor::find_vendor() == nullptr) return kNoDevice;
  if (wanted.processors == 0 || wanted.processors > hypervisor::kMostVirtualProcessors) return kInvalid;
  if (wanted.memory == 0 || wanted.memory % 2 != 0 || wanted.memory > kMostMemory) return kInvalid;
  if (c.a[2] % kPageBytes != 0 || c.a[2] >= runtime::kUserEnd) return kInvalid;
  hypervisor::MachineConfiguration configuration;
  configuration.vcpus = wanted.processors;
  configuration.memory = wanted.memory;
  configuration.paging = wanted.shadow != 0 ? hypervisor::Paging::Shadow : hypervisor::Paging::Nested;
  configuration.pages = wanted.small_pages != 0 ? hypervisor::Pages::Small : hypervisor::Pages::Large;
  Ref<VmMachine> machine = Ref<VmMachine>::take(new (std::nothrow) VmMachine);
  if (!machine) return kNoMemory;
  const int result = machine->set_up(*c.process.space, c.a[2], static_cast<u16>(c.a[1]), configuration);
  return result < 0 ? result : file->vm()->set(machine, {});
}

i64 call_vm_start(const Arguments& c) {
  Ref<VmMachine> machine;
  if (const int result = find_machine(c, machine); result < 0) return result;
  machine->start(static_cast<u32>(c.a[1]), static_cast<u32>(c.a[2]));
  return 0;
}

namespace {

Ref<VmRemote> find_remote(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  return file && file->vm() != nullptr ? file->vm()->remote() : Ref<VmRemote>();
}

}  // namespace

i64 call_vm_attach(const Arguments& c) {
  const Ref<OpenFile> file = c.process.files.get(c.number(0));
  if (!file || file->vm() == nullptr) return kBadFile;
  if (!VmRemote::is_possible() || c.a[1] == 0 || c.a[1] > hypervisor::kMostMachines) return kInvalid;
  const Ref<VmRemote> remote =
      Ref<VmRemote>::take(new (std::nothrow) VmRemote(static_cast<unsigned>(c.a[1])));
  if (!remote) return kNoMemory;
  VmAttached attached = {};
  int result = remote->set_up(*c.process.space, attached);
  if (result == 0) result = file->vm()->set({}, remote);
  return result < 0 ? result : c.process.space->copy_out(c.a[2], &attached, sizeof attached);
}

i64 call_vm_run(const Arguments& c) {
  const Ref<VmRemote> remote = find_remote(c);
  Ref<VmMachine> machine;
  if (const int result = remote ? 0 : find_machine(c, machine); result < 0) return result;
  if (c.a[1] >= (remote ? remote->processors() : machine->count)) return kInvalid;
  VmRun run;
  if (c.process.space->copy_in(&run, c.a[2], sizeof run) < 0) return kFault;
  const unsigned processor = static_cast<unsigned>(c.a[1]);
  const int result = remote ? remote->run(processor, run) : machine->run(processor, run);
  if (result < 0) return result;
  return c.process.space->copy_out(c.a[2], &run, sizeof run);
}

i64 call_vm_combine(const Arguments& c) {
  Ref<VmMachine> machine;
  if (const int result = find_machine(c, machine); result < 0) return result;
  VmSends wanted;
  if (c.process.space->copy_in(&wanted, c.a[1], sizeof wanted) < 0) return kFault;
  machine->combine(wanted);
  return 0;
}

i64 call_vm_take_sends(const Arguments& c) {
  Ref<VmMachine> machine;
  if (const int result = find_machine(c, machine); result < 0) return result;
  devices::Access last;
  if (!machine->take_sends(last)) return 0;
  const int result = c.process.space->copy_out(c.a[1], &last, sizeof last);
  return result < 0 ? result : 1;
}

i64 call_vm_share(const Arguments& c) {
  Ref<VmMachine> machine;
  if (const int result = find_machine(c, machine); result < 0) return result;
  if (c.a[1] % kPageBytes != 0 || c.a[1] >= runtime::kUserEnd) return kInvalid;
  return machine->share(*c.process.space, c.a[1]);
}

i64 call_vm_keep(const Arguments& c) {
  Ref<VmMachine> machine;
  if (const int result = find_machine(c, machine); result < 0) return result;
  VmKept wanted;
  if (c.process.space->copy_in(&wanted, c.a[1], sizeof wanted) < 0) return kFault;
  return machine->keep_registers(wanted);
}

i64 call_vm_listen(const Arguments& c) {
  Ref<VmMachine> machine;
  if (const int result = find_machine(c, machine); result < 0) return result;
  return machine->listen(c.process.files.get(c.number(1)), c.a[2] != 0);
}

i64 call_vm_line(const Arguments& c) {
  const Ref<VmRemote> remote = find_remote(c);
  Ref<VmMachine> machine;
  if (const int result = remote ? 0 : find_machine(c, machine); result < 0) return result;
  const unsigned pin = static_cast<unsigned>(c.a[1]);
  remote ? remote->change_line(pin, c.a[2] != 0) : machine->change_line(pin, c.a[2] != 0);
  return 0;
}

}  // namespace hvlab::kernel
