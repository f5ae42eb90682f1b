#include "generate.hpp"

#include <cstring>

#include "lead_in.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::oracle {

using decode::Form;
using decode::Kind;
using decode::Mnemonic;
using decode::Op;
using enum decode::Mnemonic;

namespace {

/// 66h before a near branch of 64-bit code cuts the target on AMD's processors and is ignored by Intel's.
bool is_near_branch(const Form& form) {
  return form.relative || form.mnemonic == JMP || form.mnemonic == CALL || form.mnemonic == RET;
}

/// Gives AF, or all flags, out as data.
bool shows_flags(Mnemonic m) {
  return m == AAA || m == AAS || m == DAA || m == DAS || m == LAHF || m == PUSHF || m == PUSHFD ||
         m == PUSHFQ;
}

bool takes_selector(const Form& form) {
  switch (form.mnemonic) {
    case MOV: return form.operand[0].kind == Kind::Segment;
    case LAR:
    case LSL:
    case VERR:
    case VERW: return true;
    default: return false;
  }
}

/// Null, of the table's segments, of none, beyond its end, of the local table that there is not.
u64 pick_selector(Random& random) {
  constexpr u16 kSome[] = {0,           1,         2,           3,    0x08, 0x10,  0x18, 0x1B,
                           kUserCode32, kUserData, kUserCode64, 0x28, 0x2A, 0x33,  0x38, 0x40,
                           0x50,        0x63,      0x7F8,       0x0F, 0x2F, 0xFFFF};
  return kSome[random.below(std::size(kSome))];
}

/// An address in or near the data pages.
u64 pick_target(Random& random) {
  const u64 inside = kData + random.below(kDataBytes - 512);
  switch (random.below(20)) {
    case 0: return kData + kPage * (1 + random.below(3)) - 1 - random.below(32);  // crosses pages
    case 1: return kData + kDataBytes - 1 - random.below(32);                     // runs into nothing
    case 2: return kReadOnly + random.below(kPage - 64);
    case 3: return random.one_in(4) ? kNothing + random.below(kPage) : inside;
    case 4:
    case 5:
    case 6: return inside;
    case 7: return inside & ~u64{7};
    default: return inside & ~u64{15};
  }
}

struct Bytes {
  u8* code;
  unsigned n = 0;
  void put(unsigned byte) {
    if (n < 16) code[n++] = static_cast<u8>(byte);
  }
};

}  // namespace

Generator::Generator(const arch::FeatureSet& features, bool amd) : features_(features), amd_(amd) {
  for (const u8 code_bytes : {u8{8}, u8{4}}) {
    std::vector<u32>& first = first_[code_bytes == 8 ? 0 : 1];
    for (const auto& group : encodings(code_bytes, features)) {
      const u32 begin = static_cast<u32>(forms_.size());
      for (const Encoding& e : group)
        if (asked(e, code_bytes)) forms_.push_back({e, code_bytes});
      if (forms_.size() != begin) first.push_back(begin);
    }
    first.push_back(static_cast<u32>(forms_.size()));
  }
}

/// What user mode can ask: not what left_out() names, far transfers, and a BSWAP of 16 bits, which is
/// undefined.
bool Generator::asked(const Encoding& e, u8 code_bytes) const {
  u8 code[16];
  Form form;
  Op op;
  plain_bytes(e, code);
  if (!recognize(code, code_bytes, features_, form, op)) return false;
  if (left_out(form.mnemonic) != nullptr || form.far) return false;
  // A hint's register form is #UD on AMD's processors.
  if (amd_ && e.map == Map::Two && e.opcode == 0x0D && !e.memory) return false;
  if (amd_ && code_bytes == 8 && e.prefix == 0x66 && is_near_branch(form)) return false;
  // REP before LOOPcc is reserved, and some processors take the condition from it.
  const bool loop = form.mnemonic == LOOPE || form.mnemonic == LOOPNE;
  if (loop && (e.prefix == 0xF2 || e.prefix == 0xF3)) return false;
  return form.mnemonic != BSWAP || form.operand_bytes != 2;
}

u32 Generator::any_form(Random& random) const {
  const std::vector<u32>& first = first_[random.one_in(4) ? 1 : 0];
  const u64 group = random.below(first.size() - 1);
  return first[group] + static_cast<u32>(random.below(first[group + 1] - first[group]));
}

/// A case being made.
struct Generator::Draft {
  Random& random;
  Case& c;
  const Encoding& e;
  unsigned displacement_at = 0;  // of a four-byte displacement without base, 0 if there is none
  unsigned opcode_end = 0;

