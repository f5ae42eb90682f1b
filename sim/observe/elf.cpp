#include "sim/observe/elf.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::observe {
namespace {

bool inside(Bytes file, u64 offset, u64 bytes) {
  return offset <= file.size() && bytes <= file.size() - offset;
}

/// Field offsets that differ between the two classes.
struct Layout {
  unsigned header, word;  // size of the file header, of an address
  unsigned phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx;
  unsigned program_header, section_header;  // least sizes
};
constexpr Layout kElf32{52, 4, 28, 32, 42, 44, 46, 48, 50, 32, 40};
constexpr Layout kElf64{64, 8, 32, 40, 54, 56, 58, 60, 62, 56, 64};

ElfSegment read_segment(Bytes file, u64 at, bool is_64) {
  const auto word = [&](unsigned offset_32, unsigned offset_64) {
    return is_64 ? little_endian(file, at + offset_64, 8) : little_endian(file, at + offset_32, 4);
  };
  return {.type = static_cast<u32>(little_endian(file, at, 4)),
          .offset = word(4, 8),
          .virtual_address = word(8, 16),
          .physical_address = word(12, 24),
          .file_bytes = word(16, 32),
          .memory_bytes = word(20, 40)};
}

void read_segments(ElfImage& image, const Layout& layout, const std::string& name) {
  const u64 table = little_endian(image.file, layout.phoff, layout.word);
  const u64 entry = little_endian(image.file, layout.phentsize, 2);
  const u64 count = little_endian(image.file, layout.phnum, 2);
  if (count != 0 && (entry < layout.program_header || !inside(image.file, table, entry * count))) {
    throw UserError(name + ": the ELF program headers are broken or cut off");
  }
  for (u64 i = 0; i < count; ++i) {
    const ElfSegment segment = read_segment(image.file, table + i * entry, image.is_64);
    if (segment.type != kSegmentLoad && segment.type != kSegmentNote) continue;
    const std::string which = name + ": ELF segment " + std::to_string(i);
    if (!inside(image.file, segment.offset, segment.file_bytes)) {
      throw UserError(which + " lies outside the file (truncated?)");
    }
    if (segment.type == kSegmentLoad && segment.memory_bytes < segment.file_bytes) {
      throw UserError(which + " is larger in the file than in memory");
    }
    image.segments.push_back(segment);
  }
}

std::string text_at(Bytes table, u64 offset) {
  if (offset >= table.size()) return {};
  const auto* begin = reinterpret_cast<const char*>(table.data()) + offset;
  return {begin, strnlen(begin, table.size() - offset)};
}

ElfSection read_section(Bytes file, u64 at, bool is_64) {
  ElfSection section;
  section.type = static_cast<u32>(little_endian(file, at + 4, 4));
  section.address = is_64 ? little_endian(file, at + 16, 8) : little_endian(file, at + 12, 4);
  section.offset = is_64 ? little_endian(file, at + 24, 8) : little_endian(file, at + 16, 4);
  section.bytes = is_64 ? little_endian(file, at + 32, 8) : little_endian(file, at + 20, 4);
  return section;
}

/// Sections are only a help to symbol readers: what is broken is left out.
void read_sections(ElfImage& image, const Layout& layout) {
  const u64 table = little_endian(image.file, layout.shoff, layout.word);
  const u64 entry = little_endian(image.file, layout.shentsize, 2);
  const u64 count = little_endian(image.file, layout.shnum, 2);
  const u64 names_index = little_endian(image.file, layout.shstrndx, 2);
  if (entry < layout.section_header || !inside(image.file, table, entry * count) || names_index >= count)
    return;
  const ElfSection names = read_section(image.file, table + names_index * entry, image.is_64);
  if (!inside(image.file, names.offset, names.bytes)) return;
  constexpr u32 kNoBits = 8;
  for (u64 i = 0; i < count; ++i) {
    ElfSection section = read_section(image.file, table + i * entry, image.is_64);
    if (section.type != kNoBits && !inside(image.file, section.offset, section.bytes)) continue;
    section.name = text_at(image.file.subspan(names.offset, names.bytes),
                           little_endian(image.file, table + i * entry, 4));
    image.sections.push_back(std::move(section));
  }
}

}  // namespace

u64 little_endian(Bytes from, u64 offset, unsigned bytes) {
  u64 value = 0;
  std::memcpy(&value, from.data() + offset, bytes);
  return value;
}

bool is_elf(Bytes file) {
  return file.size() >= 4 && std::memcmp(file.data(),
                                         "\x7F"
                                         "ELF",
                                         4) == 0;
}

const ElfSection* ElfImage::section(std::string_view name) const {
  const auto found =
      std::find_if(sections.begin(), sections.end(), [&](const auto& each) { return each.name == name; });
  return found == sections.end() ? nullptr : &*found;
}

Bytes ElfImage::at_virtual(u64 address, u64 bytes) const {
  for (const ElfSegment& each : segments) {
    if (each.type != kSegmentLoad || address < each.virtual_address) continue;
    const u64 into = address - each.virtual_address;
    if (into < each.file_bytes && bytes <= each.file_bytes - into)
      return file.subspan(each.offset + into, bytes);
  }
  return {};
}

ElfImage parse_elf(Bytes file, const std::string& name) {
  if (!is_elf(file) || file.size() < kElf32.header) throw UserError(name + ": not an ELF file, or cut off");
  constexpr u8 kClass32 = 1, kClass64 = 2, kLittleEndian = 1;
  ElfImage image;
  image.file = file;
  if ((file[4] != kClass32 && file[4] != kClass64) || file[5] != kLittleEndian) {
    throw UserError(name + ": not a little-endian ELF32 or ELF64 file");
  }
  image.is_64 = file[4] == kClass64;
  const Layout& layout = image.is_64 ? kElf64 : kElf32;
  if (file.size() < layout.header) throw UserError(name + ": the ELF header is cut off");
  image.machine = static_cast<u16>(little_endian(file, 18, 2));
  image.entry = little_endian(file, 24, layout.word);
  read_segments(image, layout, name);
  read_sections(image, layout);
  return image;
}

std::optional<Bytes> find_note(const ElfImage& image, std::string_view owner, u32 type) {
  for (const ElfSegment& segment : image.segments) {
    if (segment.type != kSegmentNote) continue;
    const Bytes notes = image.contents(segment);
    for (u64 at = 0; at + 12 <= notes.size();) {
      const u64 name_bytes = little_endian(notes, at, 4);
      const u64 bytes = little_endian(notes, at + 4, 4);
      const u64 descriptor = at + 12 + align_up(name_bytes, 4);
      if (descriptor > notes.size() || bytes > notes.size() - descriptor) break;
      const std::string_view name(reinterpret_cast<const char*>(notes.data()) + at + 12, name_bytes);
      if (little_endian(notes, at + 8, 4) == type && name.substr(0, name.find('\0')) == owner) {
        return notes.subspan(descriptor, bytes);
      }
      at = descriptor + align_up(bytes, 4);
    }
  }
  return std::nullopt;
}

}  // namespace hvlab::observe
