#include "hv-models/devices/pieces.hpp"

namespace hvlab::devices {

bool PieceList::add(const GuestMemory& memory, u64 address, u64 bytes) {
  constexpr u64 kPage = 4096;  // memory is in a row at least within one
  const unsigned first = count;
  if (u8* all = memory.at(address, bytes); all != nullptr && bytes > 0) {
    if (count == room) return false;
    pieces[count++] = {all, static_cast<u32>(bytes)};
    return true;
  }
  while (bytes > 0) {
    const u64 left = kPage - address % kPage, part = bytes < left ? bytes : left;
    u8* at = memory.at(address, part);
    if (at == nullptr) return false;
    if (count > first && pieces[count - 1].at + pieces[count - 1].bytes == at) {
      pieces[count - 1].bytes += static_cast<u32>(part);
    } else {
      if (count == room) return false;
      pieces[count++] = {at, static_cast<u32>(part)};
    }
    address += part;
    bytes -= part;
  }
  return true;
}

u64 PieceFront::bytes() const {
  u64 sum = 0;
  for (unsigned i = 0; i < count; ++i) sum += pieces[i].bytes;
  return sum;
}

u64 PieceFront::move(u8* to, const u8* from, u64 bytes) {
  u64 done = 0;
  while (count > 0 && done < bytes) {
    const u32 step = bytes - done < pieces->bytes ? static_cast<u32>(bytes - done) : pieces->bytes;
    if (to != nullptr) __builtin_memcpy(to + done, pieces->at, step);
    if (from != nullptr) __builtin_memcpy(pieces->at, from + done, step);
    done += step;
    pieces->at += step;
    pieces->bytes -= step;
    if (pieces->bytes == 0) ++pieces, --count;
  }
  return done;
}

void PieceFront::skip(u64 bytes) { move(nullptr, nullptr, bytes); }
u64 PieceFront::read(void* to, u64 bytes) { return move(static_cast<u8*>(to), nullptr, bytes); }
u64 PieceFront::write(const void* from, u64 bytes) {
  return move(nullptr, static_cast<const u8*>(from), bytes);
}

}  // namespace hvlab::devices
