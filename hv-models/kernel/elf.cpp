#include "hv-models/kernel/elf.hpp"

#include "hv-models/kernel/error.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::kernel {
namespace {

struct FileHeader {
  u8 identification[16];
  u16 type, machine;
  u32 version;
  u64 entry, program_headers, section_headers;
  u32 flags;
  u16 header_bytes, program_header_bytes, program_header_count;
  u16 section_header_bytes, section_header_count, names;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
  u32 type, flags;
  u64 offset, address, physical, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(ProgramHeader) == kElfHeaderBytes);

constexpr u8 kMagic[] = {0x7f, 'E', 'L', 'F', 2 /* 64 bits */, 1 /* little-endian */, 1 /* version */};
constexpr u16 kExecutable = 2, kX86_64 = 62;
constexpr u32 kLoad = 1, kInterpreter = 3;
constexpr u64 kPage = 4096;

template <typename T>
T read_at(const u8* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

bool is_program(const FileHeader& header, size_t bytes) {
  for (unsigned i = 0; i < sizeof kMagic; ++i) {
    if (header.identification[i] != kMagic[i]) return false;
  }
  const u64 table = u64{header.program_header_count} * kElfHeaderBytes;
  return header.type == kExecutable && header.machine == kX86_64 &&
         header.program_header_bytes == kElfHeaderBytes && header.program_headers <= bytes &&
         table <= bytes - header.program_headers;
}

// PF_X 1, PF_W 2, PF_R 4 to Access, in which reading is 1 and execution 4.
u8 access_of(u32 flags) { return static_cast<u8>((flags & 2) | (flags & 1) << 2 | (flags >> 2 & 1)); }

bool add_segment(const ProgramHeader& header, u64 user_end, ElfProgram& program) {
  if (header.memory_bytes == 0) return true;
  const bool sound =
      header.file_bytes <= header.memory_bytes && header.memory_bytes <= user_end &&
      header.address >= kPage && header.address <= user_end - header.memory_bytes &&
      header.offset % kPage == header.address % kPage && header.offset <= ~u64{0} - header.file_bytes &&
      align_down(header.address, kPage) >= program.end && program.segment_count < ElfProgram::kMostSegments;
  if (!sound) return false;
  program.segments[program.segment_count++] = {header.address, header.memory_bytes, header.offset,
                                               header.file_bytes, access_of(header.flags)};
  program.end = align_up(header.address + header.memory_bytes, kPage);
  return true;
}

}  // namespace

int read_elf(const u8* file, size_t bytes, u64 user_end, ElfProgram& program) {
  program = {};
  if (bytes < sizeof(FileHeader)) return kNotExecutable;
  const FileHeader header = read_at<FileHeader>(file);
  if (!is_program(header, bytes)) return kNotExecutable;
  program.entry = header.entry;
  program.header_count = header.program_header_count;
  for (u16 i = 0; i < header.program_header_count; ++i) {
    const ProgramHeader each =
        read_at<ProgramHeader>(file + header.program_headers + u64{i} * kElfHeaderBytes);
    if (each.type == kInterpreter) return kNotExecutable;
    if (each.type != kLoad) continue;
    if (!add_segment(each, user_end, program)) return kNotExecutable;
    if (header.program_headers >= each.offset && header.program_headers - each.offset < each.file_bytes) {
      program.headers = each.address + (header.program_headers - each.offset);
    }
  }
  return program.segment_count > 0 && program.entry < user_end ? 0 : int{kNotExecutable};
}

}  // namespace hvlab::kernel
