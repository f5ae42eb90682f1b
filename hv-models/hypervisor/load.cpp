// What a loader and firmware would have left for a kernel that is entered by PVH (Xen public headers,
// arch-x86/hvm/start_info.h): its segments, module and command line, a map of memory, ACPI tables.
#include "hv-models/hypervisor/acpi.hpp"
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/runtime/memory.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

struct [[gnu::packed]] FileHeader {
  u8 magic[16];
  u16 type, machine;
  u32 version;
  u64 entry, program_headers, section_headers;
  u32 flags;
  u16 header_bytes, program_header_bytes, program_header_count, rest[3];
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
  u32 type, flags;
  u64 offset, address, physical, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

constexpr u32 kLoad = 1, kNote = 4, kPvhEntry = 18;

struct StartInfo {
  u32 magic, version, flags, modules;
  u64 module_list, command_line, rsdp, memory_map;
  u32 memory_entries, reserved;
};
struct StartModule {
  u64 address, bytes, command_line, reserved;
};
struct MemoryEntry {
  u64 address, bytes;
  u32 type, reserved;
};
constexpr u32 kStartMagic = 0x336e'c578, kRam = 1, kReserved = 2;

// Below the page from which kernels start their other processors.
constexpr u64 kStartInfo = 0x6000, kCommandLine = 0x6800, kLowEnd = 0x9'f000, kHigh = 0x10'0000;
constexpr u64 kLargePage = u64{2} << 20;

struct File {
  const u8* begin;
  u64 bytes;
  bool has(u64 offset, u64 count) const { return offset <= bytes && count <= bytes - offset; }
};

bool load_segment(VirtualMachine& machine, const File& file, const ProgramHeader& header, u64& end) {
  if (header.memory_bytes < header.file_bytes || !file.has(header.offset, header.file_bytes) ||
      header.physical < kHigh)
    return false;
  if (!machine.memory.write(machine.memory.begin() + header.physical, file.begin + header.offset,
                            header.file_bytes))
    return false;
  // The rest is zeros already, and has to be there.
  const u64 last = header.physical + header.memory_bytes;
  if (last < header.physical || last > machine.memory.bytes()) return false;
  if (last > end) end = last;
  return true;
}

u32 find_entry(const File& file, const ProgramHeader& header) {
  if (!file.has(header.offset, header.file_bytes)) return 0;
  for (u64 at = 0; at + 12 <= header.file_bytes;) {
    u32 words[3];  // bytes of the name, of the contents, type
    memcpy(words, file.begin + header.offset + at, sizeof words);
    const u64 name = at + 12, contents = name + align_up(u64{words[0]}, u64{4});
    if (words[2] == kPvhEntry && words[0] == 4 && contents + 4 <= header.file_bytes &&
        memcmp(file.begin + header.offset + name, "Xen", 4) == 0) {
      u32 entry = 0;
      memcpy(&entry, file.begin + header.offset + contents, sizeof entry);
      return entry;
    }
    at = contents + align_up(u64{words[1]}, u64{4});
  }
  return 0;
}

bool load_kernel(VirtualMachine& machine, const File& file, u32& entry, u64& end) {
  FileHeader header;
  if (!file.has(0, sizeof header)) return false;
  memcpy(&header, file.begin, sizeof header);
  if (memcmp(header.magic, "\177ELF\2\1", 6) != 0 || header.program_header_bytes != sizeof(ProgramHeader))
    return false;
  for (unsigned i = 0; i < header.program_header_count; ++i) {
    ProgramHeader each;
    const u64 offset = header.program_headers + i * sizeof each;
    if (!file.has(offset, sizeof each)) return false;
    memcpy(&each, file.begin + offset, sizeof each);
    if (each.type == kLoad && each.memory_bytes != 0 && !load_segment(machine, file, each, end)) return false;
    if (each.type == kNote && entry == 0) entry = find_entry(file, each);
  }
  return entry != 0;
}

bool write_start_info(VirtualMachine& machine, u64 module, u64 module_bytes) {
  const u64 top = machine.memory.bytes();
  const struct {
    StartInfo info;
    StartModule module;
    MemoryEntry memory[3];
  } all = {{kStartMagic, 1, 0, module_bytes == 0 ? 0u : 1u, kStartInfo + sizeof(StartInfo), kCommandLine,
            acpi::kTables, kStartInfo + sizeof(StartInfo) + sizeof(StartModule), 3, 0},
           {module, module_bytes, 0, 0},
           {{0, kLowEnd, kRam, 0}, {acpi::kTables, 0x1'0000, kReserved, 0}, {kHigh, top - kHigh, kRam, 0}}};
  const char* line = machine.configuration.command_line;
  u8 tables[acpi::kTableBytes] = {};
  acpi::write_tables(tables, machine.count);
  const GuestMemory& memory = machine.memory;
  return memory.write(kStartInfo, &all, sizeof all) && memory.write(kCommandLine, line, strlen(line) + 1) &&
         memory.write(acpi::kTables, tables, sizeof tables);
}

}  // namespace

bool load(VirtualMachine& machine, const u8* kernel, u64 kernel_bytes, const u8* module, u64 module_bytes,
          const char*& message) {
  u32 entry = 0;
  u64 end = kHigh;
  if (!load_kernel(machine, {kernel, kernel_bytes}, entry, end)) {
    message = "the guest's kernel is no ELF file with a PVH entry, or does not fit into its memory";
    return false;
  }
  const u64 at = align_up(end, kLargePage);
  if (!machine.memory.write(at, module, module_bytes)) {
    message = "the guest's archive does not fit into its memory";
    return false;
  }
  if (!write_start_info(machine, at, module_bytes)) {
    message = "the guest has too little memory";
    return false;
  }
  vendor().set_protected_mode(machine.vcpus[0], entry, static_cast<u32>(kStartInfo));
  machine.vcpus[0].started = true;
  return true;
}

}  // namespace hvlab::hypervisor
