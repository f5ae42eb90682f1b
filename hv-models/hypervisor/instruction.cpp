#include "hv-models/hypervisor/instruction.hpp"

#include "sim/arch/registers.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::hypervisor {
namespace {

using Operation = MemoryInstruction::Operation;
using Alu = MemoryInstruction::Alu;

// Reads bytes one after the other; reading past the end gives zeros and is remembered.
class Bytes {
 public:
  Bytes(const u8* at, unsigned count) : begin_(at), at_(at), end_(at + count) {}
  u8 next() {
    if (at_ < end_) return *at_++;
    short_ = true;
    return 0;
  }
  u8 peek() const { return at_ < end_ ? *at_ : u8{0}; }
  u64 number(unsigned bytes) {
    u64 value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= u64{next()} << 8 * i;
    return value;
  }
  void skip(unsigned bytes) { number(bytes); }
  bool is_short() const { return short_; }
  u8 taken() const { return static_cast<u8>(at_ - begin_); }

 private:
  const u8* begin_;
  const u8* at_;
  const u8* end_;
  bool short_ = false;
};

struct Prefixes {
  bool operand = false, address = false, repeat = false;
  u8 rex = 0;
};

Prefixes read_prefixes(Bytes& code, bool long_mode) {
  Prefixes p;
  for (;;) {
    switch (code.peek()) {
      case 0x66: p.operand = true; break;
      case 0x67: p.address = true; break;
      case 0xf2:
      case 0xf3: p.repeat = true; break;
      case 0x26:
      case 0x2e:
      case 0x36:
      case 0x3e:
      case 0x64:
      case 0x65:
      case 0xf0: break;
      default:
        if (long_mode && (code.peek() & 0xf0) == 0x40) p.rex = code.next();
        return p;
    }
    if (code.next() == 0) return p;
  }
}

// ModRM of a memory operand; its displacement and SIB byte are passed over. False for a register.
bool read_modrm(Bytes& code, unsigned address_bytes, u8& field) {
  const u8 modrm = code.next();
  const u8 mod = modrm >> 6, rm = modrm & 7;
  field = modrm >> 3 & 7;
  if (mod == 3) return false;
  if (address_bytes == 2) {
    if (mod == 1) code.skip(1);
    if (mod == 2 || (mod == 0 && rm == 6)) code.skip(2);
    return true;
  }
  const u8 base = rm == 4 ? code.next() & 7 : rm;
  const bool no_base = mod == 0 && base == 5;
  if (mod == 1) code.skip(1);
  if (mod == 2 || no_base) code.skip(4);
  return true;
}

void set_register(MemoryInstruction& to, u8 number, const Prefixes& p) {
  to.gpr = static_cast<u8>(number | (p.rex & 4) << 1);
  if (to.bytes != 1 || p.rex != 0 || number < 4) return;
  to.gpr = number & 3;
  to.high_byte = true;
}

u64 sign_extend_to(u64 value, unsigned from) {
  const unsigned shift = 64 - 8 * from;
  return static_cast<u64>(static_cast<i64>(value << shift) >> shift);
}

void set_immediate(MemoryInstruction& to, Bytes& code, unsigned bytes) {
  to.has_immediate = true;
  to.immediate = sign_extend_to(code.number(bytes), bytes);
}

class Decoder {
 public:
  Decoder(Bytes& code, const Prefixes& p, unsigned code_bytes, MemoryInstruction& to)
      : code_(code), p_(p), to_(to) {
    wide_ = (p.rex & 8) != 0 ? 8 : code_bytes == 2 ? (p.operand ? 4 : 2) : (p.operand ? 2 : 4);
    address_ = code_bytes == 8   ? (p.address ? 4 : 8)
               : code_bytes == 4 ? (p.address ? 2 : 4)
                                 : (p.address ? 4 : 2);
  }

  bool decode() {
    const u8 opcode = code_.next();
    if (opcode == 0x0f) return decode_extended(code_.next());
    to_.bytes = static_cast<u8>((opcode & 1) != 0 ? wide_ : 1);
    if (opcode < 0x40 && (opcode & 7) < 4) return decode_alu(opcode);
    switch (opcode) {
      case 0x80:
      case 0x81:
      case 0x83: return decode_alu_immediate(opcode == 0x83 ? 1 : to_.bytes);
      case 0x84:
      case 0x85: return with_register(Operation::Test);
      case 0x86:
      case 0x87: return with_register(Operation::Exchange);
      case 0x88:
      case 0x89: return with_register(Operation::Store);
      case 0x8a:
      case 0x8b: return load(to_.bytes, to_.bytes, false);
      case 0xa0:
      case 0xa1: return accumulator(Operation::Load);
      case 0xa2:
      case 0xa3: return accumulator(Operation::Store);
      case 0xaa:
      case 0xab: return fill();
      case 0xc6:
      case 0xc7: return store_immediate();
      case 0xf6:
      case 0xf7: return test_immediate();
      default: return false;
    }
  }

