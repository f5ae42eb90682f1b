#include "sim/board/ram.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "sim/base/check.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::board {

namespace {

// Calls `part(host page address or null, offset in page, bytes)` for each page that the range touches.
template <class Part>
void for_each_page(const Ram& ram, u64 address, size_t count, Part part) {
  while (count != 0) {
    const u64 offset = address % 4096;
    const size_t bytes = std::min<size_t>(count, 4096 - offset);
    part(ram.page(address - offset), offset, bytes);
    address += bytes;
    count -= bytes;
  }
}

}  // namespace

Ram::Ram(u64 bytes) : bytes_(bytes) {
  HVLAB_CHECK(bytes >= kMinimum && bytes <= kMaximum && bytes % 4096 == 0);
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    throw UserError("the host has no address space for " + std::to_string(bytes >> 20) +
                    " MiB of guest memory; give the machine less");
  }
  // A guest that touches one page must not cost the host 2 MiB.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  base_ = static_cast<u8*>(memory);
}

Ram::~Ram() { munmap(base_, bytes_); }

void Ram::read(u64 address, void* to, size_t count) const {
  u8* out = static_cast<u8*>(to);
  for_each_page(*this, address, count, [&](const u8* page, u64 offset, size_t bytes) {
    if (page != nullptr) {
      std::memcpy(out, page + offset, bytes);
    } else {
      std::memset(out, 0xff, bytes);
    }
    out += bytes;
  });
}

void Ram::write(u64 address, const void* from, size_t count) {
  const u8* in = static_cast<const u8*>(from);
  for_each_page(*this, address, count, [&](u8* page, u64 offset, size_t bytes) {
    if (page != nullptr) std::memcpy(page + offset, in, bytes);
    in += bytes;
  });
}

}  // namespace hvlab::board
