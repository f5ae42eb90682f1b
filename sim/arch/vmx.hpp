// Intel's virtual-machine extensions: the virtual-machine control structure (VMCS), what stands in it, and
// what a processor says of its abilities (SDM vol. 3, chapters 25 to 31 and appendices A and B).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "sim/base/bits.hpp"

namespace hvlab::arch::vmx {

/// The words of controls, in the order of their capability MSRs (SDM vol. 3, A.3 to A.5).
enum class Word : u8 { PinBased, Primary, Exit, Entry, Secondary };
inline constexpr size_t kWords = 5;

enum class Control : u8 {
#define CONTROL(word, bit_number, id, name) id,
#include "sim/arch/vmx_controls.inc"
#undef CONTROL
  Always  // as the condition of a field: it exists on every processor with VMX
};
inline constexpr size_t kControls = static_cast<size_t>(Control::Always);

struct ControlRow {
  Word word;
  u8 bit;
  std::string_view name;  // the manual's
};
inline constexpr ControlRow kControlRows[] = {
#define CONTROL(word, bit_number, id, name) {Word::word, bit_number, name},
#include "sim/arch/vmx_controls.inc"
#undef CONTROL
};

constexpr Word word_of(Control c) { return kControlRows[static_cast<size_t>(c)].word; }
constexpr u32 bit_of(Control c) { return u32{1} << kControlRows[static_cast<size_t>(c)].bit; }
/// The control with the manual's `name`.
std::optional<Control> control_by_name(std::string_view name);

/// Bits that are 1 on every processor ("default1": A.2), and of those the ones that may be 0 where the TRUE
/// capability MSRs say so.
inline constexpr u32 kDefault1[kWords] = {0x16, 0x0401'E172, 0x0003'6DFF, 0x11FF, 0};

/// The five words of controls as they stand in a VMCS.
struct Controls {
  u32 word[kWords] = {};
  constexpr bool has(Control c) const { return (word[static_cast<size_t>(word_of(c))] & bit_of(c)) != 0; }
};

/// IA32_VMX_EPT_VPID_CAP (A.10).
namespace ept_vpid {
inline constexpr u64 kExecuteOnly = bit(0), kWalk4 = bit(6), kWalk5 = bit(7), kUncacheable = bit(8),
                     kWriteBack = bit(14), k2m = bit(16), k1g = bit(17), kInvept = bit(20),
                     kAccessedDirty = bit(21), kAdvancedInformation = bit(22), kInveptSingle = bit(25),
                     kInveptAll = bit(26), kInvvpid = bit(32), kInvvpidAddress = bit(40),
                     kInvvpidSingle = bit(41), kInvvpidAll = bit(42), kInvvpidKeepGlobal = bit(43);
}  // namespace ept_vpid

/// IA32_VMX_MISC (A.6).
namespace misc {
inline constexpr u64 kTimerRate = 0x1F, kStoreLma = bit(5), kHlt = bit(6), kShutdown = bit(7),
                     kWaitForSipi = bit(8), kWriteReadOnly = bit(29), kShortInjection = bit(30);
inline constexpr unsigned kCr3TargetsShift = 16, kMsrCountShift = 25;
}  // namespace misc

/// What a processor's VMX can do: the data of its capability MSRs (appendix A).
struct Capabilities {
  u32 revision = 1;            // VMCS revision identifier, 31 bits
  bool true_controls = false;  // the TRUE capability MSRs exist (IA32_VMX_BASIC bit 55)
  u32 allowed1[kWords] = {};   // a bit that is clear must be 0 in the VMCS
  u32 allowed0[kWords] = {};   // a bit that is set must be 1; by the TRUE MSRs where they exist
  u64 misc = 0;                // IA32_VMX_MISC
  u64 ept_vpid = 0;            // IA32_VMX_EPT_VPID_CAP
  u64 vm_functions = 0;        // IA32_VMX_VMFUNC: allowed bits of the VM-function controls
  u64 cr0_fixed0 = 0x8000'0021, cr0_fixed1 = 0xFFFF'FFFF;  // bits of CR0 that are 1; that may be 1 (A.7)
  u64 cr4_fixed0 = 0x2000, cr4_fixed1 = 0;                 // ... of CR4 (A.8)
  bool io_information = true;  // INS and OUTS give instruction information (IA32_VMX_BASIC bit 54)

