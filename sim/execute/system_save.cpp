// Saving and restoring x87, MMX and SSE state: FXSAVE FXRSTOR, XSAVE and XRSTOR with their variants, LDMXCSR
// STMXCSR (SDM vol. 1, 10.5 and chapter 13; vol. 2).
#include <algorithm>
#include <cstring>

#include "sim/execute/system.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;
using mmu::Rights;

Outcome protection(Cpu& cpu) { return raise(cpu, Exception::GeneralProtection, 0); }
bool ok(Outcome o) { return o == Outcome::Next; }

/// The 512-byte legacy region (SDM vol. 1, table 10-2).
struct [[gnu::packed]] LegacyArea {
  u16 control, status;
  u8 tags, reserved1;
  u16 opcode;
  u64 instruction, data;  // with 32-bit forms: offset, selector, 0
  u32 mxcsr, mxcsr_mask;
  u8 st[8][16];
  u8 xmm[16][16];
  u8 unused[96];
};
static_assert(sizeof(LegacyArea) == 512);

/// The XSAVE header that follows it (SDM vol. 1, 13.4.2).
struct XsaveHeader {
  u64 present, compaction, reserved[6];
};
static_assert(sizeof(XsaveHeader) == 64);

constexpr size_t kX87Part = offsetof(LegacyArea, mxcsr), kXmmOffset = offsetof(LegacyArea, xmm);

unsigned xmm_count(const Cpu& cpu) { return cpu.code64() ? 16 : 8; }

void collect_x87(const Cpu& cpu, LegacyArea& area, bool wide) {
  const cpu::X87& x = cpu.x87;
  area.control = x.control;
  area.status = x.status;
  area.tags = x.valid;
  area.opcode = x.opcode;
  area.instruction =
      wide ? x.instruction : static_cast<u32>(x.instruction) | u64{x.instruction_segment} << 32;
  area.data = wide ? x.data : static_cast<u32>(x.data) | u64{x.data_segment} << 32;
  for (unsigned i = 0; i < 8; ++i) {
    std::memset(area.st[i], 0, 16);
    std::memcpy(area.st[i], &x.st(i).significand, 8);
    std::memcpy(area.st[i] + 8, &x.st(i).sign_exponent, 2);
  }
}

constexpr u16 kInitialControl = 0x037F;

/// The initial configuration (SDM vol. 1, 13.6): as FNINIT leaves it, with all registers 0.
bool x87_is_initial(const cpu::X87& x) {
  const auto zero = [](const cpu::Float80& r) { return r.significand == 0 && r.sign_exponent == 0; };
  return x.control == kInitialControl && (x.status | x.valid | x.opcode) == 0 &&
         (x.instruction | x.data) == 0 && (x.instruction_segment | x.data_segment) == 0 &&
         std::ranges::all_of(x.reg, zero);
}

void accept_x87(Cpu& cpu, const LegacyArea& area, bool wide) {
  cpu::X87& x = cpu.x87;
  x.control = static_cast<u16>((area.control & 0x1F7F) | 0x40);
  x.status = area.status;
  x.valid = area.tags;
  x.opcode = area.opcode & 0x7FF;
  x.instruction = wide ? area.instruction : static_cast<u32>(area.instruction);
  x.data = wide ? area.data : static_cast<u32>(area.data);
  x.instruction_segment = wide ? u16{0} : static_cast<u16>(area.instruction >> 32);
  x.data_segment = wide ? u16{0} : static_cast<u16>(area.data >> 32);
  for (unsigned i = 0; i < 8; ++i) {
    std::memcpy(&x.st(i).significand, area.st[i], 8);
    std::memcpy(&x.st(i).sign_exponent, area.st[i] + 8, 2);
  }
  // ES and B summarize the unmasked exceptions (SDM vol. 1, 8.1.3).
  const bool pending = (x.status & ~x.control & 0x3F) != 0;
  x.status = static_cast<u16>(pending ? x.status | 0x8080 : x.status & ~0x8080);
}

