#include "sim/media/disk_timing.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/media/flash_disk.hpp"
#include "sim/media/rotating_disk.hpp"

namespace hvlab::media {

Picoseconds DiskLink::transfer(u64 bytes, Picoseconds ready) {
  free_at = std::max(free_at, ready) + scale_up(bytes, kSecond, bytes_per_second);
  return free_at;
}

std::unique_ptr<DiskMechanism> make_mechanism(const DiskProfile& profile) {
  if (profile.kind == DiskKind::Rotating) return std::make_unique<RotatingDisk>(profile);
  return std::make_unique<FlashDisk>(profile);
}

}  // namespace hvlab::media
