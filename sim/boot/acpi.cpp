#include "sim/boot/acpi.hpp"

#include <algorithm>
#include <string_view>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"
#include "sim/boot/acpi_table.hpp"
#include "sim/boot/memory_map.hpp"
#include "sim/boot/platform.hpp"
#include "sim/boot/table_loader.hpp"

namespace hvlab::boot {
namespace {

#include "dsdt.hex"  // dsdt_aml_code: dsdt.asl as iasl compiled it

/// FACS (5.2.10): 64 bytes, no checksum; the operating system writes its lock.
std::vector<u8> make_facs() {
  std::vector<u8> facs(64);
  constexpr std::string_view kSignature = "FACS";
  std::copy(kSignature.begin(), kSignature.end(), facs.begin());
  facs[4] = 64;
  facs[32] = 1;  // version
  return facs;
}

/// RSDP (5.2.5.3), revision 2, with both of its checksums.
std::vector<u8> make_rsdp(u32 rsdt, u64 xsdt) {
  std::vector<u8> rsdp(36);
  constexpr std::string_view kText("RSD PTR \0HVLAB \2", 16);  // with a place for the checksum
  std::copy(kText.begin(), kText.end(), rsdp.begin());
  for (unsigned i = 0; i < 4; ++i) rsdp[16 + i] = static_cast<u8>(rsdt >> (8 * i));
  rsdp[20] = 36;
  for (unsigned i = 0; i < 8; ++i) rsdp[24 + i] = static_cast<u8>(xsdt >> (8 * i));
  set_checksum(rsdp, 0, 20, 8);
  set_checksum(rsdp, 0, 36, 32);
  return rsdp;
}

/// Puts tables one after the other, 64-byte aligned as FACS must be.
class TableArea {
 public:
  TableArea(u64 address, u64 bytes, LoadTarget& target)
      : next_(address), end_(address + bytes), target_(target) {}
  u32 put(const std::vector<u8>& table) {
    const u64 address = next_;
    HVLAB_CHECK(table.size() <= end_ - address);
    target_.write(address, table);
    next_ = align_up(address + table.size(), 64);
    return static_cast<u32>(address);
  }