/// Reads or writes `bytes` bytes from `from` on in the area at `linear`, 16 at a time.
Outcome read_area(Cpu& cpu, u64 linear, void* area, size_t from, size_t bytes) {
  for (size_t at = from; at < from + bytes; at += 16) {
    const auto piece = static_cast<u8*>(area) + at;
    const unsigned size = static_cast<unsigned>(std::min<size_t>(16, from + bytes - at));
    if (const Outcome o = mmu::read_slow(cpu, linear + at, piece, size, Rights::Current); !ok(o)) return o;
  }
  return Outcome::Next;
}
Outcome write_area(Cpu& cpu, u64 linear, const void* area, size_t from, size_t bytes) {
  for (size_t at = from; at < from + bytes; at += 16) {
    const auto piece = static_cast<const u8*>(area) + at;
    const unsigned size = static_cast<unsigned>(std::min<size_t>(16, from + bytes - at));
    if (const Outcome o = mmu::write_slow(cpu, linear + at, piece, size, Rights::Current); !ok(o)) return o;
  }
  return Outcome::Next;
}

/// The area's address: within its segment, aligned (#GP), and accessible over its whole length.
Outcome locate(Cpu& cpu, const Op& op, unsigned bytes, unsigned alignment, Access access, u64& linear) {
  if (const Outcome o = linear_address(cpu, op, bytes, access, linear); !ok(o)) return o;
  if ((linear & (alignment - 1)) != 0) return protection(cpu);
  for (const u64 at : {linear, linear + bytes - 1}) {  // at most two pages
    const Outcome o = access == Access::Write ? mmu::probe_write(cpu, at, 1) : mmu::probe_read(cpu, at, 1);
    if (!ok(o)) return o;
  }
  return Outcome::Next;
}

template <bool kWide>
Outcome fxsave(Cpu& cpu, const Op& op) {
  u64 linear = 0;
  if (const Outcome o = locate(cpu, op, sizeof(LegacyArea), 16, Access::Write, linear); !ok(o)) return o;
  LegacyArea area{};
  collect_x87(cpu, area, kWide);
  area.mxcsr = cpu.mxcsr;
  area.mxcsr_mask = arch::mxcsr::kWritable;
  std::memcpy(area.xmm, cpu.xmm, xmm_count(cpu) * 16);
  const bool sse = (cpu.cr4 & arch::cr4::kOsfxsr) != 0;
  return write_area(cpu, linear, &area, 0, sse ? kXmmOffset + xmm_count(cpu) * 16 : kXmmOffset);
}

template <bool kWide>
Outcome fxrstor(Cpu& cpu, const Op& op) {
  u64 linear = 0;
  if (const Outcome o = locate(cpu, op, sizeof(LegacyArea), 16, Access::Read, linear); !ok(o)) return o;
  LegacyArea area{};
  if (const Outcome o = read_area(cpu, linear, &area, 0, sizeof area); !ok(o)) return o;
  if ((area.mxcsr & ~arch::mxcsr::kWritable) != 0) return protection(cpu);
  accept_x87(cpu, area, kWide);
  cpu.mxcsr = area.mxcsr;
  if ((cpu.cr4 & arch::cr4::kOsfxsr) != 0) std::memcpy(cpu.xmm, area.xmm, xmm_count(cpu) * 16);
  return Outcome::Next;
}

/// EDX:EAX, the instruction mask.
u64 instruction_mask(const Cpu& cpu) {
  return cpu.get<u32>(arch::kRax * 8) | static_cast<u64>(cpu.get<u32>(arch::kRdx * 8)) << 32;
}

/// State components that the instruction may touch: XCR0's, for XSAVES and XRSTORS IA32_XSS's too.
template <bool kSupervisor>
u64 enabled_components(const Cpu& cpu) {
  return kSupervisor ? cpu.xcr0 | cpu.xss : cpu.xcr0;
}

/// #UD without CR4.OSXSAVE; of XSAVES and XRSTORS #GP but for CPL 0, and what a hypervisor wants; #NM with
/// CR0.TS. Else the requested components that are enabled.
template <bool kSupervisor>
Outcome requested_components(Cpu& cpu, const Op& op, u64& components) {
  if ((cpu.cr4 & arch::cr4::kOsxsave) == 0) return raise(cpu, Exception::InvalidOpcode);
  const u64 mask = instruction_mask(cpu);
  if constexpr (kSupervisor) {
    if (cpu.cpl != 0) return protection(cpu);
    if (const Outcome o = cpu::ask(cpu, static_cast<decode::Intercept>(op.intercept), mask); !ok(o)) return o;
  }
  if ((cpu.cr0 & arch::cr0::kTs) != 0) return raise(cpu, Exception::DeviceNotAvailable);
  components = enabled_components<kSupervisor>(cpu) & mask;
  return Outcome::Next;
}

