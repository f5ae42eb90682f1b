#include "sim/devices/pci_msix.hpp"

#include <algorithm>
#include <bit>

#include "sim/base/bits.hpp"
#include "sim/devices/pci_function.hpp"

namespace hvlab::devices {

u32 MsixBank::pending_offset(u16 vectors) { return static_cast<u32>(align_up(vectors * 16u, 2048)); }

u64 MsixBank::bar_size(u16 vectors) {
  return std::max<u64>(4096, std::bit_ceil(pending_offset(vectors) + align_up(vectors, 64) / 8));
}

MsixState& MsixBank::state() const { return function_.pci_state().msix; }

u64 MsixBank::read(u64 offset, unsigned size) {
  if (size < 4 || (offset & (size - 1)) != 0) return 0;
  u64 value = read_dword(offset);
  if (size == 8) value |= u64{read_dword(offset + 4)} << 32;
  return value;
}

void MsixBank::write(u64 offset, unsigned size, u64 value) {
  if (size < 4 || (offset & (size - 1)) != 0) return;
  write_dword(offset, static_cast<u32>(value));
  if (size == 8) write_dword(offset + 4, static_cast<u32>(value >> 32));
}

u32 MsixBank::read_dword(u64 offset) const {
  const MsixState& msix = state();
  const u64 pending = pending_offset(static_cast<u16>(msix.table.size()));
  if (offset >= pending) {
    const u64 word = (offset - pending) / 8;
    if (word >= msix.pending.size()) return 0;
    return static_cast<u32>(msix.pending[word] >> (8 * (offset & 4)));
  }
  if (offset / 16 >= msix.table.size()) return 0;
  const MsixEntry& entry = msix.table[offset / 16];
  switch (offset & 12) {
    case 0: return static_cast<u32>(entry.address);
    case 4: return static_cast<u32>(entry.address >> 32);
    case 8: return entry.data;
    default: return entry.masked ? 1 : 0;
  }
}

void MsixBank::write_dword(u64 offset, u32 value) {
  MsixState& msix = state();
  if (offset / 16 >= msix.table.size()) return;  // also the pending bits, which are read-only
  MsixEntry& entry = msix.table[offset / 16];
  switch (offset & 12) {
    case 0: entry.address = (entry.address & ~u64{0xffff'ffff}) | (value & ~3u); break;
    case 4: entry.address = (entry.address & 0xffff'ffff) | u64{value} << 32; break;
    case 8: entry.data = value; break;
    default: entry.masked = (value & 1) != 0; function_.send_pending();
  }
}

}  // namespace hvlab::devices
