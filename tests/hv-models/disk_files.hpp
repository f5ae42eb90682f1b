// Files that are disks of the simulated machine: what its tests make of them and find in them.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace hvlab::test {

/// A disk of so many bytes of zeros; its path.
inline std::string make_disk(const std::filesystem::path& file, size_t bytes = 16 << 20) {
  std::ofstream(file).close();
  std::filesystem::resize_file(file, bytes);
  return file.string();
}

/// What a disk has to begin with: each sector is unlike the 255 before it.
inline std::string disk_contents(size_t bytes) {
  std::string all(bytes, 0);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * 13 + i / 512);
  return all;
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& file, const std::string& all) {
  std::ofstream(file, std::ios::binary) << all;
}

}  // namespace hvlab::test
