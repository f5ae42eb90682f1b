// SMBIOS structures as a reader of DSP0134 walks them.
#include <numeric>

#include "fake_memory.hpp"
#include "sim/boot/smbios.hpp"

using namespace hvlab;
using namespace hvlab::boot;

namespace {

struct Entry {
  u8 type = 0, length = 0;
  size_t at = 0;
};

// Each structure ends behind two zero bytes that follow its formatted part (6.1.3).
std::vector<Entry> walk(const std::vector<u8>& table) {
  std::vector<Entry> list;
  for (size_t at = 0; at + 4 <= table.size();) {
    list.push_back({table[at], table[at + 1], at});
    at += table[at + 1];
    while (at + 1 < table.size() && (table[at] != 0 || table[at + 1] != 0)) ++at;
    at += 2;
  }
  return list;
}

u16 half(const std::vector<u8>& table, size_t at) { return static_cast<u16>(table[at] | table[at + 1] << 8); }

}  // namespace

// Catches a formatted part of the wrong length, which shifts every field a reader takes from it.
TEST_CASE("SMBIOS structures have the lengths of version 3.0") {
  const std::vector<u8> table = make_smbios_structures({4, u64{5} << 30});
  const std::vector<Entry> list = walk(table);
  const std::vector<std::pair<u8, u8>> expected = {{0, 0x18},  {1, 0x1B},  {3, 0x16},  {4, 0x30},  {16, 0x17},
                                                   {17, 0x28}, {19, 0x1F}, {19, 0x1F}, {32, 0x0B}, {127, 4}};
  REQUIRE(list.size() == expected.size());
  for (size_t i = 0; i < list.size(); ++i) {
    CHECK(list[i].type == expected[i].first);
    CHECK(list[i].length == expected[i].second);
  }
  CHECK(table[list[3].at + 0x23] == 4);                                  // cores
  CHECK(half(table, list[5].at + 0x0C) == 5 * 1024);                     // MiB
  CHECK(half(table, list[7].at + 0x0C) == half(table, list[4].at + 2));  // the array that is mapped
}

// Catches an entry point that nobody finds: its place, its checksum, where it points.
TEST_CASE("the SMBIOS entry point leads to the structures") {
  FakeMemory memory(u64{64} << 20);
  write_smbios({1, u64{64} << 20}, memory);
  u64 entry = 0xF'0000;
  while (entry < 0x10'0000 && memory.text(entry).substr(0, 5) != "_SM3_") entry += 16;
  REQUIRE(entry < 0x10'0000);
  const std::vector<u8> bytes = memory.read(entry, 0x18);
  CHECK((std::accumulate(bytes.begin(), bytes.end(), 0u) & 0xFF) == 0);
  CHECK(bytes[6] == 0x18);
  const u32 size = memory.get<u32>(entry + 0x0C);
  const u64 address = memory.get<u64>(entry + 0x10);
  CHECK(memory.read(address, size) == make_smbios_structures({1, u64{64} << 20}));
}
