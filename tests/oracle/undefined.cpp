#include "undefined.hpp"

#include <cpuid.h>

#include <cstdio>
#include <initializer_list>
#include <utility>

#include "sim/arch/registers.hpp"
#include "sim/decode/decoder.hpp"

namespace hvlab::oracle {

using decode::Mnemonic;
using namespace arch::flag;
using enum decode::Mnemonic;

namespace {

Mnemonic mnemonic(const Case& c) { return static_cast<Mnemonic>(c.mnemonic); }

struct Shape {
  decode::Form form;
  decode::Op op;
};
Shape shape(const Case& c) {
  Shape s;
  decode::decode(c.code + c.lead, 15, c.code_bytes, c.code_bytes, s.form, s.op);
  return s;
}

/// The masked count of a shift or rotate.
unsigned count_of(const Case& c, unsigned operand) {
  const Shape s = shape(c);
  const bool immediate = s.form.operand[operand].kind == decode::Kind::Immediate;
  const u64 raw = immediate ? static_cast<u64>(s.op.imm) : c.in.gpr[arch::kRcx];
  return static_cast<unsigned>(raw & (s.form.bytes(0) == 8 ? 63 : 31));
}

u64 shift_flags(const Case& c) {
  const unsigned count = count_of(c, 1), width = shape(c).form.bytes(0) * 8u;
  if (count == 0) return 0;
  u64 undefined = kAf | (count != 1 ? kOf : 0);
  if (mnemonic(c) != SAR && count >= width) undefined |= kCf;
  return undefined;
}

bool has_prefix(const Case& c, u8 prefix) {
  for (unsigned i = c.lead; i < c.length && i < c.lead + 4u; ++i)
    if (c.code[i] == prefix) return true;
  return false;
}

/// #I or #D is unmasked.
bool reports_before(const Case& c) { return (c.in.fx.control & 3) != 3; }

u64 rotate_flags(const Case& c) { return count_of(c, 1) > 1 ? kOf : 0; }
u64 double_shift_flags(const Case& c) {
  const unsigned count = count_of(c, 2), width = shape(c).form.bytes(0) * 8u;
  return count == 0 ? 0 : count > width ? kStatus : kAf | (count != 1 ? kOf : 0);
}
u64 compare_flags(const Case& c) { return reports_before(c) ? kStatus : 0; }

/// Status flags that an instruction leaves undefined: always the same ones, or as `some` says.
struct FlagRule {
  std::initializer_list<Mnemonic> instructions;
  u64 flags;
  u64 (*some)(const Case& c);
  const char* source;
};
const FlagRule kFlagRules[] = {
    {{AND, OR, XOR, TEST}, kAf, nullptr, "SDM vol. 2, AND, OR, XOR, TEST"},
    {{MUL, IMUL}, kSf | kZf | kAf | kPf, nullptr, "SDM vol. 2, MUL, IMUL"},
    {{DIV, IDIV}, kStatus, nullptr, "SDM vol. 2, DIV, IDIV"},
    {{SHL, SHR, SAR},
     kAf | kOf | kCf,
     shift_flags,
     "SDM vol. 2, SAL/SAR/SHL/SHR: AF; OF unless the count is 1; CF of SHL, SHR by the size or more"},
    {{ROL, ROR, RCL, RCR}, kOf, rotate_flags, "SDM vol. 2, RCL/RCR/ROL/ROR: unless the count is 1"},
    {{SHLD, SHRD},
     kStatus,
     double_shift_flags,
     "SDM vol. 2, SHLD, SHRD: AF; OF unless the count is 1; all if the count is beyond the size"},
    {{BT, BTS, BTR, BTC}, kOf | kSf | kAf | kPf, nullptr, "SDM vol. 2, BT, BTS, BTR, BTC"},
    {{BSF, BSR}, kCf | kOf | kSf | kAf | kPf, nullptr, "SDM vol. 2, BSF, BSR"},
    {{TZCNT, LZCNT}, kOf | kSf | kAf | kPf, nullptr, "SDM vol. 2, TZCNT, LZCNT"},
    {{ANDN, BLSI, BLSMSK, BLSR, BZHI}, kAf | kPf, nullptr, "SDM vol. 2, ANDN, BLSI, BLSMSK, BLSR, BZHI"},
    {{BEXTR}, kAf | kSf | kPf, nullptr, "SDM vol. 2, BEXTR"},
    {{AAA, AAS}, kOf | kSf | kZf | kPf, nullptr, "SDM vol. 2, AAA, AAS"},
    {{DAA, DAS}, kOf, nullptr, "SDM vol. 2, DAA, DAS"},
    {{AAM, AAD}, kOf | kAf | kCf, nullptr, "SDM vol. 2, AAM, AAD"},
    {{FCOMI, FCOMIP, FUCOMI, FUCOMIP},
     kStatus,
     compare_flags,
     "SDM vol. 2, FCOMI: with unmasked #IA the flags are not set; AMD's processors set them"},
};

}  // namespace

u64 undefined_flags(const Case& c) {
  for (const FlagRule& rule : kFlagRules)
    for (const Mnemonic m : rule.instructions)
      if (m == mnemonic(c)) return rule.some != nullptr ? rule.some(c) : rule.flags;
  return 0;
}

void print_rules() {
  constexpr std::pair<u64, const char*> kNames[] = {{kCf, " CF"}, {kPf, " PF"}, {kAf, " AF"},
                                                    {kZf, " ZF"}, {kSf, " SF"}, {kOf, " OF"}};
  for (const FlagRule& rule : kFlagRules) {
    for (const Mnemonic m : rule.instructions) std::printf("%s ", decode::name(m));
    std::printf(":");
    for (const auto& [flag, name] : kNames)
      if ((rule.flags & flag) != 0) std::printf("%s", name);
    std::printf(" (%s)\n", rule.source);
  }
}

namespace {

bool host_is_intel() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  __get_cpuid(0, &a, &b, &c, &d);
  return b == signature_INTEL_ebx;
}

bool has_nan(const Result& r) {
  for (const auto& value : r.out.fx.xmm) {
    for (const u64 half : value) {
      if ((half & ~bit(63)) > 0x7FF0'0000'0000'0000) return true;
      for (const u32 word : {static_cast<u32>(half), static_cast<u32>(half >> 32)})
        if ((word & 0x7FFF'FFFF) > 0x7F80'0000) return true;
    }
  }
  return false;
}

/// Where Intel's processors do otherwise. HVLab does as they do by now (docs/oracle.md), but for DPPS and
/// DPPD; no host of Intel's has been asked whether it does so rightly.
const char* as_intel(const Case& c, const Result& host) {
  constexpr u16 kErrorSummary = 0x80;
  const bool fault = host.vector != 1 && host.vector != 3;
  const auto of_segment = [&] { return shape(c).form.operand[0].kind == decode::Kind::Segment; };
  switch (mnemonic(c)) {
    case CALL: return host.vector == 13 ? "the return address is written before a target faults" : nullptr;
    case PUSH: return of_segment() ? "of a segment register 2 bytes are written" : nullptr;
    case POP: return of_segment() ? "of a segment register 2 bytes are read" : nullptr;
    case POPF:
    case POPFD: return fault && c.code_bytes == 4 ? "a stack that wraps at 4 GiB" : nullptr;
    case CMPSB:
    case CMPSW:
    case CMPSD:
    case CMPSQ:
    case SCASB:
    case SCASW:
    case SCASD:
    case SCASQ: {
      const bool repeated = has_prefix(c, 0xF2) || has_prefix(c, 0xF3);
      return fault || (repeated && host.vector == 1) ? "flags at a fault or trap between elements" : nullptr;
    }
    case FBSTP:
      return fault || (host.out.fx.status & kErrorSummary) != 0 ? "parts of a store that faults" : nullptr;
    case CVTPI2PS: return shape(c).form.memory(1) ? "enters MMX state from memory too" : nullptr;
    case MOVD:
    case MOVQ:
    case MOVNTQ: return fault ? "enters MMX state before a store faults" : nullptr;
    case DPPS:
    case DPPD: return has_nan(host) ? "the order of a dot product's additions" : nullptr;
    case FIST:
    case FISTP:
    case FISTTP:
    case FST:
    case FSTP:
      return (host.out.fx.status & kErrorSummary) != 0 ? "a suppressed store does not look at its page"
                                                       : nullptr;
    default: return nullptr;
  }
}

}  // namespace

const char* known_difference(const Case& c, const Result& host) {
  static const bool intel = host_is_intel();
  return intel ? as_intel(c, host) : nullptr;
}

const char* incomparable(const Case& c, const Result& host) {
  if (const char* why = known_difference(c, host)) return why;
  const Mnemonic m = mnemonic(c);
  for (const u16 selector : host.out.selector)
    if ((selector & ~3) == kHostsOwn) return "a descriptor of the host's own";
  // A lead-in may have made such a selector in a register.
  if (c.lead != 0 && (m == LAR || m == LSL || m == VERR || m == VERW)) {
    for (const u64 value : host.out.gpr)
      if ((value & 0xfffc) == kHostsOwn) return "a descriptor of the host's own";
  }
  const bool fault = host.vector != 1 && host.vector != 3;
  switch (m) {
    // "Exceptions associated with addressing memory and page faults may still be signaled (implementation
    // dependent)".
    case MASKMOVQ:
    case MASKMOVDQU: return fault ? "a mask's faults depend on the processor" : nullptr;
    // REP prefixes are reserved there, and some processors take the condition from the prefix.
    case LOOPE:
    case LOOPNE:
      return has_prefix(c, 0xF2) || has_prefix(c, 0xF3) ? "REP before LOOPcc is reserved" : nullptr;
    case F2XM1:
    case FYL2XP1: {
      const u16 exponent = c.in.fx.st[0].sign_exponent & 0x7FFF, limit = m == F2XM1 ? 0x3FFF : 0x3FFD;
      return exponent >= limit && exponent != 0x7FFF ? "out of the instruction's range" : nullptr;
    }
    case SHLD:
    case SHRD: return count_of(c, 2) > shape(c).form.bytes(0) * 8u ? "count beyond the operand" : nullptr;
    case POPA:
    case POPAD: return fault ? "registers popped before the fault" : nullptr;
    // 0F 0D with a register is #UD on AMD's processors.
    case NOP:
    case PREFETCHW:
    case PREFETCH: return host.vector == 6 ? "hint space" : nullptr;
    // MXCSR bit 17 is AMD's and ours has none.
    case LDMXCSR:
    case FXRSTOR:
    case FXRSTOR64: return (host.out.fx.mxcsr & 0x20000) != 0 ? "MXCSR.MM" : nullptr;
    default: return nullptr;
  }
}

u16 undefined_conditions(const Case& c) {
  constexpr u16 kC0 = 0x100, kC1 = 0x200, kC2 = 0x400, kC3 = 0x4000;
  switch (mnemonic(c)) {
    case FFREE:
    case FFREEP: return kC0 | kC1 | kC2 | kC3;
    case FCOMI:
    case FCOMIP:
    case FUCOMI:
    case FUCOMIP: return kC1;
    // Intel's leave them as they were when #IA is unmasked (SDM vol. 2, FCOM), AMD's do not.
    case FCOM:
    case FCOMP:
    case FCOMPP:
    case FUCOM:
    case FUCOMP:
    case FUCOMPP:
    case FTST:
    case FICOM:
    case FICOMP: return reports_before(c) ? kC0 | kC2 | kC3 : 0;
    default:
      return last_place_bound(c) != 0 ? kC0 | kC1 | kC3 : 0;  // C1: which way an approximation was rounded
  }
}

bool enters_mmx_early(const Case& c) {
  const Mnemonic m = mnemonic(c);
  return m == CVTPS2PI || m == CVTTPS2PI || m == CVTPD2PI || m == CVTTPD2PI || m == CVTPI2PS || m == CVTPI2PD;
}

bool is_call(const Case& c) { return mnemonic(c) == CALL; }
bool is_dot_product(const Case& c) { return mnemonic(c) == DPPS || mnemonic(c) == DPPD; }

bool many_bytes(const Case& c) {
  switch (mnemonic(c)) {
    case FXSAVE:
    case FXSAVE64:
    case FXRSTOR:
    case FXRSTOR64:
    case FNSAVE:
    case FRSTOR:
    case FNSTENV:
    case FLDENV: return true;
    default: return false;
  }
}

bool reads_two_places(const Case& c) {
  switch (mnemonic(c)) {
    case CMPSB:
    case CMPSW:
    case CMPSD:
    case CMPSQ: return true;
    default: return false;
  }
}

bool at_destination(const Case& c, const Result& result) {
  if (!reads_two_places(c) || result.vector != 14) return false;
  const u64 rdi = result.out.gpr[arch::kRdi] & low_mask(shape(c).op.address_bytes * 8u);
  return result.address - rdi < shape(c).op.operand_bytes;  // ES has no base on either side
}

bool unspecified_byte(const Case& c, u64 address) {
  const u64 at = address - c.target;
  switch (mnemonic(c)) {
    case FXSAVE:
    case FXSAVE64: return (at >= 6 && at < 24) || (at >= 28 && at < 32) || (at >= 416 && at < 512);
    case FNSTENV:
    case FNSAVE: return shape(c).op.operand_bytes == 2 ? at >= 6 && at < 14 : at >= 12 && at < 28;
    default: return false;
  }
}

double estimate_bound(const Case& c) {
  switch (mnemonic(c)) {
    case RCPPS:
    case RCPSS:
    case RSQRTPS:
    case RSQRTSS: return 2 * 1.5 / 4096;  // each side within 1.5 * 2^-12
    default: return 0;
  }
}

unsigned last_place_bound(const Case& c) {
  switch (mnemonic(c)) {
    case FSIN:
    case FCOS:
    case FSINCOS:
    case FPTAN:
    case FPATAN:
    case F2XM1:
    case FYL2X:
    case FYL2XP1: return 3;
    default: return 0;
  }
}

}  // namespace hvlab::oracle
