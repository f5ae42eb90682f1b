#include "sim/media/disk_geometry.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"

namespace hvlab::media {
namespace {

constexpr u64 kSector = 512;

/// The integer square root, rounded down: the host's floating point stays out of simulated time.
u64 square_root(u64 value) {
  u64 root = 0;
  for (u64 step = u64{1} << 31; step != 0; step >>= 1)
    if ((root + step) * (root + step) <= value) root += step;
  return root;
}

}  // namespace

/// Zones hold equal shares of the capacity, each at the rate of its middle on the line from the outer to the
/// inner rate.
DiskGeometry::DiskGeometry(const DiskProfile::Rotating& disk)
    : disk_(disk), revolution_(60 * kSecond / disk.rpm) {
  const u64 fall = disk.outer_bytes_per_second - disk.inner_bytes_per_second;
  const u64 share = std::max<u64>(disk.capacity / disk.zones, kSector);
  u64 byte = 0, track = 0;
  for (u32 i = 0; i < disk.zones; ++i) {
    const u64 rate = disk.outer_bytes_per_second - scale(fall, 2 * i + 1, 2 * u64{disk.zones});
    const u64 sectors = std::max<u64>(scale(rate, revolution_, kSecond) / kSector, 1);
    zones_.push_back({byte, track, sectors});
    const u64 tracks = (share + sectors * kSector - 1) / (sectors * kSector);
    byte += tracks * sectors * kSector;
    track += tracks;
  }
  cylinders_ = std::max<u64>(track / disk.heads, 1);
}

DiskPlace DiskGeometry::place(u64 offset) const {
  const auto after = std::upper_bound(zones_.begin(), zones_.end(), offset,
                                      [](u64 byte, const Zone& zone) { return byte < zone.first_byte; });
  const Zone& zone = *(after - 1);
  const u64 sector = (offset - zone.first_byte) / kSector;
  const u64 track = zone.first_track + sector / zone.sectors_per_track;
  return {track, track / disk_.heads, sector % zone.sectors_per_track, zone.sectors_per_track};
}

Picoseconds DiskGeometry::angle(const DiskPlace& place) const {
  const u64 skew = scale(place.track, disk_.head_switch, 1) % revolution_;
  return (scale(place.sector, revolution_, place.sectors_per_track) + skew) % revolution_;
}

Picoseconds DiskGeometry::seek(u64 distance) const {
  if (distance == 0) return 0;
  const u64 third = std::max<u64>(cylinders_ / 3, 1);
  if (distance < third) {
    // sqrt(distance / third) in parts of 2^16, through (1, seek_track) and (third, seek_average)
    const u64 least = square_root((u64{1} << 32) / third);
    const u64 part = square_root((distance << 32) / third);
    return disk_.seek_track +
           scale(disk_.seek_average - disk_.seek_track, part - least, (u64{1} << 16) - least);
  }
  const u64 beyond = std::min(distance, cylinders_) - third;
  return disk_.seek_average +
         scale(disk_.seek_full - disk_.seek_average, beyond, std::max<u64>(cylinders_ - third, 1));
}

Picoseconds DiskGeometry::transfer(u64 offset, u64 bytes) const {
  Picoseconds time = 0;
  while (bytes != 0) {
    const DiskPlace at = place(offset);
    const u64 here = std::min((at.sectors_per_track - at.sector) * kSector, bytes);
    time += scale_up(here / kSector, revolution_, at.sectors_per_track);
    offset += here;
    bytes -= here;
    if (bytes != 0) time += disk_.head_switch;
  }
  return time;
}

u64 DiskGeometry::transferred(u64 offset, Picoseconds time, u64 most) const {
  u64 done = 0;
  while (done < most) {
    const DiskPlace at = place(offset + done);
    const u64 here = std::min((at.sectors_per_track - at.sector) * kSector, most - done);
    const Picoseconds needed = scale_up(here / kSector, revolution_, at.sectors_per_track);
    if (needed > time) return done + scale(time, at.sectors_per_track, revolution_) * kSector;
    done += here;
    time -= needed;
    if (time < disk_.head_switch) return done;
    time -= disk_.head_switch;
  }
  return done;
}

}  // namespace hvlab::media
