#include "sim/boot/bios_area.hpp"

#include <array>

#include "sim/boot/memory_map.hpp"
#include "sim/boot/placement.hpp"

namespace hvlab::boot {
namespace {

constexpr u64 kServices = kBiosArea + 0x100;  // behind the RSDP

// 16-bit code. The flags that IRET restores are the third word above the saved BP.
constexpr std::array<u8, 9> kNotSupported = {0x55,                    // push bp
                                             0x89, 0xE5,              // mov bp, sp
                                             0x80, 0x4E, 0x06, 0x41,  // or byte [bp + 6], CF | ZF
                                             0x5D,                    // pop bp
                                             0xCF};                   // iret
constexpr size_t kIretOffset = kNotSupported.size() - 1;

constexpr bool is_hardware_vector(unsigned vector) {  // where a BIOS puts the PICs, and exceptions
  return vector < 0x10 || (vector >= 0x70 && vector < 0x78);
}

}  // namespace

void write_bios_area(LoadTarget& target) {
  std::array<u32, 256> vectors{};
  for (unsigned vector = 0; vector < vectors.size(); ++vector) {
    const u32 offset = (kServices & 0xFFFF) + (is_hardware_vector(vector) ? kIretOffset : 0);
    vectors[vector] = static_cast<u32>(kBiosArea >> 4 << 16) | offset;
  }
  target.write(0, bytes_of(vectors));
  target.write(kServices, kNotSupported);

  const std::array<u16, 2> serial_ports = {0x3F8, 0x2F8};
  const u16 ebda_segment = kEbda >> 4, base_memory_kib = kEbda >> 10;
  const u8 ebda_kib = 1;
  target.write(0x400, bytes_of(serial_ports));
  target.write(0x40E, bytes_of(ebda_segment));
  target.write(0x413, bytes_of(base_memory_kib));
  target.write(kEbda, bytes_of(ebda_kib));
}

}  // namespace hvlab::boot
