#include "hv-models/hypervisor/firmware.hpp"

#include "hv-models/hypervisor/acpi.hpp"

namespace hvlab::hypervisor {
namespace {

constexpr u64 kPage = 4096, kInformationAt = 0x9'0000, kLowEnd = 0x9'f000, kHighMemory = 0x10'0000;

u64 read(const u8* at, unsigned bytes) {
  u64 value = 0;
  for (unsigned i = 0; i < bytes; ++i) value |= u64{at[i]} << (8 * i);
  return value;
}

// ---- The kernel: an ELF file of 64 bits (System V ABI, chapters 4 and 5).

struct Elf {
  const u8* bytes;
  u64 size;
  u64 headers = 0;
  unsigned count = 0;
  const u8* header(unsigned index) const { return bytes + headers + u64{index} * kHeaderBytes; }
  static constexpr unsigned kHeaderBytes = 56;
};
constexpr u32 kLoad = 1, kNote = 4;

bool open_elf(Elf& elf) {
  constexpr u64 kFileHeader = 64;
  if (elf.size < kFileHeader || read(elf.bytes, 4) != 0x464c'457f || elf.bytes[4] != 2) return false;
  elf.headers = read(elf.bytes + 32, 8);
  elf.count = static_cast<unsigned>(read(elf.bytes + 56, 2));
  return read(elf.bytes + 54, 2) == Elf::kHeaderBytes && elf.headers < elf.size &&
         elf.count <= (elf.size - elf.headers) / Elf::kHeaderBytes;
}

bool part_is_there(const Elf& elf, const u8* header) {
  const u64 offset = read(header + 8, 8), bytes = read(header + 32, 8);
  return offset <= elf.size && bytes <= elf.size - offset;
}

// The note "Xen" of type 18: the address of a 32-bit entry.
u32 find_entry(const u8* note, u64 bytes) {
  constexpr u64 kNoteHeader = 12, kEntryType = 18;
  while (bytes >= kNoteHeader) {
    const u64 name = (read(note, 4) + 3) & ~u64{3}, content = (read(note + 4, 4) + 3) & ~u64{3};
    if (name > bytes - kNoteHeader || content > bytes - kNoteHeader - name) return 0;
    if (read(note + 8, 4) == kEntryType && content >= 4 && name == 4 && read(note + 12, 4) == 0x6e'6558)
      return static_cast<u32>(read(note + kNoteHeader + name, 4));
    note += kNoteHeader + name + content;
    bytes -= kNoteHeader + name + content;
  }
  return 0;
}

const char* load_kernel(const GuestFiles& files, const GuestTarget& target, u32& entry, u64& end) {
  Elf elf{files.kernel, files.kernel_bytes};
  if (!open_elf(elf)) return "the guest's kernel is no ELF file of 64 bits";
  for (unsigned i = 0; i < elf.count; ++i) {
    const u8* header = elf.header(i);
    if (!part_is_there(elf, header)) return "the guest's kernel is damaged";
    const u64 address = read(header + 24, 8), in_file = read(header + 32, 8),
              in_memory = read(header + 40, 8);
    const u8* content = elf.bytes + read(header + 8, 8);
    if (read(header, 4) == kNote && entry == 0) entry = find_entry(content, in_file);
    if (read(header, 4) != kLoad) continue;
    if (in_file > in_memory || address < kHighMemory || address > target.bytes ||
        in_memory > target.bytes - address)
      return "the guest's kernel does not fit into its memory";
    target.write(target.context, address, content, in_file);
    if (address + in_memory > end) end = address + in_memory;
  }
  return entry == 0 ? "the guest's kernel has no PVH entry (Xen note 18)" : nullptr;
}

// ---- Start information

struct StartInfo {  // hvm_start_info, version 1
  u32 magic = 0x336e'c578, version = 1, flags = 0, modules = 0;
  u64 module_list = 0, command_line = 0, rsdp = acpi::kTables, memory_map = 0;
  u32 memory_map_entries = 0, reserved = 0;
};
struct Module {
  u64 address, bytes, command_line, reserved;
};
struct MapEntry {
  u64 address, bytes;
  u32 type, reserved;
};

u64 length_of(const char* text) {
  u64 length = 0;
  while (text[length] != 0) ++length;
  return length;
}

}  // namespace

const char* load_guest(const GuestFiles& files, unsigned processors, const GuestTarget& target,
                       GuestStart& start) {
  constexpr u32 kRam = 1, kReserved = 2;
  u64 end = 0;
  start = {};
  if (const char* mistake = load_kernel(files, target, start.entry, end); mistake != nullptr) return mistake;
  u8 tables[acpi::kTableBytes] = {};
  acpi::write_tables(tables, processors, target.apic_ids);
  target.write(target.context, acpi::kTables, tables, sizeof tables);

  const Module archive{(target.bytes - files.archive_bytes) & ~(kPage - 1), files.archive_bytes, 0, 0};
  if (files.archive_bytes > target.bytes || archive.address < end)
    return "the guest's archive does not fit into its memory";
  target.write(target.context, archive.address, files.archive, files.archive_bytes);

  MapEntry map[kMostRanges] = {{0, kLowEnd, kRam, 0},
                               {kLowEnd, kHighMemory - kLowEnd, kReserved, 0},
                               {kHighMemory, target.bytes - kHighMemory, kRam, 0}};
  unsigned entries = 3;
  for (unsigned i = 0; i < target.ram_count && i < kMostRanges; ++i)
    map[i] = {target.ram[i].address, target.ram[i].bytes, kRam, 0};
  if (target.ram_count != 0) entries = target.ram_count;
  StartInfo info;
  info.memory_map = kInformationAt + sizeof info;
  info.memory_map_entries = entries;
  info.module_list = info.memory_map + sizeof map;
  info.modules = files.archive_bytes != 0 ? 1 : 0;
  info.command_line = info.module_list + sizeof archive;
  target.write(target.context, kInformationAt, &info, sizeof info);
  target.write(target.context, info.memory_map, map, sizeof map);
  target.write(target.context, info.module_list, &archive, sizeof archive);
  target.write(target.context, info.command_line, files.command_line, length_of(files.command_line) + 1);
  start.start_info = static_cast<u32>(kInformationAt);
  return nullptr;
}

}  // namespace hvlab::hypervisor
