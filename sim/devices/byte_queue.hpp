// A bounded queue of bytes as plain data: the FIFOs of serial devices.
#pragma once

#include <array>

#include "sim/base/types.hpp"

namespace hvlab::devices {

template <u32 Capacity>
class ByteQueue {
 public:
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == Capacity; }
  u32 size() const { return size_; }
  u8 front() const { return size_ == 0 ? 0 : bytes_[head_]; }
  /// The byte `n` places behind the front; `n` < size().
  u8 at(u32 n) const { return bytes_[(head_ + n) % Capacity]; }
  /// Appends; a full queue drops the byte and returns false.
  bool push(u8 byte) {
    if (full()) return false;
    bytes_[(head_ + size_++) % Capacity] = byte;
    return true;
  }
  /// Removes and returns the front, 0 if there is none.
  u8 pop() {
    if (empty()) return 0;
    const u8 byte = bytes_[head_];
    head_ = (head_ + 1) % Capacity;
    --size_;
    return byte;
  }
  void clear() { head_ = size_ = 0; }

 private:
  std::array<u8, Capacity> bytes_{};
  u32 head_ = 0;
  u32 size_ = 0;
};

}  // namespace hvlab::devices
