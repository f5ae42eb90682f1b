#include "hv-models/user/vmm/machine.hpp"

#include <new>

#include "hv-models/hypervisor/firmware.hpp"
#include "hv-models/runtime/mark.hpp"
#include "hv-models/user/library/text.hpp"
#include "hv-models/user/vmm/door.hpp"
#include "hv-models/user/vmm/kept.hpp"

namespace vmm {

using namespace hvlab;
using hypervisor::DiskKind;
using hypervisor::NetworkKind;
using user::Hold;
using user::print;

bool Machine::fail(const char* what, long result) const {
  print("vmm: vm%ld: %s (error %ld)\n", long{number_}, what, result);
  return false;
}

// ---- What the devices have around them

void Machine::change_line(void* machine, unsigned pin, bool level) {
  Machine& m = *static_cast<Machine*>(machine);
  if (pin == devices::Board::kNetworkPin && m.keeps_registers() && m.doorbell_ != 0) {
    // The kernel knows the level better.
    if (level != (__atomic_load_n(&m.page_->line, __ATOMIC_SEQ_CST) != 0)) vm_line(m.file_, pin, level);
    return;
  }
  const uint32_t lines = level ? m.lines_ | 1u << pin : m.lines_ & ~(1u << pin);
  if (lines != m.lines_) vm_line(m.file_, pin, level);  // a call for each change, not for each look
  m.lines_ = lines;
}

uint8_t* Machine::find_memory(void* machine, uint64_t address, uint64_t bytes) {
  const Machine& m = *static_cast<Machine*>(machine);
  return address < m.memory_bytes_ && bytes <= m.memory_bytes_ - address ? m.memory_ + address : nullptr;
}

// Without room the guest's next buffers are waited for, which may be the kernel's to see.
bool Machine::has_room() {
  const bool room = board_->has_room();
  if (page_ == nullptr || room == (page_->watched == 0)) return room;
  __atomic_store_n(&page_->watched, room ? 0 : 1u << kKeptReceiveTail, __ATOMIC_SEQ_CST);
  return room || board_->has_room();  // they may just have come
}

void Machine::receive(void* machine, const uint8_t* frame, uint32_t bytes) {
  static_cast<Machine*>(machine)->board_->receive(frame, bytes);  // what it does not take is lost
}

// ---- Setting up

bool Machine::make_memory(const FileBytes& kernel, const FileBytes& archive) {
  memory_bytes_ = uint64_t{configuration_.memory} << 20;
  const long memory = user::map_blocks(memory_bytes_);
  if (memory < 0) return fail("no memory", memory);
  memory_ = reinterpret_cast<uint8_t*>(memory);
  const hypervisor::GuestTarget target{[](void* to, u64 address, const void* from, u64 bytes) {
                                         memcpy(static_cast<uint8_t*>(to) + address, from, bytes);
                                       },
                                       memory_, memory_bytes_};
  char line[hypervisor::kCommandLineBytes];
  write_command_line(configuration_, number_, line);
  hypervisor::GuestStart start;
  const char* mistake = load_guest({kernel.bytes, kernel.size, archive.bytes, archive.size, line},
                                   configuration_.vcpus, target, start);
  if (mistake != nullptr) return fail(mistake);
  const long file = user::open("/dev/vm", user::kReadWrite);
  if (file < 0) return fail("no /dev/vm: the processors cannot run guests", file);
  file_ = static_cast<int>(file);
  const kernel::VmWanted wanted = {configuration_.vcpus, configuration_.memory,
                                   configuration_.paging == hypervisor::Paging::Shadow ? 1u : 0u,
                                   configuration_.pages == hypervisor::Pages::Small ? 1u : 0u};
  const long made = vm_make(file_, number_, memory, wanted);
  if (made < 0) return fail("the kernel makes no virtual machine: too little memory?", made);
  const long started = vm_start(file_, start.entry, start.start_info);
  return started >= 0 || fail("the virtual machine does not start", started);
}

bool Machine::make_devices() {
  if (configuration_.disk == DiskKind::Pv || configuration_.net == NetworkKind::Pv)
    return fail("pv devices are the driver-domain model's: give ide, virtio, e1000 or none");
  if (configuration_.disk != DiskKind::None) {
    const long opened = disk_.open("/dev/disk0", number_ - 1, machines_);
    if (opened < 0) return fail("no disk for it: /dev/disk0", opened);
    runtime::mark<arch::mark::Kind::VmDisk>(arch::mark::vcpu_id(number_, 0),
                                            arch::mark::disk_sector(0, disk_.first()));
  }
  if (keeps_registers() && configuration_.net != NetworkKind::E1000)
    return fail("registers:kernel is for net:e1000");
  if (configuration_.net == NetworkKind::None) return true;
  const long opened = wire_.open(number_);
  return opened >= 0 || fail("no tap for its network card", opened);
}

bool Machine::make_board() {
  const Hold hold(mutex_);
  devices::BoardConfiguration board;
  board.memory = {find_memory, this};
  board.lines = {change_line, this, 0};
  board.console = {[](void* console, char byte) { static_cast<Console*>(console)->put(byte); }, &console_};
  board.ide = configuration_.disk == DiskKind::Ide;
  board.virtio_block = configuration_.disk == DiskKind::Virtio;
  board.disk = disk_.backend();
  board.e1000 = configuration_.net == NetworkKind::E1000;
  board.virtio_network = configuration_.net == NetworkKind::Virtio;
  board.wire = wire_.backend();
  board_ = new (board_place_) devices::Board(board);
  return make_page();
}

// What the kernel is to look at, if it is to do more than it must.
bool Machine::make_page() {
  const bool by_processor = configuration_.frames != hypervisor::FramesBy::Thread;
  const bool shared = configuration_.frames == hypervisor::FramesBy::Shared;
  if (!by_processor && !keeps_registers()) return true;
  const long page = user::map_memory(sizeof *page_);
  if (page < 0) return fail("no page to share", page);
  page_ = reinterpret_cast<kernel::VmPage*>(page);
  if (const long taken = vm_share(file_, page_); taken < 0) return fail("the kernel takes no page", taken);
  if (keeps_registers()) board_->e1000().place_registers(*new (page_->registers) devices::E1000::Registers);
  if (!by_processor || configuration_.net == NetworkKind::None) return true;
  wire_.begin_without_thread(shared ? &page_->frames : nullptr);
  const long listens = vm_listen(file_, wire_.tap(), !shared);
  return listens >= 0 || fail("the kernel does not tell of frames", listens);
}

bool Machine::start_threads() {
  if (configuration_.net != NetworkKind::None && configuration_.frames == hypervisor::FramesBy::Thread) {
    if (const long thread = wire_.begin(); thread < 0) return fail("no thread for its wire", thread);
  }
  for (unsigned i = 0; i < configuration_.vcpus; ++i) {
    processors_[i] = {this, i};
    if (const long thread = user::start_thread(run_thread, &processors_[i]); thread < 0)
      return fail("no thread for a virtual processor", thread);
  }
  return true;
}

// ---- Running

void Machine::run_thread(void* processor) {
  const Processor& p = *static_cast<Processor*>(processor);
  p.machine->run_processor(p.index);
}

// Writes to the network card's doorbell that the kernel has put off: the last one says it all.
void Machine::take_sends() {
  devices::Access last;
  if (vm_take_sends(file_, last) > 0) board_->access(last);
}

// The guest may have moved its card, or switched it off.
void Machine::follow_card() {
  uint64_t address = 0;
  if (!board_->send_doorbell(address)) address = 0;
  if (address == doorbell_) return;
  doorbell_ = address;
  if (configuration_.sends > 1) vm_combine(file_, {address, address != 0 ? configuration_.sends : 0});
  if (keeps_registers()) keep_registers(address != 0 ? address - devices::E1000::kSendDoorbell : 0);
}

void Machine::keep_registers(uint64_t card) {
  vm_keep(file_, kept_registers(card));
  const uint32_t line = 1u << devices::Board::kNetworkPin;
  lines_ = page_->line != 0 ? lines_ | line : lines_ & ~line;
}

// In the guest as long as it asks for no device.
void Machine::run_processor(unsigned index) {
  kernel::VmRun run = {};
  for (;;) {
    const long result = vm_run(file_, index, run);
    const Hold hold(mutex_);
    if (result < 0 || run.reason == kernel::VmRun::kEnded) {
      status_ = result < 0 ? static_cast<int>(-result) : static_cast<int>(run.status);
      ended_ = true;
      changed_.wake_all();
      return;
    }
    if (configuration_.sends > 1) take_sends();
    if (run.reason == kernel::VmRun::kAccess) board_->access(run.access);
    while (board_->is_late()) board_->catch_up();
    if (configuration_.sends > 1 || keeps_registers()) follow_card();
    wire_.look();
    if (run.reason == kernel::VmRun::kLook || wire_.is_full()) wire_.take();
  }
}

int Machine::wait_for_end() {
  const Hold hold(mutex_);
  while (!ended_) changed_.wait(mutex_);
  console_.flush();
  return status_;
}

int Machine::serve(int file, uint8_t* memory) {
  file_ = file;
  memory_ = memory;
  memory_bytes_ = uint64_t{configuration_.memory} << 20;
  if (!make_devices() || !make_board() || !start_threads()) return 1;
  return wait_for_end();
}

int Machine::run(const FileBytes& kernel, const FileBytes& archive) {
  runtime::mark<arch::mark::Kind::WorksFor>(arch::mark::vcpu_id(number_, 0));
  if (!make_memory(kernel, archive) || !make_devices() || !make_board()) return 1;
  print("HVLAB vm %ld start vcpus=%ld memory=%ld at=%ld\n", long{number_}, long{configuration_.vcpus},
        long{configuration_.memory}, user::nanoseconds());
  if (!start_threads()) return 1;
  const int status = wait_for_end();
  print("HVLAB vm %ld end status=%ld at=%ld\n", long{number_}, long{status}, user::nanoseconds());
  return status;
}

}  // namespace vmm