/// Who saves: XSAVE all components (their XINUSE counts as 1); XSAVEOPT those in use; XSAVEC and XSAVES too,
/// in the compacted format. What was not modified since it was restored is saved again: the modified
/// optimization is allowed, not asked for (SDM vol. 1, 13.6).
enum class Save : u8 { Plain, Optimized, Compacted, Supervisor };
constexpr bool is_compacted(Save how) { return how == Save::Compacted || how == Save::Supervisor; }

/// XCOMP_BV bit 63: the compacted format. As long as there are no components behind the first two, it differs
/// in nothing else.
constexpr u64 kCompactedFormat = bit(63);

/// XSTATE_BV of what is saved now. MXCSR belongs to SSE state, but only the compacted format loads it by that
/// bit (SDM vol. 1, 13.10).
template <Save kHow>
u64 present_components(const Cpu& cpu, u64 components) {
  if (kHow == Save::Plain) return components;
  u64 in_use = components_in_use(cpu);
  if (is_compacted(kHow) && cpu.mxcsr != arch::mxcsr::kReset) in_use |= arch::xcr0::kSse;
  return components & in_use;
}

Outcome write_x87(Cpu& cpu, u64 linear, const LegacyArea& area) {
  const Outcome o = write_area(cpu, linear, &area, 0, kX87Part);
  return ok(o) ? write_area(cpu, linear, &area, offsetof(LegacyArea, st), sizeof area.st) : o;
}

/// The header: the compacted format's whole, of the other one the bits of the requested components.
template <Save kHow>
Outcome write_header(Cpu& cpu, u64 linear, u64 components, u64 present) {
  if constexpr (is_compacted(kHow)) {
    const XsaveHeader header{.present = present, .compaction = components | kCompactedFormat, .reserved = {}};
    return write_area(cpu, linear, &header, 0, offsetof(XsaveHeader, reserved));
  }
  const auto old = mmu::load<u64>(cpu, linear);
  if (old.failed()) return old.outcome;
  return mmu::store<u64>(cpu, linear, (old.value & ~components) | present);
}

template <Save kHow, bool kWide>
Outcome xsave(Cpu& cpu, const Op& op) {
  u64 components = 0, linear = 0;
  if (const Outcome o = requested_components < kHow == Save::Supervisor > (cpu, op, components); !ok(o))
    return o;
  if (const Outcome o = locate(cpu, op, sizeof(LegacyArea) + sizeof(XsaveHeader), 64, Access::Write, linear);
      !ok(o))
    return o;
  LegacyArea area{};
  collect_x87(cpu, area, kWide);
  area.mxcsr = cpu.mxcsr;
  area.mxcsr_mask = arch::mxcsr::kWritable;
  std::memcpy(area.xmm, cpu.xmm, sizeof area.xmm);
  const u64 present = present_components<kHow>(cpu, components);
  const u64 with_mxcsr = is_compacted(kHow) ? present : components;
  Outcome o = Outcome::Next;
  if ((present & arch::xcr0::kX87) != 0) o = write_x87(cpu, linear, area);
  if (ok(o) && (with_mxcsr & arch::xcr0::kSse) != 0)
    o = write_area(cpu, linear, &area, offsetof(LegacyArea, mxcsr), 8);
  if (ok(o) && (present & arch::xcr0::kSse) != 0)
    o = write_area(cpu, linear, &area, kXmmOffset, xmm_count(cpu) * 16);
  return ok(o) ? write_header<kHow>(cpu, linear + sizeof(LegacyArea), components, present) : o;
}

/// x87 state after FNINIT, as XRSTOR gives it for a component that the image lacks (SDM vol. 1, 13.6).
void initialize_x87(Cpu& cpu) {
  cpu.x87 = {};
  cpu.x87.control = kInitialControl;
}

/// What XRSTOR and XRSTORS ask of a header (SDM vol. 1, 13.8 and 13.12); XRSTORS takes the compacted format
/// alone.
template <bool kSupervisor>
bool header_valid(const Cpu& cpu, const XsaveHeader& header) {
  const u64 enabled = enabled_components<kSupervisor>(cpu);
  if ((header.compaction & kCompactedFormat) == 0)  // bytes 23:8 are 0
    return !kSupervisor && (header.present & ~enabled) == 0 && header.compaction == 0 &&
           header.reserved[0] == 0;
  if (!cpu.has(arch::Feature::Xsavec) && !kSupervisor) return false;
  const u64 there = header.compaction & ~kCompactedFormat;
  const bool clear = std::ranges::all_of(header.reserved, [](u64 word) { return word == 0; });
  return (there & ~enabled) == 0 && (header.present & ~there) == 0 && clear;
}

