// Would catch: tables that a guest cannot read, a kernel or an archive at another place than it is said to
// be, and files of any content that make the loader write outside the guest's memory.
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "hv-models/hypervisor/firmware.hpp"

using namespace hvlab;
using namespace hvlab::hypervisor;

namespace {

struct Memory {
  std::vector<u8> bytes = std::vector<u8>(4 << 20);
  bool outside = false;
  GuestTarget target() {
    return {[](void* self, u64 address, const void* from, u64 count) {
              Memory& memory = *static_cast<Memory*>(self);
              if (count > memory.bytes.size() || address > memory.bytes.size() - count) {
                memory.outside = true;
                return;
              }
              std::memcpy(memory.bytes.data() + address, from, count);
            },
            this, bytes.size()};
  }
  u64 get(u64 at, unsigned count) const {
    u64 value = 0;
    std::memcpy(&value, bytes.data() + at, count);
    return value;
  }
  bool sums_to_zero(u64 at, u64 count) const {
    u8 sum = 0;
    for (u64 i = 0; i < count; ++i) sum = static_cast<u8>(sum + bytes[at + i]);
    return sum == 0;
  }
};

void put(std::vector<u8>& to, size_t at, u64 value, unsigned bytes) {
  if (to.size() < at + bytes) to.resize(at + bytes);
  std::memcpy(to.data() + at, &value, bytes);
}

// An ELF file with a note and one segment of 100 bytes, 5000 in memory, at 1 MiB.
std::vector<u8> kernel() {
  std::vector<u8> elf(0x400);
  put(elf, 0, 0x464c'457f, 4);
  elf[4] = 2;
  put(elf, 32, 64, 8);
  put(elf, 54, 56, 2);
  put(elf, 56, 2, 2);
  const size_t note = 64, load = 64 + 56;
  put(elf, note, 4, 4);
  put(elf, note + 8, 0x200, 8);
  put(elf, note + 32, 20, 8);
  put(elf, note + 40, 20, 8);
  put(elf, load, 1, 4);
  put(elf, load + 8, 0x300, 8);
  put(elf, load + 24, 0x10'0000, 8);
  put(elf, load + 32, 100, 8);
  put(elf, load + 40, 5000, 8);
  put(elf, 0x200, 4, 4);
  put(elf, 0x204, 4, 4);
  put(elf, 0x208, 18, 4);
  put(elf, 0x20c, 0x6e'6558, 4);
  put(elf, 0x210, 0x10'0040, 4);
  for (unsigned i = 0; i < 100; ++i) put(elf, 0x300 + i, i + 1, 1);
  return elf;
}

const char* load(const std::vector<u8>& elf, const std::vector<u8>& archive, Memory& memory,
                 GuestStart& start) {
  return load_guest({elf.data(), elf.size(), archive.data(), archive.size(), "run=/bin/x y"}, 3,
                    memory.target(), start);
}

}  // namespace

TEST_CASE("kernel, archive, tables and start information are where the protocol says") {
  Memory memory;
  GuestStart start;
  const std::vector<u8> archive(5000, 0x77);
  REQUIRE(load(kernel(), archive, memory, start) == nullptr);
  CHECK(start.entry == 0x10'0040);
  CHECK(memory.bytes[0x10'0000 + 99] == 100);
  const u64 info = start.start_info;
  CHECK(memory.get(info, 4) == 0x336e'c578);
  CHECK(memory.get(info + 12, 4) == 1);
  const u64 module = memory.get(memory.get(info + 16, 8), 8);
  CHECK(module % 4096 == 0);
  CHECK(memory.bytes[module + 4999] == 0x77);
  CHECK(std::string(reinterpret_cast<const char*>(&memory.bytes[memory.get(info + 24, 8)])) ==
        "run=/bin/x y");
  const u64 rsdp = memory.get(info + 32, 8);
  CHECK(std::memcmp(&memory.bytes[rsdp], "RSD PTR ", 8) == 0);
  CHECK(memory.sums_to_zero(rsdp, 20));
  const u64 xsdt = memory.get(rsdp + 24, 8);
  CHECK(memory.sums_to_zero(xsdt, memory.get(xsdt + 4, 4)));
  REQUIRE(memory.get(xsdt + 4, 4) == 36 + 16);
  const u64 fadt = memory.get(xsdt + 36, 8), madt = memory.get(xsdt + 44, 8);
  CHECK(memory.sums_to_zero(fadt, memory.get(fadt + 4, 4)));
  CHECK(memory.sums_to_zero(madt, memory.get(madt + 4, 4)));
  CHECK(memory.get(fadt + 76, 4) == 0x608);
  unsigned processors = 0;
  for (u64 at = madt + 44; at < madt + memory.get(madt + 4, 4); at += memory.bytes[at + 1])
    processors += memory.bytes[at] == 0;
  CHECK(processors == 3);
}

TEST_CASE("files that do not fit, or are something else, are refused in words") {
  Memory memory;
  GuestStart start;
  CHECK(load({1, 2, 3}, {}, memory, start) != nullptr);
  CHECK(load(kernel(), std::vector<u8>(5 << 20), memory, start) != nullptr);
  std::vector<u8> large = kernel();
  put(large, 64 + 56 + 40, u64{1} << 40, 8);
  CHECK(load(large, {}, memory, start) != nullptr);
  std::vector<u8> no_entry = kernel();
  put(no_entry, 0x208, 17, 4);
  CHECK(std::string(load(no_entry, {}, memory, start)).find("PVH") != std::string::npos);
}

TEST_CASE("a damaged kernel never makes the loader leave the guest's memory") {
  const std::vector<u8> whole = kernel();
  std::mt19937 random(3);
  for (unsigned i = 0; i < 20'000; ++i) {
    std::vector<u8> elf = whole;
    for (unsigned j = 0; j < 1 + random() % 4; ++j) elf[random() % 0x220] = static_cast<u8>(random());
    Memory* memory = nullptr;
    static Memory shared;
    memory = &shared;
    GuestStart start;
    load(elf, {}, *memory, start);
    REQUIRE_FALSE(memory->outside);
  }
}
