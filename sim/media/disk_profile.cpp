#include "sim/media/disk_profile.hpp"

#include "sim/base/bits.hpp"

namespace hvlab::media {
namespace {

constexpr u64 kMostNanoseconds = 10'000'000'000;
constexpr u64 kMostRate = 1'000'000'000'000;

Picoseconds nanoseconds(FigureFile& file, const char* key, u64 low = 0) {
  return file.figure(key, low, kMostNanoseconds) * kNanosecond;
}

DiskProfile::Rotating read_rotating(FigureFile& file) {
  DiskProfile::Rotating disk;
  disk.capacity = file.figure("capacity_bytes", 1 << 20, u64{1} << 50);
  disk.rpm = static_cast<u32>(file.figure("rpm", 60, 60'000));
  disk.heads = static_cast<u32>(file.figure("heads", 1, 64));
  disk.zones = static_cast<u32>(file.figure("zones", 1, 1024));
  disk.outer_bytes_per_second = file.figure("outer_bytes_per_second", 100'000, 10'000'000'000);
  disk.inner_bytes_per_second = file.figure("inner_bytes_per_second", 100'000, disk.outer_bytes_per_second);
  disk.seek_track = nanoseconds(file, "seek_track_ns", 1);
  disk.seek_average = nanoseconds(file, "seek_average_ns", 1);
  disk.seek_full = nanoseconds(file, "seek_full_ns", 1);
  disk.write_settle = nanoseconds(file, "write_settle_ns");
  disk.head_switch = nanoseconds(file, "head_switch_ns");
  disk.write_cache_bytes = file.figure("write_cache_bytes", 0, u64{1} << 32);
  disk.read_segment_bytes = file.figure("read_segment_bytes", 0, u64{1} << 32);
  disk.read_segments = static_cast<u32>(file.figure("read_segments", 1, 1024));
  if (disk.seek_track > disk.seek_average || disk.seek_average > disk.seek_full)
    file.fail("seek_average_ns", "must lie between 'seek_track_ns' and 'seek_full_ns'");
  return disk;
}

DiskProfile::Flash read_flash(FigureFile& file) {
  DiskProfile::Flash flash;
  flash.channels = static_cast<u32>(file.figure("channels", 1, 4096));
  flash.page_bytes = file.figure("page_bytes", 512, 1 << 24);
  if (flash.page_bytes % 512 != 0) file.fail("page_bytes", "must be a multiple of 512");
  flash.page_read = nanoseconds(file, "page_read_ns");
  flash.page_program = nanoseconds(file, "page_program_ns");
  flash.write_buffer_bytes = file.figure("write_buffer_bytes", 0, u64{1} << 40);
  return flash;
}

}  // namespace

DiskProfile load_disk_profile(const std::string& name) {
  FigureFile file("disk", name);
  DiskProfile profile;
  profile.name = file.name();
  const std::string kind = file.text("kind");
  profile.queue_depth = static_cast<u32>(file.figure("queue_depth", 1, 65'536));
  profile.link_bytes_per_second = file.figure("link_bytes_per_second", 100'000, kMostRate);
  profile.read_overhead = nanoseconds(file, "read_overhead_ns");
  profile.write_overhead = nanoseconds(file, "write_overhead_ns");
  if (kind == "rotating") {
    profile.kind = DiskKind::Rotating;
    profile.rotating = read_rotating(file);
  } else if (kind == "flash") {
    profile.kind = DiskKind::Flash;
    profile.flash = read_flash(file);
  } else if (kind != "memory") {
    file.fail("kind", "must be one of: rotating, flash, memory");
  }
  file.finish();
  profile.figures = file.figures;
  return profile;
}

}  // namespace hvlab::media
