// MOVS STOS LODS SCAS CMPS, alone and repeated (SDM vol. 2, REP).
//
// A repeated instruction does its elements in pieces that end at page boundaries, and says Repeat between
// them, so that interrupts are taken there. The pieces depend on addresses alone, never on the software TLB.
#include <algorithm>
#include <string_view>

#include "sim/cpu/cpuid.hpp"
#include "sim/execute/address64.hpp"
#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;

u64 cut(const Op& op, u64 value) {
  return op.address_bytes == 8   ? value
         : op.address_bytes == 4 ? static_cast<u32>(value)
                                 : static_cast<u16>(value);
}

u64 address_register(const Cpu& cpu, const Op& op, unsigned reg) { return cut(op, cpu.gpr[reg]); }

void set_address_register(Cpu& cpu, const Op& op, unsigned reg, u64 value) {
  if (op.address_bytes == 2) {
    cpu.set<u16>(static_cast<u8>(reg * 8), static_cast<u16>(value));
  } else {
    cpu.gpr[reg] = op.address_bytes == 8 ? value : static_cast<u32>(value);
  }
}

void advance(Cpu& cpu, const Op& op, unsigned reg, i64 bytes) {
  set_address_register(cpu, op, reg, address_register(cpu, op, reg) + static_cast<u64>(bytes));
}

/// Moves an address register past one element.
void step(Cpu& cpu, const Op& op, unsigned reg, size_t bytes) {
  const i64 forward = static_cast<i64>(bytes);
  advance(cpu, op, reg, cpu.rflag(arch::flag::kDf) ? -forward : forward);
}

Outcome source(Cpu& cpu, const Op& op, unsigned bytes, u64& linear) {
  return check_segment(cpu, op.segment, address_register(cpu, op, arch::kRsi), bytes, Access::Read, linear);
}
Outcome destination(Cpu& cpu, const Op& op, unsigned bytes, Access access, u64& linear) {
  return check_segment(cpu, arch::kEs, address_register(cpu, op, arch::kRdi), bytes, access, linear);
}

// One element each.

template <class T>
struct Movs {
  static Outcome run(Cpu& cpu, const Op& op) {
    u64 from = 0, to = 0;
    if (const Outcome o = source(cpu, op, sizeof(T), from); o != Outcome::Next) return o;
    if (const Outcome o = destination(cpu, op, sizeof(T), Access::Write, to); o != Outcome::Next) return o;
    const Loaded<T> v = mmu::load<T>(cpu, from);
    if (v.failed()) return v.outcome;
    if (const Outcome o = mmu::store<T>(cpu, to, v.value); o != Outcome::Next) return o;
    step(cpu, op, arch::kRsi, sizeof(T));
    step(cpu, op, arch::kRdi, sizeof(T));
    return Outcome::Next;
  }
};

template <class T>
struct Stos {
  static Outcome run(Cpu& cpu, const Op& op) {
    u64 to = 0;
    if (const Outcome o = destination(cpu, op, sizeof(T), Access::Write, to); o != Outcome::Next) return o;
    if (const Outcome o = mmu::store<T>(cpu, to, cpu.get<T>(arch::kRax * 8)); o != Outcome::Next) return o;
    step(cpu, op, arch::kRdi, sizeof(T));
    return Outcome::Next;
  }
};

template <class T>
struct Lods {
  static Outcome run(Cpu& cpu, const Op& op) {
    u64 from = 0;
    if (const Outcome o = source(cpu, op, sizeof(T), from); o != Outcome::Next) return o;
    const Loaded<T> v = mmu::load<T>(cpu, from);
    if (v.failed()) return v.outcome;
    cpu.set<T>(arch::kRax * 8, v.value);
    step(cpu, op, arch::kRsi, sizeof(T));
    return Outcome::Next;
  }
};

template <class T>
struct Scas {
  static Outcome run(Cpu& cpu, const Op& op) {
    u64 at = 0;
    if (const Outcome o = destination(cpu, op, sizeof(T), Access::Read, at); o != Outcome::Next) return o;
    const Loaded<T> v = mmu::load<T>(cpu, at);
    if (v.failed()) return v.outcome;
    Cmp::run<T>(cpu.get<T>(arch::kRax * 8), v.value, cpu.flags);
    step(cpu, op, arch::kRdi, sizeof(T));
    return Outcome::Next;
  }
};

