#include "sim/boot/multiboot1.hpp"

#include <algorithm>
#include <cstring>

#include "sim/base/bits.hpp"
#include "sim/base/user_error.hpp"
#include "sim/boot/elf_segments.hpp"
#include "sim/observe/elf.hpp"

namespace hvlab::boot {
namespace {

using observe::little_endian;

constexpr u32 kHeaderMagic = 0x1BAD'B002, kBootMagic = 0x2BAD'B002;
constexpr size_t kSearchBytes = 8192;
// Header flags, 3.1.1. Bits 0 (align modules) and 1 (memory information) are always honoured; bit 2 names a
// video mode that it prefers, and a machine without a display has none to report.
constexpr u32 kKnownFlags = 0b111, kMandatoryFlags = 0xFFFF;
constexpr unsigned kAddressesValid = 16;

struct Information {  // 3.3
  u32 flags = bit(0) | bit(2) | bit(3) | bit(6) | bit(9);
  u32 memory_lower = 0, memory_upper = 0;  // KiB
  u32 boot_device = 0;
  u32 command_line = 0;
  u32 module_count = 0, modules = 0;
  u32 symbols[4] = {};
  u32 map_bytes = 0, map = 0;
  u32 drive_bytes = 0, drives = 0;
  u32 configuration = 0;
  u32 loader_name = 0;
  u32 rest[13] = {};
};
static_assert(sizeof(Information) == 120);

struct ModuleEntry {
  u32 start = 0, end = 0, command_line = 0, reserved = 0;
};

struct [[gnu::packed]] MapEntry {  // `size` counts what follows it
  u32 size = 20;
  u64 address = 0, bytes = 0;
  u32 type = 0;
};
static_assert(sizeof(MapEntry) == 24);

struct Loaded {
  u32 entry = 0;
  u64 end = 0;
};

/// 3.1.2: the header itself says where the image goes.
Loaded load_by_addresses(const ImageFile& kernel, const MultibootHeader& header, Placement& placement) {
  const auto fail = [&] {
    return UserError("kernel '" + kernel.name +
                     "': the addresses in its multiboot header contradict each other");
  };
  if (header.load_address > header.header_address) throw fail();
  const u64 before = header.header_address - header.load_address;
  if (before > header.offset) throw fail();
  const u64 from = header.offset - before;
  if (header.load_end != 0 && header.load_end <= header.load_address) throw fail();
  const u64 bytes = header.load_end != 0 ? header.load_end - header.load_address : kernel.bytes.size() - from;
  if (bytes > kernel.bytes.size() - from) {
    throw UserError("kernel '" + kernel.name +
                    "': truncated, its multiboot header names more than the file holds");
  }
  const u64 end = std::max<u64>(header.load_address + bytes, header.bss_end);
  placement.reserve(header.load_address, end - header.load_address, "kernel '" + kernel.name + "'");
  placement.target().write(header.load_address, std::span(kernel.bytes).subspan(from, bytes));
  return {header.entry, end};
}

Loaded load_elf(const ImageFile& kernel, Placement& placement) {
  const observe::ElfImage image = observe::parse_elf(kernel.bytes, "kernel '" + kernel.name + "'");
  if (image.machine != observe::kMachine386 && image.machine != observe::kMachineX86_64) {
    throw UserError("kernel '" + kernel.name + "': not made for x86");
  }
  const u64 end = load_segments(image, kernel.name, placement);
  u64 entry = image.entry;
  // An ELF64 kernel may be linked at a virtual address; the entry is wanted as the physical one.
  for (const observe::ElfSegment& each : image.segments) {
    if (each.type == observe::kSegmentLoad && entry >= kHighRamStart && entry >= each.virtual_address &&
        entry - each.virtual_address < each.memory_bytes) {
      entry = entry - each.virtual_address + each.physical_address;
    }
  }
  if (entry >= kHighRamStart) throw UserError("kernel '" + kernel.name + "': its entry lies above 4 GiB");
  return {static_cast<u32>(entry), end};
}

std::string command_line(const std::string& file, const std::string& arguments) {
  return arguments.empty() ? file : file + " " + arguments;
}

void load_modules(const BootRequest& request, u64 after, Placement& placement, Information& info) {
  std::vector<ModuleEntry> entries;
  for (const ImageFile& module : request.initrds) {
    const std::string what = "module '" + module.name + "'";
    const u64 address = placement.take_lowest(after, module.bytes.size(), 4096, what);
    placement.target().write(address, module.bytes);
    entries.push_back(
        {static_cast<u32>(address), static_cast<u32>(address + module.bytes.size()),
         placement.store_text(command_line(module.name, module.arguments), what + ": command line"), 0});
  }
  info.module_count = static_cast<u32>(entries.size());
  if (!entries.empty()) info.modules = placement.store(bytes_of(entries), 16, "the module list");
}

void describe_memory(Placement& placement, Information& info) {
  std::vector<MapEntry> entries;
  for (const MemoryRange& range : placement.map()) {
    entries.push_back({20, range.address, range.bytes, static_cast<u32>(range.type)});
    if (range.address == 0) info.memory_lower = static_cast<u32>(range.bytes >> 10);
    if (range.address == 0x10'0000) info.memory_upper = static_cast<u32>(range.bytes >> 10);
  }
  info.map = placement.store(bytes_of(entries), 16, "the memory map");
  info.map_bytes = static_cast<u32>(entries.size() * sizeof(MapEntry));
}

}  // namespace

std::optional<MultibootHeader> find_multiboot_header(std::span<const u8> file) {
  const size_t end = std::min(file.size(), kSearchBytes);
  for (size_t at = 0; at + 12 <= end; at += 4) {
    const auto word = [&](size_t index) { return static_cast<u32>(little_endian(file, at + index * 4, 4)); };
    if (word(0) != kHeaderMagic || word(0) + word(1) + word(2) != 0) continue;
    MultibootHeader header{.offset = at, .flags = word(1)};
    if (test_bit(header.flags, kAddressesValid)) {
      if (at + 32 > end) continue;
      header.header_address = word(3);
      header.load_address = word(4);
      header.load_end = word(5);
      header.bss_end = word(6);
      header.entry = word(7);
    }
    return header;
  }
  return std::nullopt;
}

EntryState load_multiboot1(const BootRequest& request, Placement& placement) {
  const ImageFile& kernel = request.kernel;
  const auto header = find_multiboot_header(kernel.bytes);
  if (!header) throw UserError("kernel '" + kernel.name + "': no multiboot header");
  if ((header->flags & kMandatoryFlags & ~kKnownFlags) != 0) {
    throw UserError("kernel '" + kernel.name +
                    "': its multiboot header demands features that HVLab does not know");
  }
  const Loaded loaded = test_bit(header->flags, kAddressesValid)
                            ? load_by_addresses(kernel, *header, placement)
                            : load_elf(kernel, placement);
  Information info;
  load_modules(request, loaded.end, placement, info);
  info.command_line =
      placement.store_text(command_line(kernel.name, request.command_line), "the command line");
  info.loader_name = placement.store_text("HVLab", "the loader name");
  describe_memory(placement, info);

  EntryState state;
  state.eip = loaded.entry;
  state.eax = kBootMagic;
  state.ebx = placement.store(bytes_of(info), 16, "the multiboot information");
  store_gdt(placement, state);
  return state;
}

}  // namespace hvlab::boot
