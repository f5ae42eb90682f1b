#include "sim/boot/elf_segments.hpp"

#include <algorithm>

#include "sim/base/user_error.hpp"

namespace hvlab::boot {

u64 load_segments(const observe::ElfImage& image, const std::string& name, Placement& placement) {
  u64 end = 0;
  unsigned number = 0;
  for (const observe::ElfSegment& segment : image.segments) {
    if (segment.type != observe::kSegmentLoad || segment.memory_bytes == 0) continue;
    placement.reserve(segment.physical_address, segment.memory_bytes,
                      "kernel '" + name + "': loadable segment " + std::to_string(number++));
    if (segment.file_bytes != 0) placement.target().write(segment.physical_address, image.contents(segment));
    end = std::max(end, segment.physical_address + segment.memory_bytes);
  }
  if (end == 0) throw UserError("kernel '" + name + "': the ELF file has nothing to load");
  return end;
}

}  // namespace hvlab::boot
