#include "sim/boot/bootable.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <span>

#include "sim/base/types.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::boot {

namespace {

constexpr size_t kBlock = 2048, kSector = 512;
constexpr u64 kFirstDescriptor = 16, kMostDescriptors = 64;
constexpr u8 kBootRecord = 0, kPrimary = 1, kTerminator = 255;

/// The bytes from `offset` on; as many of them zero as the file is too short for.
template <size_t N>
std::array<u8, N> read_at(const std::string& path, u64 offset) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw UserError("'" + path + "' cannot be read: " + std::strerror(errno));
  std::array<u8, N> bytes{};
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), N);
  return bytes;
}

u64 little_endian(std::span<const u8> bytes) {
  u64 value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

template <size_t N>
bool has_text(const std::array<u8, N>& block, size_t at, const char* text) {
  return std::memcmp(block.data() + at, text, std::strlen(text)) == 0;
}

/// The boot catalog: an entry that checks it, then the initial one.
std::string catalog_problem(const std::string& path, u64 block) {
  constexpr u8 kX86 = 0, kBootable = 0x88;
  const auto catalog = read_at<64>(path, block * kBlock);
  u32 sum = 0;
  for (size_t i = 0; i < 32; i += 2) sum += static_cast<u32>(little_endian(std::span(catalog).subspan(i, 2)));
  if (catalog[0] != 1 || catalog[30] != 0x55 || catalog[31] != 0xaa || (sum & 0xffff) != 0)
    return "has a broken El Torito boot catalog";
  if (catalog[1] != kX86)
    return "is for other firmware than a PC's BIOS: its El Torito boot catalog is of platform " +
           std::to_string(catalog[1]);
  if (catalog[32] != kBootable) return "has an El Torito boot catalog whose initial entry is not bootable";
  return "";
}

}  // namespace

std::string cd_boot_problem(const std::string& path) {
  bool primary = false;
  for (u64 i = 0; i < kMostDescriptors; ++i) {
    const auto descriptor = read_at<kBlock>(path, (kFirstDescriptor + i) * kBlock);
    if (!has_text(descriptor, 1, "CD001") || descriptor[0] == kTerminator) break;
    if (descriptor[0] == kPrimary) primary = true;
    if (descriptor[0] == kBootRecord && has_text(descriptor, 7, "EL TORITO SPECIFICATION"))
      return catalog_problem(path, little_endian(std::span(descriptor).subspan(71, 4)));
  }
  return primary ? "cannot be booted: it has no El Torito boot catalog"
                 : "is no ISO 9660 image: there is no volume descriptor at byte 32768";
}

std::string disk_boot_problem(const std::string& path) {
  const auto sector = read_at<kSector>(path, 0);
  return sector[510] == 0x55 && sector[511] == 0xaa
             ? ""
             : "cannot be booted: its first sector does not end in the boot signature 55h AAh";
}

}  // namespace hvlab::boot
