// Where a byte of a rotating disk is: track, angle, and how long the arm and the platter take to get there.
// All pure functions of the profile.
#pragma once

#include <vector>

#include "sim/base/types.hpp"
#include "sim/media/disk_profile.hpp"

namespace hvlab::media {

/// A place on the platters. Tracks are numbered along the disk: head by head, then cylinder by cylinder.
struct DiskPlace {
  u64 track = 0;
  u64 cylinder = 0;
  u64 sector = 0;             // within the track
  u64 sectors_per_track = 1;  // of its zone
};

class DiskGeometry {
 public:
  explicit DiskGeometry(const DiskProfile::Rotating& disk);

  /// Time of one revolution.
  Picoseconds revolution() const { return revolution_; }
  u64 cylinders() const { return cylinders_; }

  /// Where the sector at byte `offset` is. Offsets beyond the real drive's capacity continue in the innermost
  /// zone.
  DiskPlace place(u64 offset) const;

  /// Time after the index mark at which the sector's start passes under the head (skew included); below
  /// revolution().
  Picoseconds angle(const DiskPlace& place) const;

  /// Moving the arm over `distance` cylinders, settling included; 0 for 0. Grows with the square root of
  /// short distances, where the arm never reaches full speed, and linearly beyond a third of the stroke (C.
  /// Ruemmler, J. Wilkes, "An introduction to disk drive modeling", IEEE Computer 27(3), 1994).
  Picoseconds seek(u64 distance) const;

  /// Time from the first bit of `bytes` at `offset` under the head to the last one, track changes included.
  Picoseconds transfer(u64 offset, u64 bytes) const;

  /// How many whole sectors from `offset` on pass in `time`, in bytes; at most `most`.
  u64 transferred(u64 offset, Picoseconds time, u64 most) const;

 private:
  struct Zone {
    u64 first_byte = 0;
    u64 first_track = 0;
    u64 sectors_per_track = 1;
  };

  DiskProfile::Rotating disk_;
  Picoseconds revolution_;
  std::vector<Zone> zones_;
  u64 cylinders_ = 1;
};

}  // namespace hvlab::media
