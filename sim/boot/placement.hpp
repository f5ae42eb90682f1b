// Who is where in memory: keeps what a loader puts there apart, and inside RAM.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/boot/load_target.hpp"
#include "sim/boot/memory_map.hpp"

namespace hvlab::boot {

class Placement {
 public:
  /// Places into the RAM ranges of `map` (the first 4 KiB are kept for the BIOS data area), writing to
  /// `target`.
  Placement(std::vector<MemoryRange> map, LoadTarget& target);

  const std::vector<MemoryRange>& map() const { return map_; }

  /// Takes `bytes` at `address` for `what` ("segment 2 of vmlinux"). Throws UserError if the range is not all
  /// RAM or overlaps what was taken before. Nothing happens for 0 bytes.
  void reserve(u64 address, u64 bytes, const std::string& what);

  /// Takes the highest (lowest) free range of `bytes` (0 counts as 1) at a multiple of `alignment` that ends
  /// at or below `limit` (starts at or above `start`, ends at or below 4 GiB). Throws UserError if there is
  /// none.
  u64 take_highest(u64 limit, u64 bytes, u64 alignment, const std::string& what);
  u64 take_lowest(u64 start, u64 bytes, u64 alignment, const std::string& what);

  /// take_lowest from the start of memory, and writes `bytes` there.
  u32 store(std::span<const u8> bytes, u64 alignment, const std::string& what);
  /// The same for a text with its terminating zero.
  u32 store_text(const std::string& text, const std::string& what);

  LoadTarget& target() { return target_; }

 private:
  struct Taken {
    u64 address, end;
    std::string what;
  };
  bool in_ram(u64 address, u64 bytes) const;
  const Taken* overlap(u64 address, u64 bytes) const;

  std::vector<MemoryRange> map_;
  LoadTarget& target_;
  std::vector<Taken> taken_;
};

/// The bytes of a plain structure, as they go to memory.
template <typename T>
std::span<const u8> bytes_of(const T& value) {
  return {reinterpret_cast<const u8*>(&value), sizeof value};
}
template <typename T>
std::span<const u8> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const u8*>(values.data()), values.size() * sizeof(T)};
}

/// Writes the flat GDT that EntryState describes and notes it in `state`.
void store_gdt(Placement& placement, EntryState& state);

/// `bytes` for a message: "55 MiB", "12 KiB", "7 bytes" (rounded up).
std::string size_text(u64 bytes);

}  // namespace hvlab::boot
