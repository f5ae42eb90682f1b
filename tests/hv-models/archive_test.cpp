#include "hv-models/kernel/archive.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace hvlab;
using namespace hvlab::kernel;

namespace {

void set_checksum(u8* header) {
  std::memset(header + 148, ' ', 8);
  unsigned sum = 0;
  for (int i = 0; i < 512; ++i) sum += header[i];
  std::snprintf(reinterpret_cast<char*>(header) + 148, 8, "%06o", sum);
}

void add(std::vector<u8>& tar, const std::string& name, char type, const std::string& content) {
  std::vector<u8> header(512);
  std::memcpy(header.data(), name.data(), name.size());
  std::snprintf(reinterpret_cast<char*>(header.data()) + 124, 12, "%011o",
                static_cast<unsigned>(content.size()));
  header[156] = static_cast<u8>(type);
  std::memcpy(header.data() + 257, "ustar", 5);
  set_checksum(header.data());
  tar.insert(tar.end(), header.begin(), header.end());
  tar.insert(tar.end(), content.begin(), content.end());
  tar.resize((tar.size() + 511) / 512 * 512);
}

std::vector<u8> sample() {
  std::vector<u8> tar;
  add(tar, "bin/", '5', "");
  add(tar, "bin/link", '2', "");
  add(tar, "bin/a", '0', std::string(700, 'x'));
  add(tar, "b", '0', "");
  tar.resize(tar.size() + 1024);
  return tar;
}

}  // namespace

TEST_CASE("files and folders of an archive come in order; links are passed over") {
  const std::vector<u8> tar = sample();
  ArchiveReader reader(tar.data(), tar.size());
  ArchiveEntry entry;
  REQUIRE(reader.next(entry));
  CHECK(entry.folder);
  REQUIRE(reader.next(entry));
  CHECK(std::string(entry.name) == "bin/a");
  CHECK(std::string(reinterpret_cast<const char*>(entry.bytes), entry.size) == std::string(700, 'x'));
  REQUIRE(reader.next(entry));
  CHECK(std::string(entry.name) == "b");
  CHECK(entry.size == 0);
  CHECK_FALSE(reader.next(entry));
  CHECK_FALSE(reader.damaged());
}

TEST_CASE("a header that does not add up is damage") {
  std::vector<u8> tar = sample();
  tar[3] ^= 1;
  ArchiveReader reader(tar.data(), tar.size());
  ArchiveEntry entry;
  CHECK_FALSE(reader.next(entry));
  CHECK(reader.damaged());
}

TEST_CASE("contents never reach beyond a cut archive") {
  const std::vector<u8> tar = sample();
  for (size_t bytes = 0; bytes <= tar.size(); bytes += 100) {
    const std::vector<u8> cut(tar.begin(), tar.begin() + static_cast<std::ptrdiff_t>(bytes));
    ArchiveReader reader(cut.data(), cut.size());
    ArchiveEntry entry;
    while (reader.next(entry)) {
      REQUIRE(entry.bytes >= cut.data());
      REQUIRE(entry.bytes + entry.size <= cut.data() + cut.size());
    }
  }
}
