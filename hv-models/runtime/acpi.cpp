#include "hv-models/runtime/acpi.hpp"

#include "hv-models/runtime/memory_functions.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/panic.hpp"

namespace hvlab::runtime::acpi {
namespace {

Tables found;

struct [[gnu::packed]] Rsdp {  // 5.2.5.3
  char signature[8];
  u8 checksum;
  char oem[6];
  u8 revision;
  u32 rsdt, length;
  u64 xsdt;
};

struct [[gnu::packed]] Header {  // 5.2.6
  char signature[4];
  u32 length;
  u8 revision, checksum;
  char oem[6], oem_table[8];
  u32 oem_revision, creator, creator_revision;
};
static_assert(sizeof(Header) == 36);

template <typename T>
T read_at(const void* table, size_t offset) {
  T value;
  memcpy(&value, static_cast<const u8*>(table) + offset, sizeof value);
  return value;
}

bool is(const Header& table, const char* signature) { return memcmp(table.signature, signature, 4) == 0; }

bool sums_to_zero(const void* table, size_t length) {
  u8 sum = 0;
  for (size_t i = 0; i < length; ++i) sum = static_cast<u8>(sum + static_cast<const u8*>(table)[i]);
  return sum == 0;
}

// 5.2.12. Entries: type, length, then as the type says.
void read_madt(const Header& madt) {
  constexpr u8 kLocalApic = 0, kIoApic = 1, kOverride = 2;
  const u8* end = reinterpret_cast<const u8*>(&madt) + madt.length;
  for (const u8* at = reinterpret_cast<const u8*>(&madt) + 44;
       at + 2 <= end && at[1] >= 2 && at + at[1] <= end; at += at[1]) {
    if (at[0] == kLocalApic && at[1] >= 8 && (read_at<u32>(at, 4) & 1) != 0 &&
        found.processors < kMostListed) {
      found.apic_ids[found.processors++] = at[3];
    } else if (at[0] == kIoApic && at[1] >= 12 && found.ioapic == 0) {
      found.ioapic = read_at<u32>(at, 4);
      found.ioapic_first = read_at<u32>(at, 8);
    } else if (at[0] == kOverride && at[1] >= 10 && at[3] < kIsaLines) {
      const u16 flags =
          read_at<u16>(at, 8);  // 1 in two bits: as written; 3: low or level; 0: as the bus has it
      found.isa[at[3]] = {read_at<u32>(at, 4), (flags >> 2 & 3) == 3, (flags & 3) == 3};
    }
  }
}

// \_S5 is a package of numbers; the first is SLP_TYP for PM1a (7.4.2, 20.2: ZeroOp, OneOp or BytePrefix).
// Looked for by its bytes, since an interpreter is all that is missing here.
void read_soft_off(const Header& dsdt) {
  constexpr u8 kPackage = 0x12, kBytePrefix = 0x0a;
  const u8* bytes = reinterpret_cast<const u8*>(&dsdt);
  for (u32 i = sizeof(Header); i + 9 < dsdt.length; ++i) {
    if (memcmp(bytes + i, "_S5_", 4) != 0 || bytes[i + 4] != kPackage) continue;
    const u8* at = bytes + i + 5;
    at += 1 + (*at >> 6);  // PkgLength
    ++at;                  // number of elements
    if (*at == kBytePrefix) ++at;
    found.soft_off_type = *at & 7;
    found.can_power_off = true;
    return;
  }
}

void read_fadt(const Header& fadt) {  // 5.2.9
  found.pm1_control = static_cast<u16>(read_at<u32>(&fadt, 64));
  found.timer_port = static_cast<u16>(read_at<u32>(&fadt, 76));
  const u32 dsdt = read_at<u32>(&fadt, 40);
  if (dsdt != 0) read_soft_off(*direct<const Header>(dsdt));
}

void read_table(u64 address) {
  const Header& table = *direct<const Header>(address);
  if (!sums_to_zero(&table, table.length)) panic("ACPI table at %lx is damaged", address);
  if (is(table, "APIC")) read_madt(table);
  if (is(table, "FACP")) read_fadt(table);
}

}  // namespace

void read_tables(u64 address) {
  const Rsdp& rsdp = *direct<const Rsdp>(address);
  if (address == 0 || memcmp(rsdp.signature, "RSD PTR ", 8) != 0) panic("no ACPI tables");
  for (u32 i = 0; i < kIsaLines; ++i) found.isa[i] = {i, false, false};
  const bool wide = rsdp.revision >= 2 && rsdp.xsdt != 0;
  const Header& list = *direct<const Header>(wide ? rsdp.xsdt : rsdp.rsdt);
  const u32 step = wide ? 8 : 4;
  for (u32 at = sizeof(Header); at + step <= list.length; at += step) {
    read_table(wide ? read_at<u64>(&list, at) : read_at<u32>(&list, at));
  }
  if (found.processors == 0 || found.ioapic == 0) panic("the ACPI tables name no processor or no IOAPIC");
}

const Tables& tables() { return found; }

}  // namespace hvlab::runtime::acpi
