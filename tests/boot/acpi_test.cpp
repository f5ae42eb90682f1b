// Would catch: a wrong checksum, length or pointer between tables, a field at the wrong offset, a processor
// too many or too few. Offsets and values are typed from the specification, not taken from the code under
// test.
#include "sim/boot/acpi.hpp"

#include <numeric>

#include "fake_memory.hpp"

using namespace hvlab;
using namespace hvlab::boot;

namespace {

u8 sum(const std::vector<u8>& bytes) {
  return static_cast<u8>(std::accumulate(bytes.begin(), bytes.end(), 0));
}

struct Tables {
  explicit Tables(unsigned processors, u64 ram = 512 << 20) : memory(ram) {
    rsdp = write_acpi_tables({processors, ram}, memory);
    const u32 rsdt = memory.get<u32>(rsdp + 16);
    const u32 count = (memory.get<u32>(rsdt + 4) - 36) / 4;
    for (u32 i = 0; i < count; ++i) found.push_back(memory.get<u32>(rsdt + 36 + 4 * i));
  }
  u32 table(const std::string& signature) const {
    for (const u32 each : found) {
      const auto bytes = memory.read(each, 4);
      if (std::string(bytes.begin(), bytes.end()) == signature) return each;
    }
    FAIL("no table " << signature);
    return 0;
  }
  FakeMemory memory;
  u32 rsdp = 0;
  std::vector<u32> found;
};

}  // namespace

