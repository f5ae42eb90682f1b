#include "sim/boot/vmlinux_extract.hpp"

#include <lzma.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "sim/base/user_error.hpp"
#include "sim/boot/bzimage.hpp"
#include "sim/boot/decompress.hpp"
#include "sim/boot/image_file.hpp"
#include "sim/observe/elf.hpp"

namespace hvlab::boot {
namespace {

constexpr u64 kLargestVmlinux = u64{1} << 30;

/// Names contents: a 64-bit CRC, a 64-bit FNV-1a hash (of 8 bytes at a time) and the length.
std::string content_key(std::span<const u8> bytes) {
  u64 hash = 0xCBF2'9CE4'8422'2325;
  for (size_t at = 0; at < bytes.size(); at += 8) {
    const auto count = static_cast<unsigned>(std::min<size_t>(8, bytes.size() - at));
    hash = (hash ^ observe::little_endian(bytes, at, count)) * 0x0000'0100'0000'01B3;
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx-%zx",
                static_cast<unsigned long long>(lzma_crc64(bytes.data(), bytes.size(), 0)),
                static_cast<unsigned long long>(hash), bytes.size());
  return text.data();
}

}  // namespace

std::vector<u8> extract_vmlinux(const ImageFile& kernel) {
  const BzImage image = parse_bzimage(kernel.bytes, kernel.name);
  const std::string what = "kernel '" + kernel.name + "'";
  const Compression format = detect_compression(image.payload);
  std::vector<u8> elf;
  if (format != Compression::None) {
    elf = decompress(format, image.payload, kLargestVmlinux, what);
  } else {
    elf.assign(image.payload.begin(), image.payload.end());
  }
  if (!observe::is_elf(elf)) {
    throw UserError(what +
                    ": no ELF kernel found inside it (unknown compression?); boot it as a bzImage instead");
  }
  return elf;
}

namespace {

std::string cache_path(const ImageFile& kernel) {
  return cache_folder() + "/vmlinux/" + content_key(kernel.bytes) + ".elf";
}

}  // namespace

std::string cached_vmlinux_path(const ImageFile& kernel) {
  const std::string path = cache_path(kernel);
  cached_vmlinux(kernel);
  if (!std::filesystem::is_regular_file(path)) throw UserError("cannot write '" + path + "'");
  return path;
}

std::vector<u8> cached_vmlinux(const ImageFile& kernel) {
  const std::string path = cache_path(kernel);
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    std::vector<u8> elf = read_file(path, "cached kernel");
    if (observe::is_elf(elf)) return elf;
  }
  std::vector<u8> elf = extract_vmlinux(kernel);
  write_file_atomically(path, elf);
  return elf;
}

}  // namespace hvlab::boot