  constexpr bool has(Control c) const {
    return c == Control::Always || (allowed1[static_cast<size_t>(word_of(c))] & bit_of(c)) != 0;
  }
  /// The number of MSRs recommended in an MSR area, and of CR3-target values.
  constexpr u64 msr_limit() const { return (((misc >> misc::kMsrCountShift) & 7) + 1) * 512; }
  constexpr u64 cr3_targets() const { return (misc >> misc::kCr3TargetsShift) & 0x1FF; }
};

/// Sets `allowed1` and `allowed0` of a processor that has the controls named in `list`; with `true_controls`
/// the debug controls and CR3 accesses need not be set (A.3 to A.5).
void allow_controls(Capabilities& c, const Control* list, size_t count);

/// The capability MSR `number` (480h to 491h). False: the processor lacks it.
bool capability_msr(const Capabilities& c, u32 number, u64& value);

// --- the VMCS ---

enum class Field : u8 {
#define FIELD(id, encoding, name, needs) id,
#include "sim/arch/vmx_fields.inc"
#undef FIELD
  Count
};
inline constexpr size_t kFields = static_cast<size_t>(Field::Count);

enum class Width : u8 { Bits16, Bits64, Bits32, Natural };     // bits 14..13 of an encoding
enum class FieldType : u8 { Control, ReadOnly, Guest, Host };  // bits 11..10

struct FieldRow {
  u16 encoding;
  std::string_view name;  // the manual's
  Control needs;
  constexpr Width width() const { return static_cast<Width>((encoding >> 13) & 3); }
  constexpr FieldType type() const { return static_cast<FieldType>((encoding >> 10) & 3); }
};
inline constexpr FieldRow kFieldRows[] = {
#define FIELD(id, encoding, name, needs) {encoding, name, Control::needs},
#include "sim/arch/vmx_fields.inc"
#undef FIELD
};
constexpr const FieldRow& row_of(Field f) { return kFieldRows[static_cast<size_t>(f)]; }
/// The field with `encoding` (full access, or the high half of a 64-bit one), whether or not a processor has
/// it; nothing if there is none.
std::optional<Field> field_of(u64 encoding);
/// The highest index of any field (bits 9..1 of IA32_VMX_VMCS_ENUM: A.9) that a processor with `c` has.
u64 highest_index(const Capabilities& c);

/// A VMCS region in memory. The first two words are the manual's (25.2), the rest is HVLab's own: it is read
/// and written in place, nothing of it is cached, so that copies of it that a hypervisor makes against the
/// rules still work.
struct Vmcs {
  u32 revision;  // bit 31: a shadow VMCS
  u32 abort;     // VMX-abort indicator (28.7)
  u32 launched;  // the launch state: 0 clear, 1 launched (25.11.3)
  u32 unused;
  u64 field[kFields];

  u64& operator[](Field f) { return field[static_cast<size_t>(f)]; }
  u64 operator[](Field f) const { return field[static_cast<size_t>(f)]; }
};
inline constexpr u32 kShadowIndicator = u32{1} << 31;
inline constexpr u64 kNoVmcs = ~u64{0};  // the current-VMCS pointer without a current VMCS
static_assert(sizeof(Vmcs) <= 4096);

/// Field `n` of a row of alike ones (segments by arch::Segment's order ES CS SS DS FS GS, then LDTR, TR).
constexpr Field operator+(Field first, unsigned n) {
  return static_cast<Field>(static_cast<unsigned>(first) + n);
}

// --- what stands in fields ---

/// Interruption information, of VM entries, VM exits and IDT vectoring (25.8.3, 25.9.2, 25.9.3): vector
/// in 7..0.
namespace interruption {
inline constexpr u32 kErrorValid = u32{1} << 11, kNmiUnblocking = u32{1} << 12, kValid = u32{1} << 31;
inline constexpr unsigned kTypeShift = 8;
enum class Type : u8 {
  External = 0,
  Nmi = 2,
  HardwareException = 3,
  Software = 4,
  PrivilegedSoftware = 5,
  SoftwareException = 6,
  Other = 7
};
constexpr Type type_of(u32 info) { return static_cast<Type>((info >> kTypeShift) & 7); }
}  // namespace interruption

/// Guest interruptibility state (table 25-3).
namespace interruptibility {
inline constexpr u32 kSti = 1, kMovSs = 2, kSmi = 4, kNmi = 8, kEnclave = 16;
}
/// Guest activity state (25.4.2).
enum class GuestActivity : u8 { Active, Hlt, Shutdown, WaitForSipi };

/// VM-instruction errors (31.4).
enum class Error : u8 {
  VmcallInRoot = 1,
  VmclearAddress = 2,
  VmclearVmxonPointer = 3,
  VmlaunchNotClear = 4,
  VmresumeNotLaunched = 5,
  VmresumeAfterVmxoff = 6,
  EntryControls = 7,
  EntryHostState = 8,
  VmptrldAddress = 9,
  VmptrldVmxonPointer = 10,
  VmptrldRevision = 11,
  UnsupportedField = 12,
  ReadOnlyField = 13,
  VmxonInRoot = 15,
  EntryBlockedByMovSs = 26,
  InvalidOperand = 28
};

/// IA32_FEATURE_CONTROL (SDM vol. 3, 24.7).
namespace feature_control {
inline constexpr u64 kLock = bit(0), kVmxonInSmx = bit(1), kVmxonOutsideSmx = bit(2);
}

}  // namespace hvlab::arch::vmx
