#include "sim/boot/memory_map.hpp"

#include <string>

#include "sim/base/user_error.hpp"

namespace hvlab::boot {

std::vector<MemoryRange> memory_map(u64 ram_bytes) {
  if (ram_bytes < kSmallestRam || ram_bytes > kLargestRam || ram_bytes % (1 << 20) != 0) {
    throw UserError("a machine cannot have " + std::to_string(ram_bytes) +
                    " bytes of memory; give a whole number of MiB from 4 MiB to 16 GiB");
  }
  const u64 tables = table_area(ram_bytes);
  std::vector<MemoryRange> map = {
      {0, kEbda, MemoryType::Ram},
      {kEbda, 0xA'0000 - kEbda, MemoryType::Reserved},
      {kBiosArea, 0x10'0000 - kBiosArea, MemoryType::Reserved},
      {0x10'0000, tables - 0x10'0000, MemoryType::Ram},
      {tables, kTableBytes - kNvsBytes, MemoryType::AcpiReclaimable},
      {tables + kTableBytes - kNvsBytes, kNvsBytes, MemoryType::AcpiNvs},
  };
  if (high_ram(ram_bytes) != 0) map.push_back({kHighRamStart, high_ram(ram_bytes), MemoryType::Ram});
  return map;
}

}  // namespace hvlab::boot
