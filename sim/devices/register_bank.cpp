#include "sim/devices/register_bank.hpp"

namespace hvlab::devices {

u64 ByteRegisters::read(u64 offset, unsigned size) {
  u64 value = 0;
  for (unsigned i = 0; i < size; ++i) {
    const u64 byte = offset < count_ && offset + i < count_ ? read_byte(static_cast<u32>(offset + i)) : 0xFF;
    value |= byte << (8 * i);
  }
  return value;
}

void ByteRegisters::write(u64 offset, unsigned size, u64 value) {
  if (offset >= count_) return;
  for (unsigned i = 0; i < size && offset + i < count_; ++i) {
    write_byte(static_cast<u32>(offset + i), static_cast<u8>(value >> (8 * i)));
  }
}

}  // namespace hvlab::devices
