// A rotating disk: one arm, a platter whose position is a function of time, read-ahead segments and a write
// cache.
#pragma once

#include <vector>

#include "sim/media/disk_geometry.hpp"
#include "sim/media/disk_timing.hpp"

namespace hvlab::media {

/// The arm serves the queued command that the head reaches first (native command queuing), unless one has
/// waited too long. Written data is taken into the cache and reaches the platter while nothing is read; a
/// flush waits for it.
class RotatingDisk final : public DiskMechanism {
 public:
  explicit RotatingDisk(const DiskProfile& profile);

  std::optional<size_t> choose(const std::deque<DiskCommand>& queue, Picoseconds now) override;
  Picoseconds retry_at() const override { return state_.arm_free_at; }
  Picoseconds begin(const DiskCommand& command, Picoseconds now) override;

 private:
  struct Range {
    u64 begin = 0, end = 0;
  };
  /// What the last media read left running: the head stays on track and fills the segment on to `limit`.
  struct ReadAhead {
    bool active = false;
    u64 begin = 0;  // first byte in the buffer
    u64 start = 0;  // where the head was at `since`
    u64 limit = 0;
    Picoseconds since = 0;
  };
  struct State {
    DiskLink link;
    u64 cylinder = 0;
    u64 track = 0;
    Picoseconds arm_free_at = 0;
    ReadAhead ahead;
    std::vector<Range> segments;  // read before and still buffered; the oldest first
    std::vector<Range> dirty;     // written, not yet on the platter; the oldest first
    u64 dirty_bytes = 0;
  };

  Picoseconds positioned_at(u64 offset, bool write, Picoseconds now) const;
  Picoseconds access(u64 offset, u64 bytes, bool write, Picoseconds now);
  void stop_read_ahead(Picoseconds now);
  void keep_segment(Range range);
  bool buffered(const DiskCommand& command) const;
  bool streaming(u64 offset, Picoseconds now) const;
  bool needs_arm(const DiskCommand& command, Picoseconds now) const;
  Picoseconds read(const DiskCommand& command, Picoseconds now);
  Picoseconds write(const DiskCommand& command, Picoseconds now);
  void add_dirty(Range range);
  void drop_buffered(Range range);
  void destage_one(Picoseconds now);
  void destage_until(Picoseconds now);

  const DiskProfile profile_;
  const DiskGeometry geometry_;
  State state_;
};

}  // namespace hvlab::media
