#include "sim/boot/pvh.hpp"

#include "sim/base/user_error.hpp"
#include "sim/boot/elf_segments.hpp"

namespace hvlab::boot {
namespace {

constexpr u32 kNotePhys32Entry = 18;
constexpr u32 kStartMagic = 0x336E'C578;

struct StartInfo {  // struct hvm_start_info, version 1
  u32 magic = kStartMagic;
  u32 version = 1;
  u32 flags = 0;
  u32 modules = 0;
  u64 module_list = 0;
  u64 command_line = 0;
  u64 rsdp = 0;
  u64 memory_map = 0;
  u32 memory_map_entries = 0;
  u32 reserved = 0;
};
static_assert(sizeof(StartInfo) == 56);

struct Module {  // struct hvm_modlist_entry
  u64 address = 0, bytes = 0, command_line = 0, reserved = 0;
};
static_assert(sizeof(Module) == 32);

struct MapEntry {  // struct hvm_memmap_table_entry; types as in E820
  u64 address = 0, bytes = 0;
  u32 type = 0, reserved = 0;
};
static_assert(sizeof(MapEntry) == 24);

u64 store_memory_map(Placement& placement) {
  std::vector<MapEntry> entries;
  for (const MemoryRange& range : placement.map()) {
    entries.push_back({range.address, range.bytes, static_cast<u32>(range.type), 0});
  }
  return placement.store(bytes_of(entries), 16, "the memory map");
}

Module place_module(const std::vector<u8>& bytes, const char* what, Placement& placement) {
  const Module module{placement.take_highest(0x8000'0000, bytes.size(), 4096, what), bytes.size(), 0, 0};
  placement.target().write(module.address, bytes);
  return module;
}

/// The initrds as one, then each module.
std::vector<Module> place_modules(const BootRequest& request, Placement& placement) {
  std::vector<Module> modules;
  if (!request.initrds.empty())
    modules.push_back(place_module(join_initrds(request.initrds), "the initrd", placement));
  for (const ImageFile& each : request.modules)
    modules.push_back(place_module(each.bytes, "a module", placement));
  return modules;
}

}  // namespace

std::optional<u32> pvh_entry(const observe::ElfImage& image) {
  const auto note = observe::find_note(image, "Xen", kNotePhys32Entry);
  if (!note || (note->size() != 4 && note->size() != 8)) return std::nullopt;
  const u64 entry = observe::little_endian(*note, 0, static_cast<unsigned>(note->size()));
  if (entry >= kHighRamStart) return std::nullopt;
  return static_cast<u32>(entry);
}

EntryState load_pvh(const BootRequest& request, Placement& placement) {
  const std::string& name = request.kernel.name;
  const observe::ElfImage image = observe::parse_elf(request.kernel.bytes, "kernel '" + name + "'");
  const auto entry = pvh_entry(image);
  if (!entry) throw UserError("kernel '" + name + "': this ELF file has no PVH entry note (Xen note 18)");
  load_segments(image, name, placement);

  StartInfo info;
  const std::vector<Module> modules = place_modules(request, placement);
  if (!modules.empty()) {
    info.modules = static_cast<u32>(modules.size());
    info.module_list = placement.store(bytes_of(modules), 16, "the module list");
  }
  info.command_line = placement.store_text(request.command_line, "the kernel command line");
  info.rsdp = request.rsdp;
  info.memory_map = store_memory_map(placement);
  info.memory_map_entries = static_cast<u32>(placement.map().size());

  EntryState state;
  state.eip = *entry;
  state.ebx = placement.store(bytes_of(info), 16, "the start info");
  store_gdt(placement, state);
  return state;
}

}  // namespace hvlab::boot
