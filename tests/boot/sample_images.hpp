// Small kernel images built in memory, correct until a test breaks them.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::boot::sample {

template <typename T>
void put(std::vector<u8>& to, size_t offset, T value) {
  if (to.size() < offset + sizeof value) to.resize(offset + sizeof value);
  std::memcpy(to.data() + offset, &value, sizeof value);
}

/// A bzImage of protocol 2.15 with one setup sector and `payload` at offset 16 of its protected-mode part.
inline std::vector<u8> bzimage(const std::vector<u8>& payload) {
  std::vector<u8> image(1024);
  image[0x1F1] = 1;
  put<u16>(image, 0x1FE, 0xAA55);
  image[0x201] = 0x6A;
  std::memcpy(image.data() + 0x202, "HdrS", 4);
  put<u16>(image, 0x206, 0x020F);
  image[0x211] = 1;                     // loads high
  put<u32>(image, 0x22C, 0x7FFF'FFFF);  // initrd_addr_max
  put<u32>(image, 0x230, 0x20'0000);    // alignment
  image[0x234] = 1;                     // relocatable
  put<u32>(image, 0x238, 2047);         // command line
  put<u32>(image, 0x248, 16);           // payload
  put<u32>(image, 0x24C, static_cast<u32>(payload.size()));
  put<u64>(image, 0x258, 0x100'0000);  // preferred address
  put<u32>(image, 0x260, 0x80'0000);   // init_size
  for (u8 i = 0; i < 16; ++i) image.push_back(static_cast<u8>(0xC0 + i));
  image.insert(image.end(), payload.begin(), payload.end());
  return image;
}

/// An ELF64 file with one loadable segment of `code` at `physical` (virtual: that plus `offset`), 4 KiB more
/// in memory than in the file, and the PVH note with `entry`.
inline std::vector<u8> elf64(const std::vector<u8>& code, u64 physical, u32 pvh_entry, u64 offset = 0) {
  std::vector<u8> file(0x200);
  std::memcpy(file.data(),
              "\x7F"
              "ELF\2\1\1",
              7);
  put<u16>(file, 16, 2);
  put<u16>(file, 18, 62);
  put<u64>(file, 24, physical + offset);  // entry
  put<u64>(file, 32, 64);                 // program headers
  put<u16>(file, 52, 64);
  put<u16>(file, 54, 56);
  put<u16>(file, 56, 2);
  const auto segment = [&](size_t at, u32 type, u64 from, u64 address, u64 bytes, u64 in_memory) {
    put<u32>(file, at, type);
    put<u64>(file, at + 8, from);
    put<u64>(file, at + 16, address + offset);
    put<u64>(file, at + 24, address);
    put<u64>(file, at + 32, bytes);
    put<u64>(file, at + 40, in_memory);
  };
  segment(64, 1, 0x200, physical, code.size(), code.size() + 4096);
  segment(120, 4, 0x180, 0, 20, 20);
  put<u32>(file, 0x180, 4);
  put<u32>(file, 0x184, 4);
  put<u32>(file, 0x188, 18);
  std::memcpy(file.data() + 0x18C, "Xen", 4);
  put<u32>(file, 0x190, pvh_entry);
  file.insert(file.end(), code.begin(), code.end());
  return file;
}

/// An ELF32 file with one segment that begins with a multiboot header with `flags`.
inline std::vector<u8> elf32_multiboot(u32 flags, u32 physical) {
  std::vector<u8> file(0x100);
  std::memcpy(file.data(),
              "\x7F"
              "ELF\1\1\1",
              7);
  put<u16>(file, 16, 2);
  put<u16>(file, 18, 3);
  put<u32>(file, 24, physical + 12);
  put<u32>(file, 28, 52);
  put<u16>(file, 40, 52);
  put<u16>(file, 42, 32);
  put<u16>(file, 44, 1);
  put<u32>(file, 52, 1);
  put<u32>(file, 56, 0x100);
  put<u32>(file, 60, physical);
  put<u32>(file, 64, physical);
  put<u32>(file, 68, 16);
  put<u32>(file, 72, 0x2000);
  put<u32>(file, 0x100, 0x1BAD'B002);
  put<u32>(file, 0x104, flags);
  put<u32>(file, 0x108, 0u - 0x1BAD'B002 - flags);
  put<u32>(file, 0x10C, 0xF4F4'F4F4);
  return file;
}

}  // namespace hvlab::boot::sample
