#include "hv-models/kernel/archive.hpp"
#include "hv-models/runtime/memory_functions.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::kernel {
namespace {

constexpr u64 kBlock = 512;

struct Header {
  char name[100], mode[8], owner[8], group[8], size[12], time[12], checksum[8], type, link[100], magic[6];
  char rest[kBlock - 263];
};
static_assert(sizeof(Header) == kBlock);

bool read_octal(const char* from, size_t digits, u64& value) {
  value = 0;
  for (size_t i = 0; i < digits && from[i] != 0 && from[i] != ' '; ++i) {
    if (from[i] < '0' || from[i] > '7') return false;
    value = value * 8 + static_cast<u64>(from[i] - '0');
  }
  return true;
}

// The sum of the header's bytes with blanks in the checksum's place.
bool is_sound(const Header& header) {
  const u8* bytes = reinterpret_cast<const u8*>(&header);
  u64 sum = 0, stated = 0;
  for (u64 i = 0; i < kBlock; ++i) {
    const bool in_checksum =
        i >= offsetof(Header, checksum) && i < offsetof(Header, checksum) + sizeof header.checksum;
    sum += in_checksum ? u8{' '} : bytes[i];
  }
  return memcmp(header.magic, "ustar", 5) == 0 && read_octal(header.checksum, 8, stated) && sum == stated;
}

}  // namespace

bool ArchiveReader::next(ArchiveEntry& entry) {
  while (bytes_ - at_ >= kBlock) {
    const Header& header = *reinterpret_cast<const Header*>(archive_ + at_);
    if (header.name[0] == 0) return false;  // a block of zeros is the end
    u64 size = 0;
    damaged_ = !is_sound(header) || !read_octal(header.size, sizeof header.size, size) ||
               size > bytes_ - at_ - kBlock;
    if (damaged_) return false;
    const u8* content = archive_ + at_ + kBlock;
    at_ += kBlock +
           (align_up(size, kBlock) < bytes_ - at_ - kBlock ? align_up(size, kBlock) : bytes_ - at_ - kBlock);
    if (header.type != '0' && header.type != 0 && header.type != '5') continue;  // links and the like
    memcpy(entry.name, header.name, sizeof header.name);
    entry.name[sizeof header.name] = 0;
    entry.folder = header.type == '5';
    entry.bytes = content;
    entry.size = size;
    return true;
  }
  return false;
}

}  // namespace hvlab::kernel