/// XMM registers and MXCSR, from the area where XSTATE_BV has them. MXCSR is the standard format's whatever
/// that says.
void restore_sse(Cpu& cpu, const LegacyArea& area, bool present, bool compacted) {
  if (present)
    std::memcpy(cpu.xmm, area.xmm, xmm_count(cpu) * 16);
  else
    std::fill_n(cpu.xmm, xmm_count(cpu), cpu::Xmm{});
  cpu.mxcsr = present || !compacted ? area.mxcsr : arch::mxcsr::kReset;
}

template <bool kSupervisor, bool kWide>
Outcome xrstor(Cpu& cpu, const Op& op) {
  u64 components = 0, linear = 0;
  if (const Outcome o = requested_components<kSupervisor>(cpu, op, components); !ok(o)) return o;
  if (const Outcome o = locate(cpu, op, sizeof(LegacyArea) + sizeof(XsaveHeader), 64, Access::Read, linear);
      !ok(o))
    return o;
  LegacyArea area{};
  XsaveHeader header{};
  if (const Outcome o = read_area(cpu, linear, &area, 0, sizeof area); !ok(o)) return o;
  if (const Outcome o = read_area(cpu, linear + sizeof area, &header, 0, sizeof header); !ok(o)) return o;
  if (!header_valid<kSupervisor>(cpu, header)) return protection(cpu);
  const bool compacted = (header.compaction & kCompactedFormat) != 0;
  const bool sse = (components & arch::xcr0::kSse) != 0, sse_there = (header.present & arch::xcr0::kSse) != 0;
  if (sse && (sse_there || !compacted) && (area.mxcsr & ~arch::mxcsr::kWritable) != 0) return protection(cpu);
  if ((components & arch::xcr0::kX87) != 0) {
    if ((header.present & arch::xcr0::kX87) != 0)
      accept_x87(cpu, area, kWide);
    else
      initialize_x87(cpu);
  }
  if (sse) restore_sse(cpu, area, sse_there, compacted);
  return Outcome::Next;
}

Outcome ldmxcsr(Cpu& cpu, const Op& op) {
  const auto value = read_memory<u32>(cpu, op);
  if (value.failed()) return value.outcome;
  if ((value.value & ~arch::mxcsr::kWritable) != 0) return protection(cpu);
  cpu.mxcsr = value.value;
  return Outcome::Next;
}

Outcome stmxcsr(Cpu& cpu, const Op& op) { return write_memory<u32>(cpu, op, cpu.mxcsr); }

}  // namespace

Handlers select_fxsave(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::FXSAVE: return heavy<&fxsave<false>>();
    case Mnemonic::FXSAVE64: return heavy<&fxsave<true>>();
    case Mnemonic::FXRSTOR: return heavy<&fxrstor<false>>();
    default: return heavy<&fxrstor<true>>();
  }
}

u64 components_in_use(const Cpu& cpu) {
  const auto* begin = cpu.xmm;
  const bool xmm =
      std::any_of(begin, begin + xmm_count(cpu), [](const cpu::Xmm& r) { return (r.q[0] | r.q[1]) != 0; });
  return (x87_is_initial(cpu.x87) ? 0 : arch::xcr0::kX87) | (xmm ? arch::xcr0::kSse : 0);
}

Handlers select_xsave(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::XSAVE: return heavy<&xsave<Save::Plain, false>>();
    case Mnemonic::XSAVE64: return heavy<&xsave<Save::Plain, true>>();
    case Mnemonic::XSAVEOPT: return heavy<&xsave<Save::Optimized, false>>();
    case Mnemonic::XSAVEOPT64: return heavy<&xsave<Save::Optimized, true>>();
    case Mnemonic::XSAVEC: return heavy<&xsave<Save::Compacted, false>>();
    case Mnemonic::XSAVEC64: return heavy<&xsave<Save::Compacted, true>>();
    case Mnemonic::XSAVES: return heavy<&xsave<Save::Supervisor, false>>();
    case Mnemonic::XSAVES64: return heavy<&xsave<Save::Supervisor, true>>();
    case Mnemonic::XRSTOR: return heavy<&xrstor<false, false>>();
    case Mnemonic::XRSTOR64: return heavy<&xrstor<false, true>>();
    case Mnemonic::XRSTORS: return heavy<&xrstor<true, false>>();
    default: return heavy<&xrstor<true, true>>();
  }
}

Handlers select_mxcsr(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::LDMXCSR ? heavy<&ldmxcsr>() : heavy<&stmxcsr>();
}

}  // namespace hvlab::execute