 private:
  bool memory(u8& field) { return read_modrm(code_, address_, field); }

  bool with_register(Operation operation) {
    u8 field = 0;
    if (!memory(field)) return false;
    to_.operation = operation;
    set_register(to_, field, p_);
    return true;
  }
  bool load(unsigned bytes, unsigned register_bytes, bool sign) {
    u8 field = 0;
    if (!memory(field)) return false;
    to_.operation = Operation::Load;
    to_.bytes = static_cast<u8>(bytes);
    to_.sign = sign;
    set_register(to_, field, p_);
    if (register_bytes > 1) {  // MOVZX: the register is not a byte
      to_.gpr = static_cast<u8>(field | (p_.rex & 4) << 1);
      to_.high_byte = false;
    }
    to_.register_bytes = static_cast<u8>(register_bytes);
    return true;
  }
  bool accumulator(Operation operation) {
    code_.skip(address_);
    to_.operation = operation;
    to_.gpr = arch::kRax;
    to_.register_bytes = to_.bytes;
    return true;
  }
  bool fill() {
    to_.operation = Operation::Fill;
    to_.gpr = arch::kRax;
    to_.repeated = p_.repeat;
    to_.address_bytes = static_cast<u8>(address_);
    return true;
  }
  unsigned immediate_bytes() const { return to_.bytes < 4 ? to_.bytes : 4; }
  bool store_immediate() {
    u8 field = 0;
    if (!memory(field) || field != 0) return false;
    to_.operation = Operation::Store;
    set_immediate(to_, code_, immediate_bytes());
    return true;
  }
  bool test_immediate() {
    u8 field = 0;
    if (!memory(field) || field > 1) return false;
    to_.operation = Operation::Test;
    set_immediate(to_, code_, immediate_bytes());
    return true;
  }
  bool decode_alu(u8 opcode) {
    u8 field = 0;
    if (!memory(field)) return false;
    to_.alu = static_cast<Alu>(opcode >> 3);
    const bool to_register = (opcode & 2) != 0;
    if (to_register && to_.alu != Alu::Cmp)
      return false;  // an ALU operation on a register with a device: nobody does
    to_.operation = to_.alu == Alu::Cmp ? Operation::Compare : Operation::Modify;
    to_.reversed = to_register;
    set_register(to_, field, p_);
    return true;
  }
  bool decode_alu_immediate(unsigned bytes) {
    u8 field = 0;
    if (!memory(field)) return false;
    to_.alu = static_cast<Alu>(field);
    to_.operation = to_.alu == Alu::Cmp ? Operation::Compare : Operation::Modify;
    set_immediate(to_, code_, bytes < 4 ? bytes : 4);
    return true;
  }
  bool decode_extended(u8 opcode) {
    switch (opcode) {
      case 0xb6: return load(1, wide_, false);
      case 0xb7: return load(2, wide_, false);
      case 0xbe: return load(1, wide_, true);
      case 0xbf: return load(2, wide_, true);
      default: return false;
    }
  }

  Bytes& code_;
  const Prefixes& p_;
  MemoryInstruction& to_;
  unsigned wide_, address_;
};

constexpr u64 kCarry = arch::flag::kCf, kOverflow = arch::flag::kOf;

void set_result_flags(u64 result, unsigned bytes, u64& flags) {
  flags &= ~(arch::flag::kStatus & ~(kCarry | kOverflow | arch::flag::kAf));
  if ((result & low_mask(8 * bytes)) == 0) flags |= arch::flag::kZf;
  if ((result >> (8 * bytes - 1) & 1) != 0) flags |= arch::flag::kSf;
  if (__builtin_parity(static_cast<unsigned>(result & 0xff)) == 0) flags |= arch::flag::kPf;
}

}  // namespace

