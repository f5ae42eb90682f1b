// The fields of a VMCS by name, and its guest. Encodings and bits are typed from the SDM, vol. 3, appendix B
// and chapter 25; values stand where HVLab keeps fields (arch::vmx::Vmcs).
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <set>

#include "sim/arch/registers.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/inspect/processor_document.hpp"
#include "sim/vmx/unit.hpp"

using namespace hvlab;
using arch::vmx::Field;
using arch::vmx::Vmcs;

namespace {

struct Region {
  alignas(4096) u8 bytes[4096] = {};
  Vmcs& vmcs = *reinterpret_cast<Vmcs*>(bytes);
};

const inspect::BlockField& field_at(u16 encoding) {
  const auto fields = inspect::fields_of(inspect::BlockKind::Vmx);
  const auto found = std::ranges::find(fields, encoding, &inspect::BlockField::encoding);
  REQUIRE(found != fields.end());
  return *found;
}

inspect::FieldValue value_of(const Region& region, u16 encoding) {
  for (const inspect::FieldValue& value : inspect::block_values(inspect::BlockKind::Vmx, region.bytes))
    if (value.field->encoding == encoding) return value;
  FAIL("no such field");
  return {};
}

std::unique_ptr<cpu::Cpu> intel() {
  auto cpu = std::make_unique<cpu::Cpu>();
  cpu->features.set(static_cast<size_t>(arch::Feature::Vmx));
  return cpu;
}

}  // namespace

// Catches a field that is told in another's group, under another's name or not at all.
TEST_CASE("a VMCS has every field once, by groups") {
  const auto fields = inspect::fields_of(inspect::BlockKind::Vmx);
  CHECK(fields.size() == arch::vmx::kFields);
  std::set<u16> encodings;
  std::vector<std::string> groups;
  for (const inspect::BlockField& field : fields) {
    CAPTURE(field.name);
    CHECK(encodings.insert(field.encoding).second);
    CHECK(field.offset >= 16);
    CHECK(field.offset + field.bytes <= 4096);
    if (groups.empty() || groups.back() != field.group) groups.push_back(field.group);
  }
  CHECK(groups == std::vector<std::string>{"control", "exit", "segments", "state", "host"});
  CHECK(std::string(field_at(0x0802).name) == "guest CS selector");
  CHECK(std::string(field_at(0x0802).group) == "segments");
  CHECK(field_at(0x0802).bytes == 2);
  CHECK(std::string(field_at(0x4402).group) == "exit");
  CHECK(std::string(field_at(0x681E).group) == "state");
  CHECK(field_at(0x681E).bytes == 8);
  CHECK(std::string(field_at(0x6C16).group) == "host");
  CHECK(std::string(field_at(0x401E).group) == "control");
}

// Catches words that say something else than the bits do.
TEST_CASE("a VMCS after an exit says why, in words") {
  Region region;
  Vmcs& vmcs = region.vmcs;
  vmcs[Field::ExitReason] = 30;
  vmcs[Field::ExitQualification] = 0x80'0000;
  vmcs[Field::PrimaryControls] = 1U << 7 | 1U << 31;
  vmcs[Field::EntryInterruptionInfo] = 0x8000'0B0D;
  vmcs[Field::ExceptionBitmap] = 1U << 14 | 1U << 17;
  vmcs[Field::GuestCsAccessRights] = 0xA09B;
  vmcs[Field::GuestLdtrAccessRights] = 0x1'0000;
  vmcs[Field::GuestInterruptibility] = 9;
  vmcs[Field::GuestActivity] = 1;
  vmcs[Field::Eptp] = 0x1234'505E;
  vmcs[Field::GuestEfer] = 0xD01;
  CHECK(value_of(region, 0x4402).text == "IO_INSTRUCTION");
  CHECK(value_of(region, 0x6400).text == "port 80h out, 1 byte");
  CHECK(value_of(region, 0x4002).text == "HLT exiting, activate secondary controls");
  CHECK(value_of(region, 0x401E).text == "none");
  CHECK(value_of(region, 0x4016).text == "exception 13, with an error code");
  CHECK(value_of(region, 0x4404).text == "none");
  CHECK(value_of(region, 0x4004).text == "14, 17");
  CHECK(value_of(region, 0x4816).text == "type 11 code, DPL 0, long");
  CHECK(value_of(region, 0x4820).text == "unusable");
  CHECK(value_of(region, 0x4824).text == "STI NMI");
  CHECK(value_of(region, 0x4826).text == "HLT");
  CHECK(value_of(region, 0x201A).text == "write-back, 4 levels, accessed and dirty flags");
  CHECK(value_of(region, 0x2806).text == "SCE LME LMA NXE");
  vmcs[Field::ExitReason] = 48;
  vmcs[Field::ExitQualification] = 0x182;
  vmcs[Field::GuestPhysicalAddress] = 0xFEE0'00B0;
  CHECK(value_of(region, 0x6400).text == "guest-physical fee000b0h, write, not mapped");
  vmcs[Field::ExitReason] = 0x8000'0021;
  CHECK(value_of(region, 0x4402).text == "INVALID_STATE, VM-entry failure");
}