TEST_CASE("the root pointer is where software looks, and both of its sums are zero") {
  const Tables tables(1);
  CHECK(tables.rsdp % 16 == 0);
  CHECK(tables.rsdp >= 0xE'0000);
  CHECK(tables.rsdp < 0x10'0000);
  const auto signature = tables.memory.read(tables.rsdp, 8);
  CHECK(std::string(signature.begin(), signature.end()) == "RSD PTR ");
  CHECK(sum(tables.memory.read(tables.rsdp, 20)) == 0);
  CHECK(sum(tables.memory.read(tables.rsdp, 36)) == 0);
  CHECK(tables.memory.get<u8>(tables.rsdp + 15) == 2);
  CHECK(tables.memory.get<u32>(tables.rsdp + 20) == 36);
}

TEST_CASE("RSDT and XSDT name the same tables, each with a zero sum, inside the map's ACPI range") {
  const u64 ram = u64{6} << 30;
  const Tables tables(4, ram);
  const u64 xsdt = tables.memory.get<u64>(tables.rsdp + 24);
  REQUIRE(tables.found.size() == 3);
  CHECK(tables.memory.get<u32>(xsdt + 4) == 36 + 3 * 8);
  CHECK(sum(tables.memory.read(xsdt, 36 + 3 * 8)) == 0);
  for (size_t i = 0; i < tables.found.size(); ++i) {
    CHECK(tables.memory.get<u64>(xsdt + 36 + 8 * i) == tables.found[i]);
    CHECK(sum(tables.memory.read(tables.found[i], tables.memory.get<u32>(tables.found[i] + 4))) == 0);
    CHECK(tables.found[i] >= 0xC000'0000 - 0x1'0000);
    CHECK(tables.found[i] < 0xC000'0000 - 0x1000);
  }
}

TEST_CASE("the FADT describes PIIX4 power management and the reset register") {
  const Tables tables(1);
  const u32 fadt = tables.table("FACP");
  const auto get8 = [&](u32 at) { return tables.memory.get<u8>(fadt + at); };
  const auto get32 = [&](u32 at) { return tables.memory.get<u32>(fadt + at); };
  CHECK(get32(4) == 244);
  CHECK(get8(8) == 3);
  CHECK(tables.memory.get<u16>(fadt + 46) == 9);  // SCI
  CHECK(get32(48) == 0xB2);
  CHECK(get32(56) == 0x600);  // PM1a events
  CHECK(get32(64) == 0x604);  // PM1a control
  CHECK(get32(76) == 0x608);  // PM timer
  CHECK(get32(80) == 0x60C);  // GPE0
  CHECK(get8(88) == 4);
  CHECK(get8(89) == 2);
  CHECK(get8(91) == 4);
  CHECK(get8(92) == 4);
  CHECK(get8(108) == 0x32);  // century
  CHECK(tables.memory.get<u16>(fadt + 109) == 0b111);
  CHECK((get32(112) & (1u << 10)) != 0);  // reset register
  CHECK((get32(112) & (1u << 4)) == 0);   // a fixed power button
  CHECK((get32(112) & (1u << 8)) == 0);   // the timer has 24 bits
  CHECK(get8(116) == 1);
  CHECK(tables.memory.get<u64>(fadt + 120) == 0xCF9);
  CHECK(get8(128) == 6);
  CHECK(tables.memory.get<u64>(fadt + 152) == 0x600);
  CHECK(tables.memory.get<u64>(fadt + 176) == 0x604);
  CHECK(tables.memory.get<u64>(fadt + 212) == 0x608);
  const u32 facs = get32(36), dsdt = get32(40);
  CHECK(tables.memory.get<u64>(fadt + 140) == dsdt);
  CHECK(facs % 64 == 0);
  CHECK(tables.memory.get<u32>(facs) == 0x5343'4146);  // "FACS"
  CHECK(tables.memory.get<u32>(facs + 4) == 64);
  CHECK(facs == (512 << 20) - 0x1000);  // in the range that the map calls NVS
  CHECK(sum(tables.memory.read(dsdt, tables.memory.get<u32>(dsdt + 4))) == 0);
}

TEST_CASE("the MADT has each processor, the IOAPIC and the overrides") {
  for (const unsigned processors : {1u, 8u}) {
    const Tables tables(processors);
    const u32 madt = tables.table("APIC");
    const u32 end = madt + tables.memory.get<u32>(madt + 4);
    CHECK(tables.memory.get<u32>(madt + 36) == 0xFEE0'0000);
    unsigned seen = 0;
    std::vector<u32> overrides;
    for (u32 at = madt + 44; at < end; at += tables.memory.get<u8>(at + 1)) {
      REQUIRE(tables.memory.get<u8>(at + 1) >= 2);
      switch (tables.memory.get<u8>(at)) {
        case 0:
          CHECK(tables.memory.get<u8>(at + 3) == seen++);
          CHECK(tables.memory.get<u32>(at + 4) == 1);
          break;
        case 1:
          CHECK(tables.memory.get<u32>(at + 4) == 0xFEC0'0000);
          CHECK(tables.memory.get<u32>(at + 8) == 0);
          break;
        case 2: {
          const u8 irq = tables.memory.get<u8>(at + 3);
          overrides.push_back(irq);
          CHECK(tables.memory.get<u32>(at + 4) == (irq == 0 ? 2u : irq));
          CHECK(tables.memory.get<u16>(at + 8) == (irq == 0 ? 0 : 0b1101));
          break;
        }
        case 4: CHECK(tables.memory.get<u8>(at + 5) == 1); break;
        default: FAIL("an entry of unknown type");
      }
    }
    CHECK(seen == processors);
    CHECK(overrides == std::vector<u32>{0, 5, 9, 10, 11});
  }
}

TEST_CASE("the HPET table names the timer block") {
  const Tables tables(1);
  const u32 hpet = tables.table("HPET");
  CHECK(tables.memory.get<u32>(hpet + 4) == 56);
  CHECK(tables.memory.get<u32>(hpet + 36) == 0x8086'A201);
  CHECK(tables.memory.get<u64>(hpet + 44) == 0xFED0'0000);
}

TEST_CASE("the DSDT differs between processor counts only in the count and its sum") {
  const auto one = make_dsdt(1), eight = make_dsdt(8);
  REQUIRE(one.size() == eight.size());
  size_t differences = 0;
  for (size_t i = 0; i < one.size(); ++i) differences += one[i] != eight[i] ? 1 : 0;
  CHECK(differences == 2);
}
