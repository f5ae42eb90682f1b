// What processors and bus masters reach: RAM and ROM by pointer, everything else by transactions.
#pragma once

#include <memory>

#include "sim/board/memory_space.hpp"
#include "sim/board/tlm_bus.hpp"
#include "sim/execute/processor.hpp"
#include "sim/ports/physical_memory.hpp"

namespace hvlab::board {

/// The processors' side.
class MemoryBus final : public ProcessorBus {
 public:
  MemoryBus(MemorySpace& space, AddressDecoder& memory, AddressDecoder& ports)
      : space_(space), memory_("memory_bus", memory), ports_("port_bus", ports) {}

  u8* ram_page(u64 page_address) override { return space_.read_page(page_address); }
  u8* write_page(u64 page_address) override { return space_.write_page(page_address); }
  u64 mmio_read(u64 address, unsigned size) override { return memory_.read(address, size); }
  void mmio_write(u64 address, unsigned size, u64 value) override { memory_.write(address, size, value); }
  u32 port_read(u16 port, unsigned size) override { return static_cast<u32>(ports_.read(port, size)); }
  void port_write(u16 port, unsigned size, u32 value) override { ports_.write(port, size, value); }

 private:
  MemorySpace& space_;
  BusInitiator memory_;
  BusInitiator ports_;
};

/// The devices' side: writes are told to the cache of decoded code.
class MemoryDma final : public Dma {
 public:
  MemoryDma(MemorySpace& space, std::shared_ptr<execute::CodeCache> code)
      : space_(space), code_(std::move(code)) {}

  void read(u64 address, void* to, size_t bytes) override { space_.read(address, to, bytes); }
  void write(u64 address, const void* from, size_t bytes) override {
    space_.write(address, from, bytes);
    execute::memory_written(*code_, address, bytes);
  }

 private:
  MemorySpace& space_;
  std::shared_ptr<execute::CodeCache> code_;
};

}  // namespace hvlab::board