// Catches a guest that is looked at through its host's registers or tables.
TEST_CASE("the guest of a VMCS has its state") {
  Region region;
  Vmcs& vmcs = region.vmcs;
  vmcs[Field::PrimaryControls] = 1U << 31;
  vmcs[Field::SecondaryControls] = 1U << 1;  // enable EPT
  vmcs[Field::EntryControls] = 1U << 9;      // IA-32e mode guest
  vmcs[Field::Eptp] = 0x1234'505E;
  vmcs[Field::GuestCr0] = 0x8000'0031;
  vmcs[Field::GuestCr3] = 0x7'7000;
  vmcs[Field::GuestCr4] = 0x20;
  vmcs[Field::GuestRip] = 0xFFFF'8000'0000'1000;
  vmcs[Field::GuestRsp] = 0x5000;
  vmcs[Field::GuestRflags] = 0x202;
  vmcs[Field::GuestCsSelector] = 0x33;
  vmcs[Field::GuestCsAccessRights] = 0xA0FB;
  vmcs[Field::GuestSsAccessRights] = 0xC0F3;
  vmcs[Field::GuestFsBase] = 0xABC0;
  const auto cpu = intel();
  cpu->cr3 = 0x1000;
  CHECK(inspect::block_kind(*cpu) == inspect::BlockKind::Vmx);
  const cpu::Cpu guest = inspect::guest_of(*cpu, region.bytes);
  CHECK(guest.rip == 0xFFFF'8000'0000'1000);
  CHECK(guest.gpr[arch::kRsp] == 0x5000);
  CHECK(guest.cr3 == 0x7'7000);
  CHECK(guest.seg[arch::kFs].base == 0xABC0);
  CHECK(guest.seg[arch::kCs].selector == 0x33);
  CHECK(guest.cpl == 3);
  CHECK(guest.mode == cpu::Mode::Long);
  CHECK(guest.second_stage.ept());
  CHECK(guest.second_stage.root == 0x1234'5000);
  CHECK(guest.second_stage.levels == 4);
  CHECK(guest.second_stage.accessed_dirty);
  CHECK(cpu->cr3 == 0x1000);
  vmcs[Field::PrimaryControls] = 0;  // the secondary controls are then all 0
  CHECK_FALSE(inspect::guest_of(*cpu, region.bytes).second_stage.on);
}

// Catches a document that calls a VMCS something else, and gives its fields a place instead of their
// encoding.
TEST_CASE("a VMCS is a document of its own kind") {
  const Region region;
  const inspect::Json json = inspect::control_block_json(inspect::BlockKind::Vmx, 0x3000, region.bytes);
  CHECK(json["kind"] == "vmx");
  CHECK(json["fields"].size() == arch::vmx::kFields);
  CHECK(json["fields"][0]["encoding"] == "0x0000");
  CHECK_FALSE(json["fields"][0].contains("offset"));
}

// Catches a current-VMCS pointer without a VMCS that is taken for an address.
TEST_CASE("a processor without a current VMCS has no block") {
  const auto cpu = intel();
  CHECK_FALSE(inspect::last_block(*cpu));
}
