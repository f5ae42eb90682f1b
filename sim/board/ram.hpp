// The machine's RAM: host memory that is committed when touched, and where it appears in the address space.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::board {

/// RAM below the hole for devices at 3 GiB, the rest from 4 GiB on. A0000h..BFFFFh is the VGA window, not
/// RAM.
class Ram {
 public:
  static constexpr u64 kVgaFirst = 0xa0000, kVgaEnd = 0xc0000;
  static constexpr u64 kLowEnd = 0xc000'0000, kHighStart = 0x1'0000'0000;
  static constexpr u64 kMinimum = u64{1} << 20, kMaximum = u64{16} << 30;

  /// `bytes` is a multiple of 4096 within kMinimum..kMaximum. Throws UserError if the host gives no address
  /// space.
  explicit Ram(u64 bytes);
  ~Ram();
  Ram(const Ram&) = delete;
  Ram& operator=(const Ram&) = delete;

  u64 bytes() const { return bytes_; }
  u64 low_bytes() const { return bytes_ < kLowEnd ? bytes_ : kLowEnd; }
  u64 high_bytes() const { return bytes_ - low_bytes(); }
  /// The number of 4 KiB pages from address 0 to the end of RAM, holes included.
  u64 address_pages() const { return (high_bytes() != 0 ? kHighStart + high_bytes() : low_bytes()) / 4096; }

  /// The host address of the 4 KiB page at `address` (a multiple of 4096), or nullptr where there is no RAM.
  u8* page(u64 address) const {
    if (address < low_bytes()) {
      return address >= kVgaFirst && address < kVgaEnd ? nullptr : base_ + address;
    }
    return address >= kHighStart && address - kHighStart < high_bytes()
               ? base_ + kLowEnd + (address - kHighStart)
               : nullptr;
  }

  /// Copies out of / into RAM; where there is none, reads give all ones and writes are dropped.
  void read(u64 address, void* to, size_t count) const;
  void write(u64 address, const void* from, size_t count);

 private:
  u64 bytes_;
  u8* base_;
};

}  // namespace hvlab::board
