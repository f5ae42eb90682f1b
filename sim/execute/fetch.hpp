// From RIP to a decoded operation: the page that is fetched from, the block that begins there.
#pragma once

#include "sim/cpu/cpu.hpp"
#include "sim/execute/code_cache.hpp"

namespace hvlab::execute {

using cpu::Cpu;

/// RIP as a linear address.
u64 linear_rip(const Cpu& cpu);

/// The fetching of one processor.
struct Fetch {
  Cpu& cpu;
  CodeCache& code;
  const Op* next_op = nullptr;  // where the block in progress goes on, if nothing intervenes
  u64 epoch = 0;                // of the code cache, for next_op and Cpu::link_slot

  /// The operation at RIP; nullptr if a fault was delivered instead. A block that the one before it can be
  /// linked to (Cpu::link_slot) is.
  const Op* locate();

 private:
  bool fetch_page(u64 linear);
  const u8* next_page(u64 linear, u64& number, bool& faulted);
  Block* block_at(u64 linear, BlockMode mode);
};

}  // namespace hvlab::execute
