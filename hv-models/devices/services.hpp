// What a device model has around it: the guest's memory, an interrupt line, and who does the real work. All
// are the owner's; models keep no locks, and the owner calls them one at a time.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::devices {

/// The guest's memory: a pointer to `bytes` bytes in a row at a guest-physical address, or null if some of
/// them are no memory or do not lie in a row.
struct GuestMemory {
  u8* (*find)(void* context, u64 address, u64 bytes);
  void* context;
  u8* at(u64 address, u64 bytes) const { return find(context, address, bytes); }
};

/// An interrupt line: level-triggered lines stay up until the device lets go.
struct Line {
  void (*change)(void* context, unsigned pin, bool level);
  void* context;
  unsigned pin;
  void set(bool level) const { change(context, pin, level); }
};

/// Bytes for people, from the serial port.
struct TextSink {
  void (*put)(void* context, char byte);
  void* context;
};

/// Bytes of the guest's memory, or of a device's own buffer.
struct Piece {
  u8* at = nullptr;
  u32 bytes = 0;
};

inline constexpr u32 kSectorBytes = 512;

/// What a disk model asks whoever has the disk's contents. It is the owner's until done() is called, which
/// may be before start() returns.
struct DiskJob {
  enum class Kind : u8 { Read, Write, Flush };
  // 33 regions of up to 64 KiB, each in two places of the host's memory at most.
  static constexpr unsigned kMostPieces = 68;
  Kind kind = Kind::Read;
  bool failed = false;
  u64 sector = 0;  // within the disk: checked by the model
  Piece pieces[kMostPieces];
  unsigned count = 0;
  void (*done)(DiskJob& job) = nullptr;
  void* model = nullptr;

  u64 bytes() const {
    u64 sum = 0;
    for (unsigned i = 0; i < count; ++i) sum += pieces[i].bytes;
    return sum;
  }
};

struct DiskBackend {
  u64 sectors = 0;  // 0: there is no disk
  void (*start)(void* context, DiskJob& job) = nullptr;
  void* context = nullptr;
};

/// The wire of a card: takes a frame, which is the model's again when send() returns. Frames for the guest
/// come through the model's receive().
struct NetworkBackend {
  void (*send)(void* context, const Piece* pieces, unsigned count) = nullptr;
  void* context = nullptr;
  u8 mac[6] = {};
};

}  // namespace hvlab::devices
