// The firmware configuration interface of virtual PCs: items of bytes by 16-bit key and named files, read
// through ports 510h-511h or by DMA through 514h-51Bh.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/devices/register_bank.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/physical_memory.hpp"

namespace hvlab::devices {

class FwCfg {
 public:
  struct State {
    u16 key = 0;
    u32 offset = 0;       // into the selected item
    u64 dma_address = 0;  // of the control block being written
  };

  explicit FwCfg(Dma& dma, observe::DeviceProbe probe = {});

  void reset() { state_ = State{}; }

  /// Sets item `key` (bit 14 does not count; 19h, the directory, is ours).
  void set_item(u16 key, std::vector<u8> bytes);
  void set_item_u16(u16 key, u16 value);
  void set_item_u32(u16 key, u32 value);
  void set_item_u64(u16 key, u64 value);
  /// Adds a named file ("etc/..."; at most 55 characters), or replaces its contents. UserError beyond 992
  /// files.
  void set_file(const std::string& name, std::vector<u8> bytes);

  RegisterTarget& ports() { return ports_; }          // 510h-511h
  RegisterTarget& dma_ports() { return dma_ports_; }  // 514h-51Bh, big-endian

 private:
  u64 read(u64 offset, unsigned size);
  void write(u64 offset, unsigned size, u64 value);
  u64 read_dma(u64 offset, unsigned size);
  void write_dma(u64 offset, unsigned size, u64 value);
  void select(u16 key);
  u8 next_byte();
  void run_dma();
  void transfer(u64 address, u32 length);
  const std::vector<u8>& selected() const;
  void update_directory();

  struct File {
    u16 key;
    u32 size;
  };
  Dma& dma_;
  observe::DeviceProbe probe_;
  std::map<u16, std::vector<u8>> items_;
  std::map<std::string, File> files_;
  State state_;
  Bank<FwCfg> ports_;
  Bank<FwCfg> dma_ports_;
};

}  // namespace hvlab::devices