bool decode(const u8* code, unsigned count, unsigned code_bytes, MemoryInstruction& to) {
  to = {};
  Bytes bytes(code, count);
  const Prefixes prefixes = read_prefixes(bytes, code_bytes == 8);
  Decoder decoder(bytes, prefixes, code_bytes, to);
  if (!decoder.decode() || bytes.is_short()) return false;
  to.length = bytes.taken();
  return true;
}

// Always a register, whatever the upper bits of ModRM say (SDM vol. 2, MOV to and from control registers).
namespace {
bool decode_move(Bytes& code, const Prefixes& p, bool write, ControlInstruction& to) {
  const u8 modrm = code.next();
  to.kind = write ? ControlInstruction::Kind::Write : ControlInstruction::Kind::Read;
  to.control = static_cast<u8>((modrm >> 3 & 7) | (p.rex & 4) << 1);
  to.gpr = static_cast<u8>((modrm & 7) | (p.rex & 1) << 3);
  return true;
}

// Group 7.
bool decode_group(Bytes& code, const Prefixes& p, unsigned code_bytes, ControlInstruction& to) {
  constexpr u8 kStore = 4, kLoad = 6, kInvalidate = 7;
  const u8 modrm = code.peek();
  u8 field = 0;
  const unsigned address = code_bytes == 8 ? (p.address ? 4 : 8) : (code_bytes == 4) != p.address ? 4 : 2;
  const bool memory = read_modrm(code, address, field);
  to.gpr = static_cast<u8>((modrm & 7) | (p.rex & 1) << 3);
  to.bytes = (code_bytes == 2) != p.operand ? 2 : 4;
  if (memory && field == kInvalidate) return to.kind = ControlInstruction::Kind::InvalidatePage, true;
  if (!memory && field == kLoad) return to.kind = ControlInstruction::Kind::LoadStatusWord, true;
  if (!memory && field == kStore) return to.kind = ControlInstruction::Kind::StoreStatusWord, true;
  return false;
}
}  // namespace

bool decode_control(const u8* code, unsigned count, unsigned code_bytes, ControlInstruction& to) {
  to = {};
  Bytes bytes(code, count);
  const Prefixes prefixes = read_prefixes(bytes, code_bytes == 8);
  if (bytes.next() != 0x0f) return false;
  bool known = false;
  switch (bytes.next()) {
    case 0x01: known = decode_group(bytes, prefixes, code_bytes, to); break;
    case 0x06: known = true, to.kind = ControlInstruction::Kind::ClearTaskSwitched; break;
    case 0x20: known = decode_move(bytes, prefixes, false, to); break;
    case 0x22: known = decode_move(bytes, prefixes, true, to); break;
    default: break;
  }
  to.length = bytes.taken();
  return known && !bytes.is_short();
}

u64 compute(Alu alu, u64 left, u64 right, unsigned bytes, u64& flags) {
  const u64 mask = low_mask(8 * bytes), sign = u64{1} << (8 * bytes - 1);
  left &= mask;
  right &= mask;
  const u64 carry_in = (alu == Alu::Adc || alu == Alu::Sbb) && (flags & kCarry) != 0 ? 1 : 0;
  u64 result = 0;
  bool carry = false, overflow = false;
  flags &= ~(kCarry | kOverflow | arch::flag::kAf);
  switch (alu) {
    case Alu::Add:
    case Alu::Adc:
      result = (left + right + carry_in) & mask;
      carry = result < left || (carry_in != 0 && result == left);
      overflow = ((left ^ result) & (right ^ result) & sign) != 0;
      if (((left ^ right ^ result) & 0x10) != 0) flags |= arch::flag::kAf;
      break;
    case Alu::Sub:
    case Alu::Cmp:
    case Alu::Sbb:
      result = (left - right - carry_in) & mask;
      carry = left < right || (carry_in != 0 && left == right);
      overflow = ((left ^ right) & (left ^ result) & sign) != 0;
      if (((left ^ right ^ result) & 0x10) != 0) flags |= arch::flag::kAf;
      break;
    case Alu::Or: result = left | right; break;
    case Alu::And: result = left & right; break;
    case Alu::Xor: result = left ^ right; break;
  }
  if (carry) flags |= kCarry;
  if (overflow) flags |= kOverflow;
  set_result_flags(result, bytes, flags);
  return result;
}

void test_flags(u64 left, u64 right, unsigned bytes, u64& flags) {
  compute(Alu::And, left, right, bytes, flags);
}

}  // namespace hvlab::hypervisor
