#include "sim/boot/placement.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::boot {
namespace {

std::string range_text(u64 address, u64 bytes) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%llx-%llx", static_cast<unsigned long long>(address),
                static_cast<unsigned long long>(address + bytes - 1));
  return text.data();
}

}  // namespace

Placement::Placement(std::vector<MemoryRange> map, LoadTarget& target)
    : map_(std::move(map)), target_(target) {
  taken_.push_back({0, 0x1000, "the BIOS data area"});
}

bool Placement::in_ram(u64 address, u64 bytes) const {
  return std::any_of(map_.begin(), map_.end(), [&](const MemoryRange& range) {
    return range.type == MemoryType::Ram && address >= range.address && address < range.end() &&
           bytes <= range.end() - address;
  });
}

const Placement::Taken* Placement::overlap(u64 address, u64 bytes) const {
  for (const Taken& each : taken_) {
    if (address < each.end && each.address < address + bytes) return &each;
  }
  return nullptr;
}

void Placement::reserve(u64 address, u64 bytes, const std::string& what) {
  if (bytes == 0) return;
  if (!in_ram(address, bytes)) {
    throw UserError(what + " (at " + range_text(address, bytes) +
                    ") does not lie in the machine's memory; give the machine more memory or another file");
  }
  if (const Taken* other = overlap(address, bytes)) {
    throw UserError(what + " (at " + range_text(address, bytes) + ") overlaps " + other->what + " (at " +
                    range_text(other->address, other->end - other->address) + ")");
  }
  taken_.push_back({address, address + bytes, what});
}

u64 Placement::take_highest(u64 limit, u64 bytes, u64 alignment, const std::string& what) {
  bytes = std::max<u64>(bytes, 1);
  std::optional<u64> best;
  const auto consider = [&](u64 end) {  // a range that ends at or just below `end`
    if (end < bytes) return;
    const u64 address = align_down(end - bytes, alignment);
    if (in_ram(address, bytes) && overlap(address, bytes) == nullptr && (!best || address > *best))
      best = address;
  };
  for (const MemoryRange& range : map_) consider(std::min(range.end(), limit));
  for (const Taken& each : taken_) consider(std::min(each.address, limit));
  if (!best) {
    throw UserError("no room for " + what + " (" + size_text(bytes) +
                    ") in the machine's memory; give it more");
  }
  taken_.push_back({*best, *best + bytes, what});
  return *best;
}

u64 Placement::take_lowest(u64 start, u64 bytes, u64 alignment, const std::string& what) {
  bytes = std::max<u64>(bytes, 1);
  std::optional<u64> best;
  const auto consider = [&](u64 from) {
    const u64 address = align_up(std::max(from, start), alignment);
    if (address < start || bytes > kHighRamStart || address > kHighRamStart - bytes) return;
    if (in_ram(address, bytes) && overlap(address, bytes) == nullptr && (!best || address < *best))
      best = address;
  };
  for (const MemoryRange& range : map_) consider(range.address);
  for (const Taken& each : taken_) consider(each.end);
  if (!best) {
    throw UserError("no room for " + what + " (" + size_text(bytes) +
                    ") in the machine's memory; give it more");
  }
  taken_.push_back({*best, *best + bytes, what});
  return *best;
}

u32 Placement::store(std::span<const u8> bytes, u64 alignment, const std::string& what) {
  const u64 address = take_lowest(0, bytes.size(), alignment, what);
  target_.write(address, bytes);
  return static_cast<u32>(address);
}

u32 Placement::store_text(const std::string& text, const std::string& what) {
  return store({reinterpret_cast<const u8*>(text.c_str()), text.size() + 1}, 16, what);
}

void store_gdt(Placement& placement, EntryState& state) {
  // SDM vol. 3, 3.4.5: base 0, limit FFFFFh in 4 KiB units, present, DPL 0, 32-bit; accessed, as loading
  // leaves it. Selectors 10h and 18h are those of the Linux boot protocol. 20h is the TSS of the task
  // register.
  const std::vector<u64> gdt = {0, 0, 0x00CF'9B00'0000'FFFF, 0x00CF'9300'0000'FFFF, 0x0000'8B00'0000'0067};
  state.gdt_address = placement.store(bytes_of(gdt), 16, "the GDT");
  state.gdt_limit = static_cast<u16>(gdt.size() * 8 - 1);
}

std::string size_text(u64 bytes) {
  if (bytes >= 1 << 20) return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
  if (bytes >= 1 << 10) return std::to_string((bytes + (1 << 10) - 1) >> 10) + " KiB";
  return std::to_string(bytes) + " bytes";
}

}  // namespace hvlab::boot