  void prefixes(Bytes& out) const {
    constexpr u8 kSegments[] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
    const bool vex = e.map >= Map::Vex2;
    u8 list[5];
    unsigned count = 0;
    if (!vex && e.prefix != 0) list[count++] = e.prefix;
    if (random.one_in(12)) {
      const u8 segment = kSegments[random.below(6)];
      if (c.code_bytes == 8 || segment < 0x64) list[count++] = segment;
    }
    if (random.one_in(12)) list[count++] = 0x67;
    if (random.one_in(e.memory ? 25 : 150)) list[count++] = 0xF0;
    if (!vex && e.map == Map::One && random.one_in(60)) list[count++] = random.one_in(2) ? 0xF3 : 0xF2;
    for (unsigned i = 0; i < count; ++i) std::swap(list[i], list[i + random.below(count - i)]);
    for (unsigned i = 0; i < count; ++i) out.put(list[i]);
  }

  void opcode(Bytes& out) const {
    if (e.map >= Map::Vex2) {
      const unsigned pp = e.prefix == 0x66 ? 1u : e.prefix == 0xF3 ? 2u : e.prefix == 0xF2 ? 3u : 0u;
      const unsigned rxb = c.code_bytes == 8 ? static_cast<unsigned>(random.next8() & 0xE0) : 0xE0u;
      const unsigned vvvv = e.mnemonic == RORX ? 15u : static_cast<unsigned>(random.below(16));
      out.put(0xC4), out.put(rxb | (e.map == Map::Vex2 ? 2u : 3u)),
          out.put((e.rex_w ? 0x80u : 0u) | vvvv << 3 | pp);
    } else {
      if (c.code_bytes == 8 && (e.rex_w || random.one_in(2)))
        out.put(0x40u | (e.rex_w ? 8u : 0u) | (random.next8() & 7u));
      if (e.map != Map::One) out.put(0x0F);
      if (e.map == Map::Three38) out.put(0x38);
      if (e.map == Map::Three3A) out.put(0x3A);
    }
    out.put(e.opcode);
  }

  void modrm(Bytes& out) {
    const unsigned reg = e.reg >= 0 ? static_cast<unsigned>(e.reg) : static_cast<unsigned>(random.below(8));
    if (!e.memory) {
      const unsigned rm = e.rm >= 0 ? static_cast<unsigned>(e.rm) : static_cast<unsigned>(random.below(8));
      return out.put(0xC0u | reg << 3 | rm);
    }
    const unsigned mod = static_cast<unsigned>(random.below(3)), rm = static_cast<unsigned>(random.below(8));
    out.put(mod << 6 | reg << 3 | rm);
    unsigned base = rm;
    if (rm == 4) {
      const unsigned sib = random.next8();
      out.put(sib);
      base = sib & 7;
    }
    if (mod == 0 && base == 5) displacement_at = out.n;
  }

  void write() {
    Bytes out{c.code};
    prefixes(out);
    opcode(out);
    opcode_end = out.n;
    if (e.has_modrm) modrm(out);
    while (out.n < 15) out.put(random.next8());
  }

  /// Overwrites bytes of the code; `at` counts from the start of the lead-in.
  void patch(unsigned at, u64 value, unsigned bytes) {
    if (at + bytes <= c.length) std::memcpy(c.code + at, &value, bytes);
  }

  void place() {
    c.in.rip = kCode + 0x800 + random.below(256);
    if (random.one_in(20)) c.in.rip = kCode + kPage - 1 - random.below(c.length);
    // Into what is not mapped: the instruction itself, not what leads into it.
    if (random.one_in(60)) c.in.rip = kCode + kCodeBytes - 1 - c.lead - random.below(c.length - c.lead);
  }

  /// Branches go to an INT3 of the code pages, or nowhere; never into the instruction itself.
  void aim_branch(const Form& form) {
    const bool near = e.map == Map::One && ((e.opcode & 0xF0) == 0x70 ||
                                            (e.opcode >= 0xE0 && e.opcode <= 0xE3) || e.opcode == 0xEB);
    const unsigned bytes = near ? 1 : form.operand_bytes == 2 ? 2 : 4;
    u64 target = kCode + random.below(kCodeBytes);
    if (near) target = c.in.rip + c.length + static_cast<u64>(static_cast<i64>(random.below(256)) - 128);
    if (target >= c.in.rip && target < c.in.rip + c.length) target = c.in.rip + c.length;
    patch(c.length - bytes, target - (c.in.rip + c.length), bytes);
  }

