#include "hv-models/hypervisor/acpi.hpp"

#include <initializer_list>

#include "sim/arch/apic.hpp"

namespace hvlab::hypervisor::acpi {
namespace {

constexpr u32 kXsdt = 0x40, kFadt = 0x100, kMadt = 0x300, kDsdt = 0x500, kFacs = 0x5c0;
constexpr u32 kIoApicAddress = 0xfec0'0000;

class Table {
 public:
  Table(u8* page, u32 offset) : begin_(page + offset), at_(begin_) {}
  Table& bytes(const void* from, size_t count) {
    __builtin_memcpy(at_, from, count);
    at_ += count;
    return *this;
  }
  template <typename T>
  Table& number(T value) {
    return bytes(&value, sizeof value);
  }
  Table& pad_to(size_t offset) {
    at_ = begin_ + offset;
    return *this;
  }
  Table& header(const char* signature, u8 revision) {  // ACPI 6.4, 5.2.6
    bytes(signature, 4).number(u32{0}).number(revision).number(u8{0});
    return bytes("HVLAB ", 6).bytes("TEACHING", 8).number(u32{1}).bytes("HVLB", 4).number(u32{1});
  }
  void finish() {
    const u32 length = static_cast<u32>(at_ - begin_);
    __builtin_memcpy(begin_ + 4, &length, sizeof length);
    begin_[9] = checksum(length);
  }
  u8 checksum(size_t count) const {
    u8 sum = 0;
    for (size_t i = 0; i < count; ++i) sum = static_cast<u8>(sum + begin_[i]);
    return static_cast<u8>(-sum);
  }
  u8* begin() { return begin_; }

 private:
  u8* begin_;
  u8* at_;
};

constexpr u64 address(u32 offset) { return kTables + offset; }

void write_rsdp(u8* page) {  // 5.2.5.3
  Table t(page, 0);
  t.bytes("RSD PTR ", 8).number(u8{0}).bytes("HVLAB ", 6).number(u8{2}).number(u32{0});
  t.number(u32{36}).number(u64{address(kXsdt)}).number(u32{0});
  t.begin()[8] = t.checksum(20);
  t.begin()[32] = t.checksum(36);
}

void write_fadt(u8* page) {  // 5.2.9
  constexpr u32 kWbinvdWorks = 1, kTimer32 = 1u << 8;
  Table t(page, kFadt);
  t.header("FACP", 4).number(static_cast<u32>(address(kFacs))).number(static_cast<u32>(address(kDsdt)));
  t.pad_to(46).number(u16{9});  // SCI_INT
  t.pad_to(56).number(u32{kEventPort}).pad_to(64).number(u32{kControlPort});
  t.pad_to(76).number(u32{kTimerPort}).pad_to(88).number(u8{4}).number(u8{2}).pad_to(91).number(u8{4});
  t.pad_to(112).number(u32{kWbinvdWorks | kTimer32});
  t.pad_to(244).finish();
}

void write_madt(u8* page, unsigned processors, const u8* apic_ids) {  // 5.2.12
  Table t(page, kMadt);
  t.header("APIC", 3).number(static_cast<u32>(arch::apic::kDefaultBase)).number(u32{1});
  for (unsigned i = 0; i < processors; ++i)
    t.number(u8{0})
        .number(u8{8})
        .number(static_cast<u8>(i))
        .number(apic_ids == nullptr ? static_cast<u8>(i) : apic_ids[i])
        .number(u32{1});
  t.number(u8{1}).number(u8{12}).number(u8{0}).number(u8{0}).number(kIoApicAddress).number(u32{0});
  constexpr u16 kLevelHigh = 0x000d;
  t.number(u8{2}).number(u8{10}).number(u8{0}).number(u8{0}).number(u32{2}).number(u16{0});
  for (const u8 line : {u8{5}, u8{9}, u8{10}, u8{11}})
    t.number(u8{2}).number(u8{10}).number(u8{0}).number(line).number(u32{line}).number(kLevelHigh);
  t.finish();
}

// Name (_S5, Package (4) {5, 5, 0, 0})
void write_dsdt(u8* page) {
  constexpr u8 kCode[] = {0x08, '_',  'S',      '5',  '_',      0x12, 0x08,
                          0x04, 0x0a, kSoftOff, 0x0a, kSoftOff, 0x00, 0x00};
  Table t(page, kDsdt);
  t.header("DSDT", 2).bytes(kCode, sizeof kCode).finish();
}

}  // namespace

void write_tables(u8* page, unsigned processors, const u8* apic_ids) {
  write_rsdp(page);
  write_fadt(page);
  write_madt(page, processors, apic_ids);
  write_dsdt(page);
  Table(page, kFacs).bytes("FACS", 4).number(u32{64});
  Table t(page, kXsdt);
  t.header("XSDT", 1).number(u64{address(kFadt)}).number(u64{address(kMadt)}).finish();
}

}  // namespace hvlab::hypervisor::acpi
