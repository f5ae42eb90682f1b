// Blocks of a page that a hypervisor and the processor both write: SVM's VMCBs and VMX's VMCS regions.
#pragma once

#include <cstring>

#include "sim/cpu/cpu.hpp"

namespace hvlab::control {

/// The block at `address` (page-aligned), in RAM. What is not RAM reads as all ones, and what is written
/// there is lost: `nowhere` stands for it.
template <class Block>
Block& control_block(cpu::Cpu& cpu, u64 address, Block& nowhere) {
  static_assert(sizeof(Block) <= 4096);
  if (u8* page = cpu.bus->write_page(address); page != nullptr) return *reinterpret_cast<Block*>(page);
  std::memset(static_cast<void*>(&nowhere), 0xFF, sizeof nowhere);
  return nowhere;
}

/// To be called after writing to it.
inline void control_block_written(cpu::Cpu& cpu, u64 address, size_t bytes) {
  if (cpu.code != nullptr && cpu.code->holds_code(address >> 12)) cpu.code->written(address, bytes);
}

}  // namespace hvlab::control
