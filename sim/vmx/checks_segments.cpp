// Checks on the guest's segment registers (SDM vol. 3, 27.3.1.2).
#include "sim/arch/descriptors.hpp"
#include "sim/vmx/check_helpers.hpp"

namespace hvlab::vmx {

namespace {

using enum Control;
using Seg = const SegmentFields&;
namespace attribute = arch::attribute;

constexpr u8 only(unsigned n) { return static_cast<u8>(1u << n); }
constexpr u8 kCsMask = only(arch::kCs), kSsMask = only(arch::kSs), kLdtrMask = only(kLdtr),
             kTrMask = only(kTr), kFsGs = only(arch::kFs) | only(arch::kGs),
             kDataMask = only(arch::kDs) | only(arch::kEs) | kFsGs, kSixMask = kCsMask | kSsMask | kDataMask,
             kAllMask = kSixMask | kLdtrMask | kTrMask;

bool virtual_8086(In e) { return guest_rflag(e, arch::flag::kVm); }
bool unrestricted(In e) { return has(e, UnrestrictedGuest); }

u32 rights(In e, Field f) { return field32(e, f); }
u32 ss_dpl(In e) { return (rights(e, Field::GuestSsAccessRights) >> attribute::kDplShift) & 3; }
u32 cs_type(In e) { return rights(e, Field::GuestCsAccessRights) & attribute::kTypeMask; }

constexpr u32 kReadWriteData = 3, kReadWriteDown = 7, kCode = 9, kCodeRead = 11, kConforming = 13,
              kConformingRead = 15;  // types, all accessed

/// Whether the access rights matter: those of CS and TR always do.
bool counts(Seg s) { return s.number == arch::kCs || s.number == kTr || s.usable(); }
/// ... of a register other than a virtual-8086 guest's six, which have a rule of their own.
bool looked_at(In e, Seg s) { return counts(s) && (!virtual_8086(e) || s.number >= kLdtr); }

bool cs_type_allowed(In e, Seg s) {
  const bool code =
      (s.type() & (attribute::kCode | attribute::kAccessed)) == (attribute::kCode | attribute::kAccessed);
  return virtual_8086(e) || code || (unrestricted(e) && s.type() == kReadWriteData);
}
bool data_type_allowed(Seg s) {
  if ((s.type() & attribute::kAccessed) == 0) return false;
  return (s.type() & attribute::kCode) == 0 || (s.type() & attribute::kReadable) != 0;
}
bool tr_type_allowed(In e, Seg s) {
  constexpr u32 kBusy16 = static_cast<u32>(arch::SystemType::Tss16Busy),
                kBusy32 = static_cast<u32>(arch::SystemType::TssBusy);
  return s.type() == kBusy32 || (!has(e, Ia32eModeGuest) && s.type() == kBusy16);
}

bool cs_dpl_allowed(In e, Seg s) {
  if (virtual_8086(e)) return true;
  switch (s.type()) {
    case kReadWriteData: return s.dpl() == 0;
    case kCode:
    case kCodeRead: return s.dpl() == ss_dpl(e);
    case kConforming:
    case kConformingRead: return s.dpl() <= ss_dpl(e);
    default: return true;  // the rule on types
  }
}
/// Also of an unusable SS: its DPL is the CPL.
bool ss_dpl_privilege(In e, Seg s) { return virtual_8086(e) || unrestricted(e) || s.dpl() == s.rpl(); }
bool ss_dpl_unprotected(In e, Seg s) {
  const bool zero = cs_type(e) == kReadWriteData || !guest_cr0(e, arch::cr0::kPe);
  return virtual_8086(e) || !zero || s.dpl() == 0;
}
bool data_dpl_allowed(In e, Seg s) {
  if (virtual_8086(e) || unrestricted(e) || !s.usable() || s.type() > kCodeRead) return true;
  return s.dpl() >= s.rpl();
}

/// A limit counts in bytes or in pages: what the granularity says must be what the limit can be.
bool granularity_may_be_set(Seg s) {
  return (s.limit & 0xFFF) == 0xFFF || (s.rights & attribute::kGranularity) == 0;
}
bool granularity_need_not_be_set(Seg s) {
  return (s.limit >> 20) == 0 || (s.rights & attribute::kGranularity) != 0;
}

// Where the manual lists the same for several registers, the rule stands once, at the first of them.
constexpr SegmentCheck kChecks[] = {
    // Selectors.
    {kTrMask, "TI of TR's selector is 0", [](In, Seg s) { return !test_bit(s.selector, 2); }},
    {kLdtrMask, "TI of a usable LDTR's selector is 0",
     [](In, Seg s) { return !s.usable() || !test_bit(s.selector, 2); }},
    {kSsMask, "RPL of SS is that of CS, but for virtual-8086 and unrestricted guests",
     [](In e, Seg s) {
       return virtual_8086(e) || unrestricted(e) || s.rpl() == (field16(e, Field::GuestCsSelector) & 3u);
     }},
    // Base addresses.
    {kSixMask, "virtual-8086: the base address is the selector times 16",
     [](In e, Seg s) { return !virtual_8086(e) || s.base == u64{s.selector} << 4; }},
    {kTrMask | kFsGs, "the base address is canonical", [](In, Seg s) { return cpu::canonical(s.base); }},
    {kLdtrMask, "the base address of a usable LDTR is canonical",
     [](In, Seg s) { return !s.usable() || cpu::canonical(s.base); }},
    {kCsMask, "bits 63:32 of the base address are 0", [](In, Seg s) { return (s.base >> 32) == 0; }},
    {kSsMask | only(arch::kDs) | only(arch::kEs), "usable: bits 63:32 of the base address are 0",
     [](In, Seg s) { return !s.usable() || (s.base >> 32) == 0; }},
    // Limits.
    {kSixMask, "virtual-8086: the limit is FFFFh",
     [](In e, Seg s) { return !virtual_8086(e) || s.limit == 0xFFFF; }},
    // Access rights.
    {kSixMask, "virtual-8086: the access rights are F3h",
     [](In e, Seg s) { return !virtual_8086(e) || s.rights == 0xF3; }},
    {kCsMask, "the type is accessed code, or read/write data of an unrestricted guest", cs_type_allowed},
    {kSsMask, "the type of a usable SS is read/write, accessed data",
     [](In e, Seg s) {
       return !looked_at(e, s) || s.type() == kReadWriteData || s.type() == kReadWriteDown;
     }},
    {kDataMask, "the type of a usable data segment is accessed, and readable if it is code",
     [](In e, Seg s) { return !looked_at(e, s) || data_type_allowed(s); }},
    {kSixMask, "S is 1",
     [](In e, Seg s) { return !looked_at(e, s) || (s.rights & attribute::kNonSystem) != 0; }},
    {kCsMask, "DPL of CS: 0 for data, SS's for non-conforming code, at most SS's for conforming code",
     cs_dpl_allowed},
    {kSsMask, "DPL of SS is its RPL, but for unrestricted guests", ss_dpl_privilege},
    {kSsMask, "DPL of SS is 0 where CS is data or CR0.PE is 0", ss_dpl_unprotected},
    {kDataMask,
     "DPL of a usable data or non-conforming code segment is at least its RPL, but for "
     "unrestricted guests",
     data_dpl_allowed},
    {kSixMask, "P is 1",
     [](In e, Seg s) { return !looked_at(e, s) || (s.rights & attribute::kPresent) != 0; }},
    {kSixMask, "bits 11:8 of the access rights are 0",
     [](In e, Seg s) { return !looked_at(e, s) || (s.rights & 0xF00) == 0; }},
    {kCsMask, "D is 0 in 64-bit code",
     [](In e, Seg s) {
       const bool code64 = has(e, Ia32eModeGuest) && (s.rights & attribute::kLong) != 0;
       return !code64 || (s.rights & attribute::kDefaultBig) == 0;
     }},
    {kSixMask, "G is 0 if a bit of 11:0 of the limit is 0",
     [](In e, Seg s) { return !looked_at(e, s) || granularity_may_be_set(s); }},
    {kSixMask, "G is 1 if a bit of 31:20 of the limit is 1",
     [](In e, Seg s) { return !looked_at(e, s) || granularity_need_not_be_set(s); }},
    {kSixMask, "bits 31:17 of the access rights are 0",
     [](In e, Seg s) { return !looked_at(e, s) || (s.rights >> 17) == 0; }},
    // TR.
    {kTrMask, "the type is a busy TSS, a 32-bit one outside IA-32e mode or a 16-bit one too",
     tr_type_allowed},
    {kTrMask, "S of TR is 0", [](In, Seg s) { return (s.rights & attribute::kNonSystem) == 0; }},
    {kTrMask, "P of TR is 1", [](In, Seg s) { return (s.rights & attribute::kPresent) != 0; }},
    {kTrMask, "bits 11:8 of TR's access rights are 0", [](In, Seg s) { return (s.rights & 0xF00) == 0; }},
    {kTrMask, "G of TR is 0 if a bit of 11:0 of the limit is 0",
     [](In, Seg s) { return granularity_may_be_set(s); }},
    {kTrMask, "G of TR is 1 if a bit of 31:20 of the limit is 1",
     [](In, Seg s) { return granularity_need_not_be_set(s); }},
    {kTrMask, "TR is usable", [](In, Seg s) { return s.usable(); }},
    {kTrMask, "bits 31:17 of TR's access rights are 0", [](In, Seg s) { return (s.rights >> 17) == 0; }},
    // LDTR.
    {kLdtrMask, "the type of a usable LDTR is 2",
     [](In, Seg s) { return !s.usable() || s.type() == static_cast<u32>(arch::SystemType::Ldt); }},
    {kLdtrMask, "S of a usable LDTR is 0",
     [](In, Seg s) { return !s.usable() || (s.rights & attribute::kNonSystem) == 0; }},
    {kLdtrMask, "P of a usable LDTR is 1",
     [](In, Seg s) { return !s.usable() || (s.rights & attribute::kPresent) != 0; }},
    {kLdtrMask, "bits 11:8 of a usable LDTR's access rights are 0",
     [](In, Seg s) { return !s.usable() || (s.rights & 0xF00) == 0; }},
    {kLdtrMask, "G of a usable LDTR is 0 if a bit of 11:0 of the limit is 0",
     [](In, Seg s) { return !s.usable() || granularity_may_be_set(s); }},
    {kLdtrMask, "G of a usable LDTR is 1 if a bit of 31:20 of the limit is 1",
     [](In, Seg s) { return !s.usable() || granularity_need_not_be_set(s); }},
    {kLdtrMask, "bits 31:17 of a usable LDTR's access rights are 0",
     [](In, Seg s) { return !s.usable() || (s.rights >> 17) == 0; }},
};

/// Rule `kRow` for each of the registers that it is about.
template <size_t kRow, size_t... kNumber>
[[gnu::always_inline]] inline bool applies(In e, const SegmentFields (&segments)[kSegments],
                                           std::index_sequence<kNumber...>) {
  return ((!test_bit(kChecks[kRow].segments, kNumber) || kChecks[kRow].holds(e, segments[kNumber])) && ...);
}

}  // namespace

std::span<const SegmentCheck> guest_segment_checks() { return kChecks; }

bool guest_segments_hold(In e) {
  SegmentFields segments[kSegments];
  for (unsigned n = 0; n < kSegments; ++n) segments[n] = segment_of(e.vmcs, n);
  return [&]<size_t... kRow>(std::index_sequence<kRow...>) {
    return (applies<kRow>(e, segments, std::make_index_sequence<kSegments>()) && ...);
  }(std::make_index_sequence<std::size(kChecks)>());
}

}  // namespace hvlab::vmx
