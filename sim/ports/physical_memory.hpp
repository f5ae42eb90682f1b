// The physical address space and the port space, as a processor and as a device's DMA see them.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab {

/// What a processor reaches over its bus.
class ProcessorBus {
 public:
  virtual ~ProcessorBus() = default;

  /// The host address of the 4 KiB page of memory (RAM or ROM) at `page_address` (a multiple of 4096), or
  /// nullptr if there is none. The pointer stays good until Processor::memory_remapped().
  virtual u8* ram_page(u64 page_address) = 0;
  /// Where writes to that page go: the same page, another one (shadowed ROM), or nullptr, if they go to the
  /// bus.
  virtual u8* write_page(u64 page_address) { return ram_page(page_address); }

  /// Accesses to what is not RAM; `size` is 1, 2, 4 or 8 and the access does not cross an 8-byte boundary.
  /// Addresses that nothing decodes read as all ones; writes to them are dropped.
  virtual u64 mmio_read(u64 address, unsigned size) = 0;
  virtual void mmio_write(u64 address, unsigned size, u64 value) = 0;

  /// Port space; `size` is 1, 2 or 4. Undecoded ports read as all ones.
  virtual u32 port_read(u16 port, unsigned size) = 0;
  virtual void port_write(u16 port, unsigned size, u32 value) = 0;
};

/// What a bus-mastering device reaches: RAM. Addresses outside RAM read as all ones and drop writes, as on a
/// bus where nobody answers. A write is seen by processors at once, including code they have already decoded.
class Dma {
 public:
  virtual ~Dma() = default;
  virtual void read(u64 address, void* to, size_t bytes) = 0;
  virtual void write(u64 address, const void* from, size_t bytes) = 0;
};

}  // namespace hvlab
