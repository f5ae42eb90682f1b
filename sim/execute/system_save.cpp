// Saving and restoring x87, MMX and SSE state: FXSAVE FXRSTOR, XSAVE XRSTOR, LDMXCSR STMXCSR (SDM vol.
// 1, 10.5 and chapter 13; vol. 2).
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

/// #UD without CR4.OSXSAVE, #NM with CR0.TS; else the requested components that XCR0 enables.
Outcome requested_components(Cpu& cpu, u64& components) {
  if ((cpu.cr4 & arch::cr4::kOsxsave) == 0) return raise(cpu, Exception::InvalidOpcode);
  if ((cpu.cr0 & arch::cr0::kTs) != 0) return raise(cpu, Exception::DeviceNotAvailable);
  components =
      cpu.xcr0 & (cpu.get<u32>(arch::kRax * 8) | static_cast<u64>(cpu.get<u32>(arch::kRdx * 8)) << 32);
  return Outcome::Next;
}

template <bool kWide>
Outcome xsave(Cpu& cpu, const Op& op) {
  u64 components = 0, linear = 0;
  if (const Outcome o = requested_components(cpu, components); !ok(o)) return o;
  if (const Outcome o = locate(cpu, op, sizeof(LegacyArea) + sizeof(XsaveHeader), 64, Access::Write, linear);
      !ok(o))
    return o;
  LegacyArea area{};
  collect_x87(cpu, area, kWide);
  area.mxcsr = cpu.mxcsr;
  area.mxcsr_mask = arch::mxcsr::kWritable;
  std::memcpy(area.xmm, cpu.xmm, sizeof area.xmm);
  const bool x87 = (components & arch::xcr0::kX87) != 0, sse = (components & arch::xcr0::kSse) != 0;
  Outcome o = Outcome::Next;
  if (x87) {
    o = write_area(cpu, linear, &area, 0, kX87Part);
    if (ok(o)) o = write_area(cpu, linear, &area, offsetof(LegacyArea, st), sizeof area.st);
  }
  if (ok(o) && sse) {
    o = write_area(cpu, linear, &area, offsetof(LegacyArea, mxcsr), 8);
    if (ok(o)) o = write_area(cpu, linear, &area, kXmmOffset, xmm_count(cpu) * 16);
  }
  if (!ok(o)) return o;
  const auto present = mmu::load<u64>(cpu, linear + sizeof(LegacyArea));
  if (present.failed()) return present.outcome;
  return mmu::store<u64>(cpu, linear + sizeof(LegacyArea), present.value | components);
}

/// x87 state after FNINIT, as XRSTOR gives it for a component that the image lacks (SDM vol. 1, 13.6).
void initialize_x87(Cpu& cpu) {
  cpu.x87 = {};
  cpu.x87.control = 0x037F;
}

template <bool kWide>
Outcome xrstor(Cpu& cpu, const Op& op) {
  u64 components = 0, linear = 0;
  if (const Outcome o = requested_components(cpu, components); !ok(o)) return o;
  if (const Outcome o = locate(cpu, op, sizeof(LegacyArea) + sizeof(XsaveHeader), 64, Access::Read, linear);
      !ok(o))
    return o;
  LegacyArea area{};
  XsaveHeader header{};
  if (const Outcome o = read_area(cpu, linear, &area, 0, sizeof area); !ok(o)) return o;
  if (const Outcome o = read_area(cpu, linear + sizeof area, &header, 0, sizeof header); !ok(o)) return o;
  const bool sse = (components & arch::xcr0::kSse) != 0;
  if ((header.present & ~cpu.xcr0) != 0 || header.compaction != 0 || header.reserved[0] != 0)
    return protection(cpu);
  if (sse && (area.mxcsr & ~arch::mxcsr::kWritable) != 0) return protection(cpu);
  if ((components & arch::xcr0::kX87) != 0) {
    if ((header.present & arch::xcr0::kX87) != 0)
      accept_x87(cpu, area, kWide);
    else
      initialize_x87(cpu);
  }
  if (sse) {
    cpu.mxcsr = area.mxcsr;  // whatever XSTATE_BV says
    if ((header.present & arch::xcr0::kSse) != 0)
      std::memcpy(cpu.xmm, area.xmm, xmm_count(cpu) * 16);
    else
      std::fill_n(cpu.xmm, xmm_count(cpu), cpu::Xmm{});
  }
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

Handlers select_xsave(const Form& form, Op&) {
  switch (form.mnemonic) {
    case Mnemonic::XSAVE: return heavy<&xsave<false>>();
    case Mnemonic::XSAVE64: return heavy<&xsave<true>>();
    case Mnemonic::XRSTOR: return heavy<&xrstor<false>>();
    default: return heavy<&xrstor<true>>();
  }
}

Handlers select_mxcsr(const Form& form, Op&) {
  return form.mnemonic == Mnemonic::LDMXCSR ? heavy<&ldmxcsr>() : heavy<&stmxcsr>();
}

}  // namespace hvlab::execute
