// Reading ELF executables (System V ABI, generic supplement, chapters 4 and 5): headers only, never trusting
// them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::observe {

using Bytes = std::span<const u8>;

struct ElfSegment {
  u32 type = 0;    // PT_LOAD = 1, PT_NOTE = 4
  u64 offset = 0;  // in the file; [offset, offset + file_bytes) lies inside it
  u64 virtual_address = 0;
  u64 physical_address = 0;
  u64 file_bytes = 0;
  u64 memory_bytes = 0;  // >= file_bytes for PT_LOAD
};

struct ElfSection {
  std::string name;
  u32 type = 0;
  u64 address = 0;
  u64 offset = 0;
  u64 bytes = 0;  // [offset, offset + bytes) lies inside the file, except for SHT_NOBITS (8)
};

struct ElfImage {
  Bytes file;
  bool is_64 = false;
  u16 machine = 0;  // EM_386 = 3, EM_X86_64 = 62
  u64 entry = 0;
  std::vector<ElfSegment> segments;
  std::vector<ElfSection> sections;  // those that are well-formed; empty if the file has none

  Bytes contents(const ElfSegment& segment) const { return file.subspan(segment.offset, segment.file_bytes); }
  /// The section called `name`, or nullptr.
  const ElfSection* section(std::string_view name) const;
  /// Up to `bytes` bytes of file contents at virtual address `address`; empty if no section or segment holds
  /// all.
  Bytes at_virtual(u64 address, u64 bytes) const;
};

inline constexpr u32 kSegmentLoad = 1, kSegmentNote = 4;
inline constexpr u16 kMachine386 = 3, kMachineX86_64 = 62;

/// True if `file` begins as an ELF file does.
bool is_elf(Bytes file);

/// The headers of the little-endian ELF32 or ELF64 executable `file`, which must outlive the result. `name`
/// is for messages. Throws UserError if they are broken or point outside the file.
ElfImage parse_elf(Bytes file, const std::string& name);

/// The descriptor of the note (owner, type) in the image's PT_NOTE segments, if there is one.
std::optional<Bytes> find_note(const ElfImage& image, std::string_view owner, u32 type);

/// The little-endian number of `bytes` (1..8) bytes at `offset`; the caller has checked that it lies inside.
u64 little_endian(Bytes from, u64 offset, unsigned bytes);

}  // namespace hvlab::observe
