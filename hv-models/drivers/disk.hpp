// Disks: a driver takes requests and says by callback when they are done. It neither waits nor queues: what
// it has no room for now, its user offers again when there is room.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::drivers {

inline constexpr u32 kSectorBytes = 512;

struct DiskRequest {
  enum class Kind : u8 { Read, Write, Flush };
  Kind kind = Kind::Read;
  u64 sector = 0;
  u32 sectors = 0;      // at most Disk::kMostSectors
  u64 memory = 0;       // physical address of the bytes, which lie in a row
  bool failed = false;  // when it is done
};

class Disk;

/// Who is told what a disk has done. Both are called by the driver's interrupt handler, none of its locks
/// held.
struct DiskUser {
  void (*done)(void* context, DiskRequest& request);
  /// It may take requests again that it had no room for.
  void (*room)(void* context);
  void* context;
};

class Disk {
 public:
  static constexpr u32 kMostSectors = 32;

  virtual ~Disk() = default;
  /// Gives the request to the device; false if it takes no more now. The request and its memory are the
  /// driver's until it is done.
  bool start(DiskRequest& request);
  u64 sectors() const { return sectors_; }
  const char* kind() const { return kind_; }
  /// Before the first request.
  void set_user(const DiskUser& user) { user_ = user; }

 protected:
  Disk(const char* kind, u64 sectors);
  /// The driver's part of start().
  virtual bool begin(DiskRequest& request) = 0;
  void done(DiskRequest& request, bool failed) const;
  void room() const { user_.room(user_.context); }
  const char* kind_;
  u64 sectors_;

 private:
  unsigned number_;  // for whoever watches the machine
  DiskUser user_ = {[](void*, DiskRequest&) {}, [](void*) {}, nullptr};
};

/// Finds and starts the disks of a kind, and calls found() for each, which sets its user.
using DiskFound = void (*)(Disk& disk);
enum class IdeTransfer : u8 { Dma, Pio };
void find_ide_disks(IdeTransfer transfer, DiskFound found);
void find_virtio_disks(DiskFound found);
void find_front_disks(DiskFound found);  // split ones, where there are channels (channels.hpp)

}  // namespace hvlab::drivers
