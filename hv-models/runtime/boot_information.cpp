#include "hv-models/runtime/boot_information.hpp"

#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::runtime {
namespace {

constexpr u32 kStartMagic = 0x336e'c578;

struct StartInfo {  // hvm_start_info
  u32 magic, version, flags, modules;
  u64 module_list, command_line, rsdp;
  u64 memory_map;  // version 1 and later
  u32 memory_map_entries, reserved;
};
static_assert(sizeof(StartInfo) == 56);

struct Module {  // hvm_modlist_entry
  u64 address, bytes, command_line, reserved;
};

struct MapEntry {  // hvm_memmap_table_entry
  u64 address, bytes;
  u32 type, reserved;
};

BootInformation information;

}  // namespace

void read_boot_information(u64 address) {
  const StartInfo& start = *direct<const StartInfo>(address);
  if (start.magic != kStartMagic || start.version < 1) panic("no PVH start information at %lx", address);
  constexpr unsigned kMost = sizeof information.memory / sizeof information.memory[0];
  const MapEntry* map = direct<const MapEntry>(start.memory_map);
  for (u32 i = 0; i < start.memory_map_entries && information.ranges < kMost; ++i) {
    information.memory[information.ranges++] = {map[i].address, map[i].bytes, map[i].type};
  }
  information.rsdp = start.rsdp;
  constexpr unsigned kMostModules = sizeof information.modules / sizeof information.modules[0];
  if (start.modules > kMostModules) panic("%u modules: there is room for %u", start.modules, kMostModules);
  const Module* module = direct<const Module>(start.module_list);
  for (u32 i = 0; i < start.modules; ++i)
    information.modules[information.module_count++] = {module[i].address, module[i].bytes};
  if (start.command_line == 0) return;
  const char* line = direct<const char>(start.command_line);
  for (size_t i = 0; line[i] != 0 && i + 1 < sizeof information.command_line; ++i) {
    information.command_line[i] = line[i];
  }
}

const BootInformation& boot_information() { return information; }

bool command_line_value(const char* name, char* to, size_t size, bool to_end) {
  const size_t length = strlen(name);
  for (const char* at = information.command_line; *at != 0; ++at) {
    const bool word_starts = at == information.command_line || at[-1] == ' ';
    if (word_starts && at[0] == '-' && at[1] == '-' && (at[2] == ' ' || at[2] == 0)) return false;
    if (!word_starts || memcmp(at, name, length) != 0 || at[length] != '=') continue;
    at += length + 1;
    size_t i = 0;
    for (; at[i] != 0 && (to_end || at[i] != ' ') && i + 1 < size; ++i) to[i] = at[i];
    to[i] = 0;
    return true;
  }
  return false;
}

}  // namespace hvlab::runtime
