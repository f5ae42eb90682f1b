// Guest memory for loader tests: remembers what was written and checks that it was RAM.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "sim/boot/load_target.hpp"
#include "sim/boot/memory_map.hpp"

namespace hvlab::boot {

class FakeMemory final : public LoadTarget {
 public:
  explicit FakeMemory(u64 ram_bytes) : ram_bytes_(ram_bytes) {}

  void write(u64 address, std::span<const u8> bytes) override {
    const bool low = address <= low_ram(ram_bytes_) && bytes.size() <= low_ram(ram_bytes_) - address;
    const bool high =
        address >= kHighRamStart && bytes.size() <= kHighRamStart + high_ram(ram_bytes_) - address;
    if (!low && !high) FAIL("a loader wrote outside RAM, at " << std::hex << address);
    for (u64 done = 0; done < bytes.size();) {
      const u64 at = address + done;
      const u64 part = std::min<u64>(4096 - at % 4096, bytes.size() - done);
      auto& page = pages_[at / 4096];
      if (page.empty()) page.resize(4096);
      std::memcpy(page.data() + at % 4096, bytes.data() + done, part);
      done += part;
    }
  }

  std::vector<u8> read(u64 address, u64 count) const {
    std::vector<u8> bytes(count);
    for (u64 i = 0; i < count; ++i) {
      const auto page = pages_.find((address + i) / 4096);
      if (page != pages_.end()) bytes[i] = page->second[(address + i) % 4096];
    }
    return bytes;
  }

  template <typename T>
  T get(u64 address) const {
    T value;
    std::memcpy(&value, read(address, sizeof value).data(), sizeof value);
    return value;
  }

  std::string text(u64 address) const {
    std::string text;
    while (const char next = get<char>(address + text.size())) text += next;
    return text;
  }

 private:
  u64 ram_bytes_;
  std::map<u64, std::vector<u8>> pages_;
};

}  // namespace hvlab::boot
