// The fields of a VMCS as HVLab keeps them in its region, and what they say (SDM vol. 3, chapter 25).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sim/arch/exceptions.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/arch/vmx_exit.hpp"
#include "sim/inspect/control_block.hpp"
#include "sim/inspect/flag_names.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::inspect {

namespace {

namespace vmx = arch::vmx;
using Kind = FieldKind;
using vmx::Field;
using vmx::Vmcs;

/// What is told of a field besides its number.
constexpr std::pair<Field, Kind> kTold[] = {
    {Field::PinBasedControls, Kind::Controls},
    {Field::PrimaryControls, Kind::Controls},
    {Field::SecondaryControls, Kind::Controls},
    {Field::ExitControls, Kind::Controls},
    {Field::EntryControls, Kind::Controls},
    {Field::ExceptionBitmap, Kind::Exceptions},
    {Field::Eptp, Kind::EptPointer},
    {Field::ExitReason, Kind::ExitCode},
    {Field::ExitQualification, Kind::ExitInfo},
    {Field::EntryInterruptionInfo, Kind::Event},
    {Field::ExitInterruptionInfo, Kind::Event},
    {Field::IdtVectoringInfo, Kind::Event},
    {Field::GuestInterruptibility, Kind::Interruptibility},
    {Field::GuestActivity, Kind::Activity},
    {Field::GuestRflags, Kind::Rflags},
    {Field::GuestCr0, Kind::Cr0},
    {Field::Cr0Shadow, Kind::Cr0},
    {Field::Cr0Mask, Kind::Cr0},
    {Field::HostCr0, Kind::Cr0},
    {Field::GuestCr4, Kind::Cr4},
    {Field::Cr4Shadow, Kind::Cr4},
    {Field::Cr4Mask, Kind::Cr4},
    {Field::HostCr4, Kind::Cr4},
    {Field::GuestEfer, Kind::Efer},
    {Field::HostEfer, Kind::Efer},
};

/// Which segment, or table, a guest-state field is part of; kSegments.size(): none.
constexpr std::array<std::string_view, 10> kSegments = {"ES", "CS",   "SS", "DS",   "FS",
                                                        "GS", "LDTR", "TR", "GDTR", "IDTR"};
size_t segment_of(std::string_view name) {
  const auto is_part = [&](std::string_view segment) {
    for (const std::string_view part : {" selector", " limit", " access rights", " base"})
      if (name == fmt::format("guest {}{}", segment, part)) return true;
    return false;
  };
  return static_cast<size_t>(std::ranges::find_if(kSegments, is_part) - kSegments.begin());
}

const char* group_of(const vmx::FieldRow& row) {
  switch (row.type()) {
    case vmx::FieldType::Control: return "control";
    case vmx::FieldType::ReadOnly: return "exit";
    case vmx::FieldType::Host: return "host";
    case vmx::FieldType::Guest: break;
  }
  return segment_of(row.name) < kSegments.size() ? "segments" : "state";
}

size_t place_of(const BlockField& field) {
  constexpr std::array<std::string_view, 5> kGroups = {"control", "exit", "segments", "state", "host"};
  const auto group = std::ranges::find(kGroups, std::string_view(field.group)) - kGroups.begin();
  return static_cast<size_t>(group) * 16 + segment_of(field.name);
}

u8 bytes_of(vmx::Width width) {
  return width == vmx::Width::Bits16 ? 2 : width == vmx::Width::Bits32 ? 4 : 8;
}

std::vector<BlockField> make_fields() {
  std::vector<BlockField> fields;
  for (size_t i = 0; i < vmx::kFields; ++i) {
    const Field id = static_cast<Field>(i);
    const vmx::FieldRow& row = vmx::row_of(id);
    const auto* told = std::ranges::find(kTold, id, &std::pair<Field, Kind>::first);
    Kind kind = told == std::end(kTold) ? Kind::Plain : told->second;
    if (row.name.ends_with("access rights")) kind = Kind::Attributes;
    fields.push_back({.group = group_of(row),
                      .name = row.name.data(),  // of a literal
                      .offset = static_cast<u16>(offsetof(Vmcs, field) + i * sizeof(u64)),
                      .bytes = bytes_of(row.width()),
                      .kind = kind,
                      .encoding = row.encoding});
  }
  std::ranges::stable_sort(fields, {}, place_of);
  return fields;
}

u64 value_at(const u8* block, Field field) {
  u64 value = 0;
  std::memcpy(&value, block + offsetof(Vmcs, field) + static_cast<size_t>(field) * sizeof value,
              sizeof value);
  return value;
}

std::string joined(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

std::string controls_text(u16 encoding, u64 value) {
  static constexpr std::pair<Field, vmx::Word> kWords[] = {{Field::PinBasedControls, vmx::Word::PinBased},
                                                           {Field::PrimaryControls, vmx::Word::Primary},
                                                           {Field::SecondaryControls, vmx::Word::Secondary},
                                                           {Field::ExitControls, vmx::Word::Exit},
                                                           {Field::EntryControls, vmx::Word::Entry}};
  std::vector<std::string> names;
  for (const auto& [field, word] : kWords) {
    if (vmx::row_of(field).encoding != encoding) continue;
    for (const vmx::ControlRow& row : vmx::kControlRows)
      if (row.word == word && test_bit(value, row.bit)) names.emplace_back(row.name);
  }
  return joined(names);
}

std::string exceptions_text(u64 value) {
  std::vector<std::string> vectors;
  for (unsigned n = 0; n < 32; ++n)
    if (test_bit(value, n)) vectors.push_back(std::to_string(n));
  return joined(vectors);
}

/// 25.8.3, 25.9.2.
std::string event_text(u64 value) {
  const u32 info = static_cast<u32>(value);
  if ((info & vmx::interruption::kValid) == 0) return "none";
  static constexpr const char* kTypes[] = {"interrupt",          "type 1", "NMI",          "exception",
                                           "software interrupt", "INT1",   "INT3 or INTO", "other event"};
  return fmt::format("{} {}{}", kTypes[static_cast<size_t>(vmx::interruption::type_of(info))], info & 0xFF,
                     (info & vmx::interruption::kErrorValid) != 0 ? ", with an error code" : "");
}

/// What a trace has as the exit's second word.
u64 second_word(const u8* block, u64 reason) {
  switch (vmx::basic_reason(reason)) {
    case vmx::ExitReason::EptViolation:
    case vmx::ExitReason::EptMisconfiguration: return value_at(block, Field::GuestPhysicalAddress);
    case vmx::ExitReason::ExceptionOrNmi:
    case vmx::ExitReason::ExternalInterrupt: return value_at(block, Field::ExitInterruptionInfo);
    default: return value_at(block, Field::ExitInstructionInfo);
  }
}

u64 reason_of(const u8* block) {
  return vmx::exit_code(static_cast<u32>(value_at(block, Field::ExitReason)));
}

std::string qualification_text(const u8* block, u64 value) {
  const u64 reason = reason_of(block);
  const bool said = observe::port_access(reason, value, 0) || observe::register_access(reason, value) ||
                    vmx::basic_reason(reason) == vmx::ExitReason::EptViolation;
  return said ? observe::exit_text(reason, value, second_word(block, reason)) : "";
}

std::string reason_text(u64 value) {
  const u64 reason = vmx::exit_code(static_cast<u32>(value));
  return observe::exit_label(reason) + (vmx::entry_failed(reason) ? ", VM-entry failure" : "");
}

/// Table 25-3.
constexpr FlagName kInterruptibility[] = {{vmx::interruptibility::kSti, "STI"},
                                          {vmx::interruptibility::kMovSs, "MOV-SS"},
                                          {vmx::interruptibility::kSmi, "SMI"},
                                          {vmx::interruptibility::kNmi, "NMI"},
                                          {vmx::interruptibility::kEnclave, "enclave"}};

std::string activity_text(u64 value) {
  static constexpr const char* kStates[] = {"active", "HLT", "shutdown", "wait for SIPI"};
  return value < std::size(kStates) ? kStates[value] : "reserved";
}

/// Table 25-9.
std::string ept_pointer_text(u64 value) {
  return fmt::format("{}, {} levels{}", bits(value, 2, 0) == 6 ? "write-back" : "uncacheable",
                     bits(value, 5, 3) + 1, test_bit(value, 6) ? ", accessed and dirty flags" : "");
}

/// Access rights: descriptor bits 55..52 and 47..40, and bit 16: unusable (25.4.1).
std::string rights_text(u64 value) {
  if (test_bit(value, 16)) return "unusable";
  if (!test_bit(value, 7)) return "not present";
  const bool segment = test_bit(value, 4), code = test_bit(value, 3);
  return fmt::format("type {} {}, DPL {}{}{}", value & 0xF, segment ? code ? "code" : "data" : "system",
                     bits(value, 6, 5), test_bit(value, 13) ? ", long" : "",
                     test_bit(value, 14) ? ", 32-bit" : "");
}

}  // namespace

std::span<const BlockField> vmx_fields() {
  static const std::vector<BlockField> kFields = make_fields();
  return kFields;
}

std::string vmx_field_text(const BlockField& field, u64 value, const u8* block) {
  switch (field.kind) {
    case Kind::ExitCode: return reason_text(value);
    case Kind::ExitInfo: return qualification_text(block, value);
    case Kind::Event: return event_text(value);
    case Kind::Attributes: return rights_text(value);
    case Kind::Rflags: return text_of(rflags_names(), value);
    case Kind::Cr0: return text_of(cr0_names(), value);
    case Kind::Cr4: return text_of(cr4_names(), value);
    case Kind::Efer: return text_of(efer_names(), value);
    case Kind::Controls: return controls_text(field.encoding, value);
    case Kind::Exceptions: return exceptions_text(value);
    case Kind::Interruptibility: return value == 0 ? "none" : text_of(kInterruptibility, value);
    case Kind::Activity: return activity_text(value);
    case Kind::EptPointer: return ept_pointer_text(value);
    default: return "";
  }
}

}  // namespace hvlab::inspect
