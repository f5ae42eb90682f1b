#include "hv-models/hypervisor/fixed_memory.hpp"

#include "hv-models/runtime/memory.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u64 kBlock = GuestMemory::kBlock;
constexpr unsigned kBlockOrder = 9, kLowBlocks = 4;  // of the kernel's image and its first tables

u64 take_block() {
  void* block = runtime::allocate_pages(kBlockOrder);
  if (block == nullptr) return 0;
  memset(block, 0, kBlock);
  return runtime::physical(block);
}

// Blocks in the order of their addresses make few ranges.
void add_range(VirtualMachine& machine, u64 address) {
  for (unsigned i = 0; i < machine.ram_count; ++i) {
    GuestRange& range = machine.ram[i];
    if (range.address + range.bytes == address) {
      range.bytes += kBlock;
      return;
    }
    if (address + kBlock == range.address) {
      range.address = address;
      range.bytes += kBlock;
      return;
    }
  }
  if (machine.ram_count < kMostRanges) machine.ram[machine.ram_count++] = {address, kBlock};
}

}  // namespace

// Its image is linked for the addresses above 1 MiB, which are the hypervisor's own: what is there are other
// blocks, which its kernel does not hand out, since a device would find something else there.
bool prepare_fixed_memory(VirtualMachine& machine, unsigned mebibytes) {
  for (unsigned i = 0; i < kLowBlocks; ++i) {
    const u64 block = take_block();
    if (block == 0 || !machine.memory.add(i * kBlock, block)) return false;
  }
  for (u64 bytes = u64{mebibytes} << 20; bytes >= kBlock; bytes -= kBlock) {
    const u64 block = take_block();
    if (block < kLowBlocks * kBlock || !machine.memory.add(block, block)) return false;
    add_range(machine, block);
  }
  return true;
}

}  // namespace hvlab::hypervisor