  /// Makes the memory operand's address `target`, as far as its form allows.
  void aim(const Form& form, const Op& op, u64 target) {
    u64* gpr = c.in.gpr;
    c.target = target;
    u64 base = c.code_bytes == 8 && op.segment == arch::kFs   ? kFsBase
               : c.code_bytes == 8 && op.segment == arch::kGs ? kGsBase
                                                              : 0;
    const u64 offset = target - base;
    if (form.absolute) return patch(c.lead + opcode_end, offset, form.address_bytes);
    const bool wide = op.address_bytes == 8;
    const auto set = [&](u8 reg, u64 value) {
      gpr[reg / 8] = wide || c.code_bytes != 8
                         ? value
                         : static_cast<u32>(value) | (random.one_in(2) ? 0 : random.next() << 32);
      if (c.code_bytes != 8) gpr[reg / 8] = static_cast<u32>(value);
    };
    const bool has_base = op.base != decode::kZeroRegister && op.base != decode::kBlockRegister;
    const bool has_index = op.index != decode::kZeroRegister;
    const u64 disp = static_cast<u64>(i64{op.disp});
    if (has_index && op.index != op.base && has_base) {
      set(op.index, random.one_in(3) ? random.next() : random.below(256));
      u64 index = gpr[op.index / 8];
      return set(op.base, offset - disp - (index << op.shift));
    }
    if (has_base && has_index) return set(op.base, (offset - disp) / (1 + (u64{1} << op.shift)));
    if (has_base) return set(op.base, offset - disp);
    if (displacement_at == 0) return;
    u64 value = offset;
    if (op.base == decode::kBlockRegister) value -= c.in.rip + c.length;
    if (has_index) {
      set(op.index, random.below(256));
      value -= (gpr[op.index / 8] & (wide ? ~u64{0} : 0xFFFF'FFFF)) << op.shift;
    }
    patch(c.lead + displacement_at, value, 4);
  }

  /// Registers that an instruction uses without naming them.
  void aim_implicit(const Op& op, Mnemonic m) {
    u64* gpr = c.in.gpr;
    if (!random.one_in(12)) gpr[arch::kRsp] = pick_target(random);
    if (m == LEAVE || m == ENTER) gpr[arch::kRbp] = pick_target(random);
    const std::string_view name = decode::name(m);
    const bool string = name.starts_with("MOVS") || name.starts_with("CMPS") || name.starts_with("STOS") ||
                        name.starts_with("LODS") || name.starts_with("SCAS") || name.starts_with("INS") ||
                        name.starts_with("OUTS");
    if (string || name.starts_with("MASKMOV")) {
      const u64 base = c.code_bytes == 8 && op.segment == arch::kFs   ? kFsBase
                       : c.code_bytes == 8 && op.segment == arch::kGs ? kGsBase
                                                                      : 0;
      gpr[arch::kRsi] = pick_target(random) - (string ? base : 0);
      gpr[arch::kRdi] = random.one_in(4) ? gpr[arch::kRsi] + random.below(33) - 16
                                         : pick_target(random) - (string ? 0 : base);
      if (string && (op.flags & 3) != 0) {
        gpr[arch::kRcx] = random.one_in(8) ? random.below(10'000) : random.below(70);
        if (op.address_bytes == 4 && random.one_in(2)) gpr[arch::kRcx] |= random.next() << 32;
      }
    }
    if (m == XLAT) gpr[arch::kRbx] = pick_target(random);
  }

  /// Operands without which the usual outcome would always be the same one.
  void make_likely(const Form& form, const Op& op, Mnemonic m, const u8* data) {
    u64* gpr = c.in.gpr;
    const auto memory = [&](u64 at, void* to, size_t bytes) {
      if (at >= kData && at + bytes <= kData + kDataBytes) std::memcpy(to, data + (at - kData), bytes);
    };
    if (takes_selector(form)) {
      const unsigned from = form.operands - 1u;
      if (op.mem == decode::kNoMemory && op.reg[from] % 8 == 0) {
        u64& value = gpr[op.reg[from] / 8];
        value = (random.one_in(2) ? random.next() & ~u64{0xFFFF} : 0) | pick_selector(random);
      }
      c.in.rflags &= ~arch::flag::kTf;  // a load of SS holds the trap off, into the host's kernel
    }
    if (m == POP && form.operand[0].kind == Kind::Segment) c.in.rflags &= ~arch::flag::kTf;
    if (m == DIV && !random.one_in(4))
      gpr[arch::kRdx] = random.below(2), gpr[arch::kRax] &= random.one_in(2) ? 0xFF : ~u64{0};
    if (m == IDIV && !random.one_in(4)) {
      const unsigned n = form.operand_bytes * 8u;
      gpr[arch::kRdx] = (gpr[arch::kRax] >> (n - 1)) & 1 ? ~u64{0} : 0;
      if (form.bytes(0) == 1)
        gpr[arch::kRax] = static_cast<u64>(static_cast<i64>(random.next()) >> 57) & 0xFFFF;
    }
    if ((m == BT || m == BTS || m == BTR || m == BTC) && op.mem == 0 && form.operand[1].kind == Kind::Gpr &&
        op.reg[1] != op.base && op.reg[1] != op.index) {
      const i64 offset = random.one_in(2) ? static_cast<i64>(random.below(64))
                                          : static_cast<i64>(random.below(32'000)) - 16'000;
      gpr[op.reg[1] / 8] = static_cast<u64>(offset);
    }
    const bool wide = m == CMPXCHG8B || m == CMPXCHG16B;
    if ((m == CMPXCHG || wide) && random.one_in(2) && op.base != 0 && op.index != 0 &&
        op.base != arch::kRdx * 8 && op.index != arch::kRdx * 8) {
      if (op.mem == 0) {
        memory(c.target, &gpr[arch::kRax], 8);
        if (m == CMPXCHG16B) memory(c.target + 8, &gpr[arch::kRdx], 8);
        if (m == CMPXCHG8B) gpr[arch::kRdx] = gpr[arch::kRax] >> 32, gpr[arch::kRax] &= 0xFFFF'FFFF;
      } else if (op.reg[0] % 8 == 0) {
        gpr[op.reg[0] / 8] = gpr[arch::kRax];
      }
    }
  }
};

namespace {

/// The linear address that the finished case accesses: the registers may not have allowed the one aimed at.
u64 address_of(const Case& c) {
  Form form;
  Op op;
  decode::decode(c.code + c.lead, 15, c.code_bytes, c.code_bytes, form, op);
  const auto value = [&](u8 reg) {
    return reg == decode::kZeroRegister    ? u64{0}
           : reg == decode::kBlockRegister ? c.in.rip + c.lead
                                           : c.in.gpr[reg / 8];
  };
  const u64 offset = value(op.base) + (value(op.index) << op.shift) + static_cast<u64>(i64{op.disp});
  const u64 base = c.code_bytes != 8         ? 0
                   : op.segment == arch::kFs ? kFsBase
                   : op.segment == arch::kGs ? kGsBase
                                             : 0;
  return base + (offset & low_mask(op.address_bytes * 8u));
}

}  // namespace

bool Generator::attempt(Random& random, const u8* data, u32 number, Case& c) {
  const Numbered& wanted = forms_[number];
  c = Case{};
  c.form = number;
  c.code_bytes = wanted.code_bytes;
  Draft draft{random, c, wanted.encoding};
  draft.write();
  Form form;
  Op op;
  // Prefixes that chance has added may make another instruction of it.
  if (!recognize(c.code, c.code_bytes, features_, form, op) || form.mnemonic != wanted.encoding.mnemonic)
    return false;
  if (amd_ && is_near_branch(form) && c.code_bytes == 8 &&
      std::memchr(c.code, 0x66, draft.opcode_end) != nullptr)
    return false;
  if (form.mnemonic == BSWAP && form.operand_bytes == 2) return false;  // undefined result
  c.length = op.length;
  c.mnemonic = static_cast<u16>(form.mnemonic);
  fill(random, c.in);
  if (random.one_in(2)) lead_in(random, op, c);
  if (c.undefined != 0 && shows_flags(form.mnemonic)) return false;
  if (c.code_bytes != 8)
    for (unsigned i = 0; i < 16; ++i) c.in.gpr[i] = i < 8 ? static_cast<u32>(c.in.gpr[i]) : 0;
  draft.place();
  draft.aim_implicit(op, form.mnemonic);
  if (op.mem != decode::kNoMemory) {
    u64 target = pick_target(random);
    if (c.code_bytes == 8 && op.address_bytes == 8 && random.one_in(60)) target = random.next();
    draft.aim(form, op, target);
  }
  draft.make_likely(form, op, form.mnemonic, data);
  if (form.relative) draft.aim_branch(form);
  if (c.code_bytes != 8)
    for (unsigned i = 0; i < 8; ++i) c.in.gpr[i] = static_cast<u32>(c.in.gpr[i]);
  if (op.mem != decode::kNoMemory && !form.absolute) c.target = address_of(c);
  return true;
}

Case Generator::next(Random& random, const u8* data, u64 number) {
  Case c;
  const u32 in_turn = static_cast<u32>(number / 2 % forms_.size());
  while (!attempt(random, data, number % 2 == 0 ? in_turn : any_form(random), c)) {
  }
  return c;
}

}  // namespace hvlab::oracle