template <class T>
struct Cmps {
  static Outcome run(Cpu& cpu, const Op& op) {
    u64 first = 0, second = 0;
    if (const Outcome o = source(cpu, op, sizeof(T), first); o != Outcome::Next) return o;
    if (const Outcome o = destination(cpu, op, sizeof(T), Access::Read, second); o != Outcome::Next) return o;
    const Loaded<T> a = mmu::load<T>(cpu, first);
    if (a.failed()) return a.outcome;
    const Loaded<T> b = mmu::load<T>(cpu, second);
    if (b.failed()) return b.outcome;
    Cmp::run<T>(a.value, b.value, cpu.flags);
    step(cpu, op, arch::kRsi, sizeof(T));
    step(cpu, op, arch::kRdi, sizeof(T));
    return Outcome::Next;
  }
};

/// How many elements of `bytes` fit from `linear` to its page's end, in the direction of DF; at least 1.
u64 elements_in_page(u64 linear, size_t bytes, bool down) {
  const u64 offset = linear & 0xFFF;
  const u64 n = down ? offset / bytes + 1 : (4096 - offset) / bytes;
  return std::max<u64>(n, 1);
}

/// Ascending MOVS and STOS over RAM pages that are at hand go through the host's memory at once.
template <class T>
u64 move_bulk(Cpu& cpu, const Op& op, u64 count) {
  const unsigned bytes = static_cast<unsigned>(count * sizeof(T));
  u64 from = 0, to = 0;
  if (source(cpu, op, bytes, from) != Outcome::Next ||
      destination(cpu, op, bytes, Access::Write, to) != Outcome::Next)
    return 0;
  const u8* in = mmu::host_for_read(cpu, from, bytes);
  u8* out = mmu::host_for_write(cpu, to, bytes);
  if (in == nullptr || out == nullptr) return 0;
  // Overlap with the destination ahead repeats a pattern: element by element gives just that.
  if (out > in && out < in + bytes) {
    for (u64 i = 0; i < count; ++i) std::memcpy(out + i * sizeof(T), in + i * sizeof(T), sizeof(T));
  } else {
    std::memmove(out, in, bytes);
  }
  advance(cpu, op, arch::kRsi, static_cast<i64>(bytes));
  advance(cpu, op, arch::kRdi, static_cast<i64>(bytes));
  return count;
}

template <class T>
u64 store_bulk(Cpu& cpu, const Op& op, u64 count) {
  const unsigned bytes = static_cast<unsigned>(count * sizeof(T));
  u64 to = 0;
  if (destination(cpu, op, bytes, Access::Write, to) != Outcome::Next) return 0;
  u8* out = mmu::host_for_write(cpu, to, bytes);
  if (out == nullptr) return 0;
  const T value = cpu.get<T>(arch::kRax * 8);
  if constexpr (sizeof(T) == 1)
    std::memset(out, value, bytes);
  else
    for (u64 i = 0; i < count; ++i) std::memcpy(out + i * sizeof(T), &value, sizeof(T));
  advance(cpu, op, arch::kRdi, static_cast<i64>(bytes));
  return count;
}

/// What a piece of `count` elements costs beyond the instruction itself.
u64 cost_of(const Cpu& cpu, bool moves, u64 count, size_t bytes) {
  return moves ? (count * bytes + 15) / 16 * cpu.costs.string_unit : count * cpu.costs.string_unit;
}

template <class T, Mnemonic kKind>
u64 bulk(Cpu& cpu, const Op& op, u64 count) {
  if (cpu.rflag(arch::flag::kDf) || count < 2) return 0;
  if constexpr (kKind == Mnemonic::MOVSB) return move_bulk<T>(cpu, op, count);
  if constexpr (kKind == Mnemonic::STOSB) return store_bulk<T>(cpu, op, count);
  return 0;
}

/// The end of the piece that begins here: no element crosses a page that the piece has not begun in.
template <class T, Mnemonic kKind>
u64 piece_length(Cpu& cpu, const Op& op, u64 count) {
  const bool down = cpu.rflag(arch::flag::kDf);
  // A single step traps after each element (SDM vol. 3, 18.3.1.4).
  if (cpu.rflag(arch::flag::kTf) || (cpu.guest_events & cpu::guest_event::kEachInstruction) != 0) return 1;
  u64 n = std::min<u64>(count, 4096 / sizeof(T));
  constexpr bool kReads = kKind == Mnemonic::MOVSB || kKind == Mnemonic::LODSB || kKind == Mnemonic::CMPSB;
  constexpr bool kUsesDi = kKind != Mnemonic::LODSB;
  const bool wide = cpu.code64();
  if (kReads) {
    const u64 base = wide && op.segment < arch::kFs ? 0 : cpu.seg[op.segment].base;
    n = std::min(n, elements_in_page(base + address_register(cpu, op, arch::kRsi), sizeof(T), down));
  }
  if (kUsesDi) {
    const u64 base = wide ? 0 : cpu.seg[arch::kEs].base;
    n = std::min(n, elements_in_page(base + address_register(cpu, op, arch::kRdi), sizeof(T), down));
  }
  return n;
}