 private:
  u64 next_, end_;
  LoadTarget& target_;
};

/// Interrupt source override (5.2.12.5): ISA interrupt `irq` arrives at global interrupt `gsi`.
void add_override(AcpiTable& madt, u8 irq, u32 gsi, u16 flags) {
  madt.add8(2).add8(10).add8(0).add8(irq).add32(gsi).add16(flags);
}

}  // namespace

std::vector<u8> make_madt(unsigned processors) {
  constexpr u32 kPcatCompatible = 1, kEnabled = 1;
  constexpr u16 kActiveHighLevel = 0b1101, kAsTheBus = 0;  // MPS INTI flags, table 5.26
  AcpiTable madt("APIC", 3);
  madt.add32(kLocalApic).add32(kPcatCompatible);
  for (u32 id = 0; id < processors; ++id) {
    if (id < 0xFF) {
      madt.add8(0).add8(8).add8(static_cast<u8>(id)).add8(static_cast<u8>(id)).add32(kEnabled);
    } else {  // processor local x2APIC (5.2.12.12): only ids that xAPIC cannot hold
      madt.add8(9).add8(16).add16(0).add32(id).add32(kEnabled).add32(id);
    }
  }
  madt.add8(1).add8(12).add8(0).add8(0).add32(kIoApic).add32(0);
  add_override(madt, 0, 2, kAsTheBus);
  for (const u8 irq : {u8{5}, kSciIrq, u8{10}, u8{11}}) add_override(madt, irq, irq, kActiveHighLevel);
  madt.add8(4).add8(6).add8(0xFF).add16(0).add8(1);  // NMI at LINT1 of every processor
  return madt.finish();
}

std::vector<u8> make_hpet() {
  AcpiTable hpet("HPET", 1);
  constexpr u8 kSystemMemory = 0;
  hpet.add32(kHpetId).add8(kSystemMemory).add8(64).add8(0).add8(0).add64(kHpet);
  hpet.add8(0).add16(128).add8(0);  // number, least ticks in periodic mode, no page protection
  return hpet.finish();
}

std::vector<u8> make_fadt(u32 facs, u32 dsdt) {
  constexpr u16 kNoCState = 0xFFFF;
  constexpr u16 kBootFlags = bit(0) | bit(1) | bit(2);  // legacy devices, 8042, no VGA
  constexpr u32 kFlags =
      bit(0) | bit(2) | bit(5) | bit(6) | bit(10);  // WBINVD, C1, no sleep button, no RTC
                                                    // status bit, reset register; 24-bit timer
  constexpr u8 kByteAccess = 1, kWordAccess = 2, kDwordAccess = 3;
  AcpiTable fadt("FACP", 3);
  fadt.add32(facs).add32(dsdt).add8(0).add8(4).add16(kSciIrq);  // 4: enterprise server
  fadt.add32(kSmiCommand).add8(kAcpiEnable).add8(kAcpiDisable).add8(0).add8(0);
  fadt.add32(kPmBase)
      .add32(0)
      .add32(kPmBase + 4)
      .add32(0)
      .add32(0)
      .add32(kPmBase + 8)
      .add32(kPmBase + 0xC)
      .add32(0);
  fadt.add8(4).add8(2).add8(0).add8(4).add8(4).add8(0).add8(0).add8(0);  // block lengths
  fadt.add16(kNoCState).add16(kNoCState).zeros(6);                       // cache flush, duty cycle: not there
  fadt.add8(0).add8(0).add8(kCmosCentury).add16(kBootFlags).add8(0).add32(kFlags);
  fadt.add_port(kResetControl, 8, kByteAccess).add8(kResetValue).zeros(3);
  fadt.add64(facs).add64(dsdt);
  fadt.add_port(kPmBase, 32, kWordAccess).add_port(0, 0, 0);
  fadt.add_port(kPmBase + 4, 16, kWordAccess).add_port(0, 0, 0).add_port(0, 0, 0);
  fadt.add_port(kPmBase + 8, 32, kDwordAccess);
  fadt.add_port(kPmBase + 0xC, 32, kByteAccess).add_port(0, 0, 0);
  HVLAB_CHECK(fadt.size() == 244);
  return fadt.finish();
}

std::vector<u8> make_dsdt(unsigned processors) {
  std::vector<u8> dsdt(std::begin(dsdt_aml_code), std::end(dsdt_aml_code));
  constexpr std::string_view kCount = "\x08NCPU\x0A\xFF";  // Name (NCPU, 0xFF)
  const auto same = [](u8 left, char right) { return left == static_cast<u8>(right); };
  const auto at = std::search(dsdt.begin(), dsdt.end(), kCount.begin(), kCount.end(), same);
  HVLAB_CHECK(at != dsdt.end());
  *(at + kCount.size() - 1) = static_cast<u8>(processors);
  set_checksum(dsdt, 0, dsdt.size(), 9);
  return dsdt;
}

u32 write_acpi_tables(const AcpiMachine& machine, LoadTarget& target) {
  HVLAB_CHECK(machine.processors >= 1 && machine.processors <= kMostProcessors);
  const u64 tables = table_area(machine.ram_bytes);
  TableArea area(tables, kTableBytes - kNvsBytes, target);
  TableArea nvs(tables + kTableBytes - kNvsBytes, kNvsBytes, target);
  const u32 facs = nvs.put(make_facs());
  const u32 dsdt = area.put(make_dsdt(machine.processors));
  const u32 entries[] = {area.put(make_fadt(facs, dsdt)), area.put(make_madt(machine.processors)),
                         area.put(make_hpet())};
  AcpiTable rsdt("RSDT", 1), xsdt("XSDT", 1);
  for (const u32 each : entries) {
    rsdt.add32(each);
    xsdt.add64(each);
  }
  const u32 rsdt_address = area.put(rsdt.finish());
  const u32 xsdt_address = area.put(xsdt.finish());
  target.write(kBiosArea, make_rsdp(rsdt_address, xsdt_address));
  return static_cast<u32>(kBiosArea);
}

AcpiFiles make_acpi_files(unsigned processors) {
  HVLAB_CHECK(processors >= 1 && processors <= kMostProcessors);
  AcpiFiles files;
  TableLoader loader;
  const auto put = [&](const std::vector<u8>& table) {
    const auto offset = static_cast<u32>(files.tables.size());
    files.tables.insert(files.tables.end(), table.begin(), table.end());
    files.tables.resize(align_up(files.tables.size(), 64));
    return offset;
  };
  // Pointers hold offsets until firmware adds where it has put the file; then checksums are made anew.
  const auto point = [&](const char* file, u32 offset, u8 bytes) {
    loader.add_pointer(file, offset, bytes, AcpiFiles::kTables);
  };
  const auto sum = [&](u32 table, u32 bytes) {
    loader.checksum(AcpiFiles::kTables, table + 9, table, bytes);
  };
  loader.allocate(AcpiFiles::kTables, 64, TableLoader::Zone::High);
  loader.allocate(AcpiFiles::kRsdp, 16, TableLoader::Zone::BiosSegment);
  const u32 facs = put(make_facs()), dsdt = put(make_dsdt(processors));
  const std::vector<u8> fadt_table = make_fadt(facs, dsdt);
  const u32 fadt = put(fadt_table);
  constexpr std::pair<u32, u8> kFadtPointers[] = {{36, 4}, {40, 4}, {132, 8}, {140, 8}};  // table 5.9
  for (const auto& [offset, bytes] : kFadtPointers) point(AcpiFiles::kTables, fadt + offset, bytes);
  sum(fadt, static_cast<u32>(fadt_table.size()));
  const u32 entries[] = {fadt, put(make_madt(processors)), put(make_hpet())};
  AcpiTable rsdt("RSDT", 1), xsdt("XSDT", 1);
  for (const u32 each : entries) {
    rsdt.add32(each);
    xsdt.add64(each);
  }
  const u32 rsdt_bytes = static_cast<u32>(rsdt.size()), xsdt_bytes = static_cast<u32>(xsdt.size());
  const u32 rsdt_at = put(rsdt.finish()), xsdt_at = put(xsdt.finish());
  for (u32 i = 0; i < std::size(entries); ++i) {
    point(AcpiFiles::kTables, rsdt_at + 36 + 4 * i, 4);
    point(AcpiFiles::kTables, xsdt_at + 36 + 8 * i, 8);
  }
  sum(rsdt_at, rsdt_bytes);
  sum(xsdt_at, xsdt_bytes);
  files.rsdp = make_rsdp(rsdt_at, xsdt_at);
  point(AcpiFiles::kRsdp, 16, 4);
  point(AcpiFiles::kRsdp, 24, 8);
  loader.checksum(AcpiFiles::kRsdp, 8, 0, 20);
  loader.checksum(AcpiFiles::kRsdp, 32, 0, 36);
  files.loader = loader.bytes();
  return files;
}

}  // namespace hvlab::boot
