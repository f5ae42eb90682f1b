#include "sim/boot/smbios.hpp"

#include <string>
#include <string_view>

#include "sim/base/check.hpp"
#include "sim/boot/acpi_table.hpp"
#include "sim/boot/memory_map.hpp"

namespace hvlab::boot {
namespace {

constexpr u64 kEntryPoint = kBiosArea + 0x200, kStructures = kBiosArea + 0x220;
constexpr u64 kSpace = 0x1000;
constexpr u16 kNone = 0xFFFF, kNoErrors = 0xFFFE;
constexpr u16 kArrayHandle = 0x1000;

/// One structure: header, formatted part, strings (6.1.2 and 6.1.3).
class Structure {
 public:
  Structure(u8 type, u16 handle) : bytes_{type, 0} { add16(handle); }
  Structure& add8(u8 value) { return add(value, 1); }
  Structure& add16(u16 value) { return add(value, 2); }
  Structure& add32(u32 value) { return add(value, 4); }
  Structure& add64(u64 value) { return add(value, 8); }
  Structure& zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  /// A reference to a string of this structure.
  Structure& text(std::string_view value) {
    strings_.append(value).push_back('\0');
    return add8(++string_count_);
  }
  void append_to(std::vector<u8>& table) {
    bytes_[1] = static_cast<u8>(bytes_.size());
    table.insert(table.end(), bytes_.begin(), bytes_.end());
    if (strings_.empty()) strings_.push_back('\0');
    table.insert(table.end(), strings_.begin(), strings_.end());
    table.push_back(0);
  }

 private:
  Structure& add(u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) bytes_.push_back(static_cast<u8>(value >> (8 * i)));
    return *this;
  }
  std::vector<u8> bytes_;
  std::string strings_;
  u8 string_count_ = 0;
};

void add_firmware(std::vector<u8>& table) {  // 7.1
  constexpr u64 kPciSupported = 1 << 7;
  constexpr u16 kAcpiSupported = 1;
  Structure(0, 0)
      .text("HVLab")
      .text("1")
      .add16(static_cast<u16>(kBiosArea >> 4))
      .text("01/01/2024")
      .add8(0)  // 64 KiB
      .add64(kPciSupported)
      .add16(kAcpiSupported)
      .add8(1)
      .add8(0)
      .add16(kNone)  // no embedded controller
      .append_to(table);
}

void add_system(std::vector<u8>& table) {  // 7.2
  constexpr u8 kPowerSwitch = 6;
  Structure(1, 0x100)
      .text("HVLab")
      .text("PC (i440FX, PIIX3)")
      .text("1")
      .add8(0)
      .zeros(16)  // no UUID
      .add8(kPowerSwitch)
      .add8(0)
      .add8(0)
      .append_to(table);
}

void add_chassis(std::vector<u8>& table) {  // 7.4
  constexpr u8 kDesktop = 3, kSafe = 3, kNoSecurity = 3;
  Structure(3, 0x300)
      .text("HVLab")
      .add8(kDesktop)
      .zeros(3)
      .add8(kSafe)
      .add8(kSafe)
      .add8(kSafe)
      .add8(kNoSecurity)
      .zeros(4 + 1)
      .add8(1)  // power cord
      .zeros(2 + 1)
      .append_to(table);
}

void add_processor(std::vector<u8>& table, u8 cores) {  // 7.5
  constexpr u8 kCentral = 3, kUnknown = 2, kEnabled = 0x41;
  constexpr u16 k64Bit = 1 << 2, kMultiCore = 1 << 3;
  Structure(4, 0x400)
      .text("CPU 0")
      .add8(kCentral)
      .add8(kUnknown)
      .add8(0)
      .zeros(8)  // CPUID's words
      .add8(0)
      .zeros(1 + 2 + 2 + 2)  // voltage and clocks
      .add8(kEnabled)
      .add8(kUnknown)
      .add16(kNone)  // caches
      .add16(kNone)
      .add16(kNone)
      .zeros(3)
      .add8(cores)
      .add8(cores)
      .add8(cores)
      .add16(static_cast<u16>(k64Bit | (cores > 1 ? kMultiCore : 0)))
      .add16(kUnknown)
      .add16(cores)
      .add16(cores)
      .add16(cores)
      .append_to(table);
}

void add_memory(std::vector<u8>& table, u64 bytes) {  // 7.17, 7.18
  constexpr u8 kSystemBoard = 3, kSystemMemory = 3, kNoCorrection = 3, kDimm = 9, kRam = 7;
  constexpr u16 kOtherDetail = 2, kWidth = 64, kInExtendedSize = 0x7FFF;
  Structure(16, kArrayHandle)
      .add8(kSystemBoard)
      .add8(kSystemMemory)
      .add8(kNoCorrection)
      .add32(static_cast<u32>(bytes >> 10))
      .add16(kNoErrors)
      .add16(1)
      .add64(0)
      .append_to(table);
  const u64 mebibytes = bytes >> 20;
  Structure(17, 0x1100)
      .add16(kArrayHandle)
      .add16(kNoErrors)
      .add16(kWidth)
      .add16(kWidth)
      .add16(mebibytes < kInExtendedSize ? static_cast<u16>(mebibytes) : kInExtendedSize)
      .add8(kDimm)
      .add8(0)
      .text("DIMM 0")
      .add8(0)
      .add8(kRam)
      .add16(kOtherDetail)
      .zeros(2 + 4 + 1)
      .add32(mebibytes < kInExtendedSize ? 0 : static_cast<u32>(mebibytes))
      .zeros(2 + 6)
      .append_to(table);
}

void add_mapping(std::vector<u8>& table, u16 handle, u64 first, u64 bytes) {  // 7.20
  if (bytes == 0) return;
  const u64 last = first + bytes - 1;
  Structure(19, handle)
      .add32(static_cast<u32>(first >> 10))
      .add32(static_cast<u32>(last >> 10))
      .add16(kArrayHandle)
      .add8(1)
      .zeros(16)
      .append_to(table);
}

}  // namespace

std::vector<u8> make_smbios_structures(const SmbiosMachine& machine) {
  std::vector<u8> table;
  add_firmware(table);
  add_system(table);
  add_chassis(table);
  add_processor(table, static_cast<u8>(machine.processors));
  add_memory(table, machine.ram_bytes);
  add_mapping(table, 0x1300, 0, low_ram(machine.ram_bytes));
  add_mapping(table, 0x1301, kHighRamStart, high_ram(machine.ram_bytes));
  Structure(32, 0x2000).zeros(6 + 1).append_to(table);  // 7.33: booted without errors
  Structure(127, 0x7F00).append_to(table);
  return table;
}

std::vector<u8> make_smbios_entry(size_t bytes, u64 address) {
  std::vector<u8> entry = {'_', 'S', 'M', '3', '_', 0, 0x18, 3, 0, 0, 1, 0};
  const auto append = [&entry](u64 value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) entry.push_back(static_cast<u8>(value >> (8 * i)));
  };
  append(bytes, 4);
  append(address, 8);
  set_checksum(entry, 0, entry.size(), 5);
  return entry;
}

void write_smbios(const SmbiosMachine& machine, LoadTarget& target) {
  const std::vector<u8> table = make_smbios_structures(machine);
  HVLAB_CHECK(table.size() <= kSpace);
  target.write(kEntryPoint, make_smbios_entry(table.size(), kStructures));
  target.write(kStructures, table);
}

}  // namespace hvlab::boot
