#include "undefined.hpp"

#include "sim/decode/decoder.hpp"
#include "sim/arch/registers.hpp"

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
  decode::decode(c.code, 15, c.code_bytes, c.code_bytes, s.form, s.op);
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

}  // namespace

u64 undefined_flags(const Case& c) {
  switch (mnemonic(c)) {
    case AND: case OR: case XOR: case TEST: return kAf;
    case MUL: case IMUL: return kSf | kZf | kAf | kPf;
    case DIV: case IDIV: return kStatus;
    case SHL: case SHR: case SAR: return shift_flags(c);
    case ROL: case ROR: case RCL: case RCR: return count_of(c, 1) > 1 ? kOf : 0;
    case SHLD: case SHRD: {
      const unsigned count = count_of(c, 2), width = shape(c).form.bytes(0) * 8u;
      return count == 0 ? 0 : count > width ? kStatus : kAf | (count != 1 ? kOf : 0);
    }
    case BT: case BTS: case BTR: case BTC: return kOf | kSf | kAf | kPf;
    case BSF: case BSR: return kCf | kOf | kSf | kAf | kPf;
    case TZCNT: case LZCNT: return kOf | kSf | kAf | kPf;
    case ANDN: case BLSI: case BLSMSK: case BLSR: case BZHI: return kAf | kPf;
    case BEXTR: return kAf | kSf | kPf;
    case AAA: case AAS: return kOf | kSf | kZf | kPf;
    case DAA: case DAS: return kOf;
    case AAM: case AAD: return kOf | kAf | kCf;
    default: return 0;
  }
}

bool unspecified_byte(const Case& c, u64 address) {
  const u64 at = address - c.target;
  switch (mnemonic(c)) {
    case FXSAVE: case FXSAVE64: return (at >= 6 && at < 24) || (at >= 28 && at < 32) || (at >= 416 && at < 512);
    case FNSTENV: case FNSAVE: return shape(c).op.operand_bytes == 2 ? at >= 6 && at < 14 : at >= 12 && at < 28;
    default: return false;
  }
}

double estimate_bound(const Case& c) {
  switch (mnemonic(c)) {
    case RCPPS: case RCPSS: case RSQRTPS: case RSQRTSS: return 2 * 1.5 / 4096;  // each side within 1.5 * 2^-12
    default: return 0;
  }
}

unsigned last_place_bound(const Case& c) {
  switch (mnemonic(c)) {
    case FSIN: case FCOS: case FSINCOS: case FPTAN: case FPATAN: case F2XM1: case FYL2X: case FYL2XP1: return 3;
    default: return 0;
  }
}

}  // namespace hvlab::oracle
