#include "hv-models/vmx/real_mode.hpp"

#include "hv-models/hypervisor/second_stage.hpp"

#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/vmx/capabilities.hpp"
#include "hv-models/vmx/instructions.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::vmx {

using namespace arch::vmx;
using hypervisor::GuestMemory;
using hypervisor::VirtualProcessor;

namespace {

constexpr u64 kPage = 4096;
constexpr u8 kAll = hypervisor::kReadable | hypervisor::kWritable | hypervisor::kExecutable;

bool map_block(u64 root, const GuestMemory& memory, u64 at) {
  if (memory.at(at, GuestMemory::kBlock) != nullptr)
    return hypervisor::map(root, at, memory.physical(at), GuestMemory::kBlock, kAll);
  for (u64 page = at; page < at + GuestMemory::kBlock; page += kPage) {
    const u64 physical = memory.physical(page);
    if (physical != 0 && !hypervisor::map(root, page, physical, kPage, kAll)) return false;
  }
  return true;
}

u64 map_all(const GuestMemory& memory) {
  const u64 root = hypervisor::make_tables();
  for (u64 at = 0; root != 0 && at < memory.bytes(); at += GuestMemory::kBlock)
    if (!map_block(root, memory, at)) return hypervisor::free_tables(root), 0;
  return root;
}

void set_second_stage(bool on) {
  const u32 both = bit_of(Control::EnableEpt) | bit_of(Control::UnrestrictedGuest);
  const u64 others = read(Field::SecondaryControls) & ~u64{both};
  write(Field::SecondaryControls, on ? others | both : others);
}

}  // namespace

bool follow_real_mode(VirtualProcessor& vcpu) {
  Block& b = block(vcpu);
  const bool real = (vcpu.registers.cr0 & arch::cr0::kPe) == 0, was = b.real_tables != 0;
  if (real && !was) {
    if (!nests())
      runtime::panic(
          "vm%u: real mode, in which further processors start, needs a processor with unrestricted guests",
          vcpu.machine->number);
    b.real_tables = map_all(vcpu.machine->memory);
    if (b.real_tables == 0) runtime::panic("vm%u: no memory for tables of real mode", vcpu.machine->number);
    b.eptp = eptp_of(b.real_tables);
    write(Field::Eptp, b.eptp);
    set_second_stage(true);
  } else if (!real && was) {
    set_second_stage(false);
    invept(forgets_one_root() ? 1 : 2, b.eptp);
    leave_real_mode(b);
  }
  return real;
}

void leave_real_mode(Block& b) {
  if (b.real_tables == 0) return;
  hypervisor::free_tables(b.real_tables);
  b.real_tables = b.eptp = 0;
}

}  // namespace hvlab::vmx
