#include "sim/boot/table_loader.hpp"

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"

namespace hvlab::boot {

namespace {

constexpr size_t kNameBytes = 56, kCommandBytes = 128;
constexpr u32 kAllocate = 1, kAddPointer = 2, kAddChecksum = 3;

}  // namespace

void TableLoader::begin(u32 command) { number(command, 4); }

void TableLoader::name(const std::string& file) {
  HVLAB_CHECK(file.size() < kNameBytes);
  bytes_.insert(bytes_.end(), file.begin(), file.end());
  bytes_.insert(bytes_.end(), kNameBytes - file.size(), 0);
}

void TableLoader::number(u64 value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) bytes_.push_back(static_cast<u8>(value >> (8 * i)));
}

void TableLoader::finish() { bytes_.resize(align_up(bytes_.size(), kCommandBytes)); }

void TableLoader::allocate(const std::string& file, u32 alignment, Zone zone) {
  begin(kAllocate);
  name(file);
  number(alignment, 4);
  number(static_cast<u8>(zone), 1);
  finish();
}

void TableLoader::add_pointer(const std::string& file, u32 offset, u8 bytes, const std::string& target) {
  begin(kAddPointer);
  name(file);
  name(target);
  number(offset, 4);
  number(bytes, 1);
  finish();
}

void TableLoader::checksum(const std::string& file, u32 offset, u32 start, u32 count) {
  begin(kAddChecksum);
  name(file);
  number(offset, 4);
  number(start, 4);
  number(count, 4);
  finish();
}

}  // namespace hvlab::boot
