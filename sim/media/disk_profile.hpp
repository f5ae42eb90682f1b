// What a disk can do: the figures of profiles/disk/*.yaml.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/media/figures.hpp"

namespace hvlab::media {

enum class DiskKind : u8 { Rotating, Flash, Memory };

struct DiskProfile {
  std::string name;
  DiskKind kind = DiskKind::Memory;
  u32 queue_depth = 1;            // commands the drive itself knows of; more wait at the host's side
  u64 link_bytes_per_second = 0;  // between controller and drive
  Picoseconds read_overhead = 0;  // added to every command by drive and link protocol
  Picoseconds write_overhead = 0;

  struct Rotating {
    u64 capacity = 0;  // of the real drive; an image occupies its first (outermost) sectors
    u32 rpm = 0;
    u32 heads = 0;
    u32 zones = 0;
    u64 outer_bytes_per_second = 0, inner_bytes_per_second = 0;  // off the platter
    Picoseconds seek_track = 0, seek_average = 0, seek_full = 0;
    Picoseconds write_settle = 0;  // added to a seek before a write
    Picoseconds head_switch = 0;   // also the skew between neighbouring tracks
    u64 write_cache_bytes = 0;     // 0: writes end on the platter
    u64 read_segment_bytes = 0;
    u32 read_segments = 0;
  } rotating;

  struct Flash {
    u32 channels = 0;  // flash dies that work at the same time
    u64 page_bytes = 0;
    Picoseconds page_read = 0, page_program = 0;
    u64 write_buffer_bytes = 0;
  } flash;

  std::vector<Figure> figures;  // every figure above with its source
};

/// Reads disk profile `name` ("hdd-7200", "ssd-sata", "ssd-nvme", "ram", or a .yaml file's path). Throws
/// UserError.
DiskProfile load_disk_profile(const std::string& name);

}  // namespace hvlab::media
