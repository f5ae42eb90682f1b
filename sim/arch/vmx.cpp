#include "sim/arch/vmx.hpp"

#include <array>

namespace hvlab::arch::vmx {

namespace {

/// Encodings, but for the access type (bit 0), are width, type and an index below 64.
constexpr unsigned kIndexes = 64;
constexpr unsigned slot_of(u64 encoding) {
  return static_cast<unsigned>(((encoding >> 13) & 3) << 8 | ((encoding >> 10) & 3) << 6 |
                               ((encoding >> 1) & (kIndexes - 1)));
}
constexpr auto kByEncoding = [] {
  std::array<u8, 16 * kIndexes> table{};
  table.fill(static_cast<u8>(Field::Count));
  for (size_t n = 0; n < kFields; ++n) table[slot_of(kFieldRows[n].encoding)] = static_cast<u8>(n);
  return table;
}();

constexpr u64 kDefinedBits = 0x6FFF;  // of an encoding: 31..15 and 12 are reserved

u64 both_settings(const Capabilities& c, Word w, bool true_msr) {
  const auto n = static_cast<size_t>(w);
  const u32 ones = true_msr ? c.allowed0[n] : c.allowed0[n] | kDefault1[n];
  return u64{c.allowed1[n]} << 32 | ones;
}

u64 basic(const Capabilities& c) {
  constexpr u64 kWriteBackRegion = u64{6} << 50;
  const u64 io = c.io_information ? bit(54) : 0, true_msrs = c.true_controls ? bit(55) : 0;
  return c.revision | u64{4096} << 32 | kWriteBackRegion | io | true_msrs;
}

}  // namespace

std::optional<Control> control_by_name(std::string_view name) {
  for (size_t n = 0; n < kControls; ++n)
    if (kControlRows[n].name == name) return static_cast<Control>(n);
  return std::nullopt;
}

void allow_controls(Capabilities& c, const Control* list, size_t count) {
  for (size_t w = 0; w < kWords; ++w) c.allowed0[w] = c.allowed1[w] = kDefault1[w];
  for (size_t n = 0; n < count; ++n) c.allowed1[static_cast<size_t>(word_of(list[n]))] |= bit_of(list[n]);
  if (!c.true_controls) return;
  using enum Control;
  for (const Control free : {Cr3LoadExiting, Cr3StoreExiting, ExitSaveDebugControls, EntryLoadDebugControls})
    c.allowed0[static_cast<size_t>(word_of(free))] &= ~bit_of(free);
}

bool capability_msr(const Capabilities& c, u32 number, u64& value) {
  const bool ept_or_vpid = c.has(Control::EnableEpt) || c.has(Control::EnableVpid);
  switch (number) {
    case 0x480: return value = basic(c), true;
    case 0x481: return value = both_settings(c, Word::PinBased, false), true;
    case 0x482: return value = both_settings(c, Word::Primary, false), true;
    case 0x483: return value = both_settings(c, Word::Exit, false), true;
    case 0x484: return value = both_settings(c, Word::Entry, false), true;
    case 0x485: return value = c.misc, true;
    case 0x486: return value = c.cr0_fixed0, true;
    case 0x487: return value = c.cr0_fixed1, true;
    case 0x488: return value = c.cr4_fixed0, true;
    case 0x489: return value = c.cr4_fixed1, true;
    case 0x48A: return value = highest_index(c) << 1, true;
    case 0x48B:
      return value = both_settings(c, Word::Secondary, true), c.has(Control::ActivateSecondaryControls);
    case 0x48C: return value = c.ept_vpid, ept_or_vpid;
    case 0x48D: return value = both_settings(c, Word::PinBased, true), c.true_controls;
    case 0x48E: return value = both_settings(c, Word::Primary, true), c.true_controls;
    case 0x48F: return value = both_settings(c, Word::Exit, true), c.true_controls;
    case 0x490: return value = both_settings(c, Word::Entry, true), c.true_controls;
    case 0x491: return value = c.vm_functions, c.has(Control::EnableVmFunctions);
    default: return false;
  }
}

std::optional<Field> field_of(u64 encoding) {
  const bool high = (encoding & 1) != 0;
  const bool wide = static_cast<Width>((encoding >> 13) & 3) == Width::Bits64;
  if ((encoding & ~kDefinedBits) != 0 || ((encoding >> 1) & 0x1FF) >= kIndexes || (high && !wide))
    return std::nullopt;
  const auto f = static_cast<Field>(kByEncoding[slot_of(encoding)]);
  if (f == Field::Count) return std::nullopt;
  return f;
}

u64 highest_index(const Capabilities& c) {
  u64 highest = 0;
  for (const FieldRow& row : kFieldRows) {
    const u64 index = (row.encoding >> 1) & 0x1FF;
    if (c.has(row.needs) && index > highest) highest = index;
  }
  return highest;
}

}  // namespace hvlab::arch::vmx
