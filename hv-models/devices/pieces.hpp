// Ranges of a guest's memory as pieces of the owner's, and bytes moved in and out of them.
#pragma once

#include "hv-models/devices/services.hpp"

namespace hvlab::devices {

/// Pieces that are being filled from a guest's addresses.
struct PieceList {
  Piece* pieces;
  unsigned room;
  unsigned count = 0;

  /// The bytes at `address`: a piece, or several where the memory is not in a row. False if some of them are
  /// no memory, or there is no room for the pieces; then some may have been added. 0 bytes are no piece.
  bool add(const GuestMemory& memory, u64 address, u64 bytes);
};

/// The front of a list of pieces that is used up from there. No piece is empty.
struct PieceFront {
  Piece* pieces;
  unsigned count;

  u64 bytes() const;
  /// Moves up to `bytes` bytes out of them, or into them; returns how many.
  u64 read(void* to, u64 bytes);
  u64 write(const void* from, u64 bytes);
  void skip(u64 bytes);

 private:
  u64 move(u8* to, const u8* from, u64 bytes);
};

}  // namespace hvlab::devices