template <class T, template <class> class One, Mnemonic kKind>
struct Repeated {
  static constexpr bool kCompares = kKind == Mnemonic::SCASB || kKind == Mnemonic::CMPSB;
  static constexpr bool kMoves = kKind == Mnemonic::MOVSB || kKind == Mnemonic::STOSB;

  static bool goes_on(const Cpu& cpu, const Op& op) {
    if (!kCompares) return true;
    return (op.flags & decode::op_flag::kRepne) ? !cpu.flags.zf() : cpu.flags.zf();
  }

  /// Intel's processors write the flags of a comparison when the whole instruction is over: at a fault
  /// between its elements they are those from before it (SDM vol. 2, REP), at a trap there too
  /// (docs/oracle.md). AMD's are those of the last element.
  static Outcome run(Cpu& cpu, const Op& op) {
    if constexpr (!kCompares) return elements(cpu, op);
    const Flags before = cpu.flags;
    const Outcome outcome = elements(cpu, op);
    if (outcome != Outcome::Next && outcome != Outcome::Exit && cpu::vendor(cpu) == cpu::Vendor::Intel)
      cpu.flags = before;
    return outcome;
  }

  static Outcome elements(Cpu& cpu, const Op& op) {
    const u64 count = address_register(cpu, op, arch::kRcx);
    if (count == 0) return Outcome::Next;
    const u64 piece = piece_length<T, kKind>(cpu, op, count);
    u64 done = bulk<T, kKind>(cpu, op, piece);
    Outcome outcome = Outcome::Next;
    bool stopped = false;
    while (done < piece && !stopped) {
      outcome = One<T>::run(cpu, op);
      if (outcome != Outcome::Next) break;
      ++done;
      stopped = !goes_on(cpu, op);
      // The first element has brought its pages into the soft TLB.
      if (done == 1) done += bulk<T, kKind>(cpu, op, piece - done);
    }
    if (done != 0) {
      set_address_register(cpu, op, arch::kRcx, count - done);
      cpu.charge(cost_of(cpu, kMoves, done, sizeof(T)));
    }
    // A breakpoint that an element has met traps behind it, before the next one faults.
    if (outcome == Outcome::Fault && done != 0 && cpu.pending_debug != 0) return Outcome::Repeat;
    if (outcome != Outcome::Next) return outcome;
    return stopped || done == count ? Outcome::Exit : Outcome::Repeat;
  }
};

template <class T, template <class> class One, Mnemonic kKind>
Handlers string_of(const Form& form) {
  if (form.rep || form.repne) {
    Handlers h = heavy<&Repeated<T, One, kKind>::run>();
    h.threaded = &leave_for_step;
    return h;
  }
  return heavy<&One<T>::run>();
}

/// Bytes of an element, by the last letter of the instruction's name.
unsigned element_bytes(Mnemonic m) {
  switch (std::string_view(decode::name(m)).back()) {
    case 'B': return 1;
    case 'W': return 2;
    case 'D': return 4;
    default: return 8;
  }
}

template <template <class> class One, Mnemonic kKind>
Handlers string_by_size(const Form& form) {
  switch (element_bytes(form.mnemonic)) {
    case 1: return string_of<u8, One, kKind>(form);
    case 2: return string_of<u16, One, kKind>(form);
    case 4: return string_of<u32, One, kKind>(form);
    default: return string_of<u64, One, kKind>(form);
  }
}

}  // namespace

Handlers select_string(const Form& form, Op&) {
  using enum Mnemonic;
  for (const decode::Operand& operand : form.operand)
    if (operand.kind == decode::Kind::Xmm) return {};
  switch (form.mnemonic) {
    case MOVSB:
    case MOVSW:
    case MOVSD:
    case MOVSQ: return string_by_size<Movs, MOVSB>(form);
    case STOSB:
    case STOSW:
    case STOSD:
    case STOSQ: return string_by_size<Stos, STOSB>(form);
    case LODSB:
    case LODSW:
    case LODSD:
    case LODSQ: return string_by_size<Lods, LODSB>(form);
    case SCASB:
    case SCASW:
    case SCASD:
    case SCASQ: return string_by_size<Scas, SCASB>(form);
    case CMPSB:
    case CMPSW:
    case CMPSD:
    case CMPSQ: return string_by_size<Cmps, CMPSB>(form);
    default: return {};
  }
}

}  // namespace hvlab::execute
