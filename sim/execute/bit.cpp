// BT BTS BTR BTC, BSF BSR TZCNT LZCNT POPCNT, BSWAP, CRC32 (SDM vol. 2).
#include <bit>

#include "sim/execute/address64.hpp"
#include "sim/execute/arithmetic.hpp"
#include "sim/execute/integer.hpp"

namespace hvlab::execute {

namespace {

using decode::Mnemonic;

enum class BitAction : u8 { Test, Set, Reset, Complement };

template <class T, BitAction kAction>
T apply_bit(T value, unsigned n) {
  const T mask = static_cast<T>(T{1} << n);
  if constexpr (kAction == BitAction::Set) return static_cast<T>(value | mask);
  if constexpr (kAction == BitAction::Reset) return static_cast<T>(value & ~mask);
  if constexpr (kAction == BitAction::Complement) return static_cast<T>(value ^ mask);
  return value;
}

/// Only CF changes: the manual leaves the others undefined or unchanged (ZF).
template <class T, BitAction kAction>
struct BitReg {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const u64 raw = op.imm2 != 0 ? static_cast<u64>(op.imm) : cpu.template get<T>(op.reg[1]);
    const unsigned n = static_cast<unsigned>(raw & (sizeof(T) * 8 - 1));
    const T value = cpu.template get<T>(op.reg[0]);
    flags.set_cf(((value >> n) & 1) != 0);
    if constexpr (kAction != BitAction::Test) cpu.template set<T>(op.reg[0], apply_bit<T, kAction>(value, n));
    return Outcome::Next;
  }
};

/// With a register offset the memory operand is a bit string: the offset, signed, also selects the word.
template <class T, BitAction kAction>
struct BitMem {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    u64 raw = static_cast<u64>(op.imm);
    u64 offset = effective_address(cpu, op);
    if (op.imm2 == 0) {
      const i64 bit_offset = static_cast<std::make_signed_t<T>>(cpu.template get<T>(op.reg[1]));
      raw = static_cast<u64>(bit_offset);
      offset += static_cast<u64>((bit_offset >> std::countr_zero(kBits)) * static_cast<i64>(sizeof(T)));
      if (op.address_bytes != 8) offset &= op.address_bytes == 4 ? 0xFFFF'FFFF : 0xFFFF;
    }
    const unsigned n = static_cast<unsigned>(raw & (kBits - 1));
    u64 linear = 0;
    constexpr Access kAccess = kAction == BitAction::Test ? Access::Read : Access::Write;
    if (const Outcome o = check_segment(cpu, op.segment, offset, sizeof(T), kAccess, linear);
        o != Outcome::Next)
      return o;
    if constexpr (kAction != BitAction::Test) {
      if (const Outcome o = mmu::probe_write(cpu, linear, sizeof(T)); o != Outcome::Next) return o;
    }
    const Loaded<T> value = mmu::load<T>(cpu, linear);
    if (value.failed()) return value.outcome;
    if constexpr (kAction != BitAction::Test) {
      if (const Outcome o = mmu::store<T>(cpu, linear, apply_bit<T, kAction>(value.value, n));
          o != Outcome::Next)
        return o;
    }
    flags.set_cf(((value.value >> n) & 1) != 0);
    return Outcome::Next;
  }
};

template <class T, BitAction kAction>
Handlers bit_of(const Op& op) {
  return op.mem == 0 ? light<BitMem<T, kAction>>() : light<BitReg<T, kAction>>();
}

template <BitAction kAction>
Handlers bit_test(const Form& form, Op& op) {
  op.imm2 = form.operand[1].kind == decode::Kind::Immediate ? 1 : 0;
  switch (form.bytes(0)) {
    case 2: return bit_of<u16, kAction>(op);
    case 4: return bit_of<u32, kAction>(op);
    default: return bit_of<u64, kAction>(op);
  }
}

/// BSF and BSR leave the destination as it was if the source is 0 (documented by AMD, done by all).
template <class T, bool kForward>
struct BitScan {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> v = read_operand<T>(cpu, op, 1);
    if (v.failed()) return v.outcome;
    flags.set_zf(v.value == 0);
    if (v.value == 0) return Outcome::Next;
    const int n = kForward ? std::countr_zero(v.value)
                           : static_cast<int>(sizeof(T) * 8) - 1 - std::countl_zero(v.value);
    cpu.template set<T>(op.reg[0], static_cast<T>(n));
    return Outcome::Next;
  }
};

/// TZCNT and LZCNT: CF = source is 0, ZF = result is 0.
template <class T, bool kTrailing>
struct ZeroCount {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> v = read_operand<T>(cpu, op, 1);
    if (v.failed()) return v.outcome;
    const T n = static_cast<T>(kTrailing ? std::countr_zero(v.value) : std::countl_zero(v.value));
    cpu.template set<T>(op.reg[0], n);
    const u64 others = flags.status() & ~(arch::flag::kCf | arch::flag::kZf);
    flags.set_status(others | (v.value == 0 ? arch::flag::kCf : 0) | (n == 0 ? arch::flag::kZf : 0));
    return Outcome::Next;
  }
};

template <class T>
struct Popcnt {
  static Outcome run(auto& cpu, const Op& op, Flags& flags) {
    const Loaded<T> v = read_operand<T>(cpu, op, 1);
    if (v.failed()) return v.outcome;
    cpu.template set<T>(op.reg[0], static_cast<T>(std::popcount(v.value)));
    flags.set_status(v.value == 0 ? arch::flag::kZf : 0);
    return Outcome::Next;
  }
};

template <class T>
Handlers scan_of(Mnemonic m) {
  switch (m) {
    case Mnemonic::BSF: return light<BitScan<T, true>>();
    case Mnemonic::BSR: return light<BitScan<T, false>>();
    case Mnemonic::TZCNT: return light<ZeroCount<T, true>>();
    case Mnemonic::LZCNT: return light<ZeroCount<T, false>>();
    default: return light<Popcnt<T>>();
  }
}

/// The 16-bit form is undefined; processors write 0.
template <class T>
struct Bswap {
  [[gnu::always_inline]] static Outcome run(auto& cpu, const Op& op, Flags&) {
    const T v = cpu.template get<T>(op.reg[0]);
    if constexpr (sizeof(T) == 2)
      cpu.template set<T>(op.reg[0], 0);
    else
      cpu.template set<T>(op.reg[0], static_cast<T>(__builtin_bswap64(v) >> (64 - 8 * sizeof(T))));
    return Outcome::Next;
  }
};

/// CRC-32C (polynomial 11EDC6F41h, reflected).
u32 crc32c(u32 crc, u64 data, unsigned bytes) {
  for (unsigned i = 0; i < bytes * 8; ++i) {
    const u32 in = (crc ^ static_cast<u32>(data >> i)) & 1;
    crc = (crc >> 1) ^ (in != 0 ? 0x82F6'3B78u : 0u);
  }
  return crc;
}

template <class S>
struct Crc32 {
  static Outcome run(auto& cpu, const Op& op, Flags&) {
    const Loaded<S> v = read_operand<S>(cpu, op, 1);
    if (v.failed()) return v.outcome;
    cpu.template set<u32>(op.reg[0], crc32c(cpu.template get<u32>(op.reg[0]), v.value, sizeof(S)));
    return Outcome::Next;
  }
};

}  // namespace

Handlers select_bt(const Form& form, Op& op) {
  switch (form.mnemonic) {
    case Mnemonic::BT: return bit_test<BitAction::Test>(form, op);
    case Mnemonic::BTS: return bit_test<BitAction::Set>(form, op);
    case Mnemonic::BTR: return bit_test<BitAction::Reset>(form, op);
    default: return bit_test<BitAction::Complement>(form, op);
  }
}

Handlers select_bit_scan(const Form& form, Op&) {
  switch (form.bytes(0)) {
    case 2: return scan_of<u16>(form.mnemonic);
    case 4: return scan_of<u32>(form.mnemonic);
    default: return scan_of<u64>(form.mnemonic);
  }
}

Handlers select_bswap(const Form& form, Op&) {
  switch (form.bytes(0)) {
    case 2: return light<Bswap<u16>>();
    case 4: return light<Bswap<u32>>();
    default: return light<Bswap<u64>>();
  }
}

Handlers select_crc32(const Form& form, Op&) {
  switch (form.bytes(1)) {
    case 1: return light<Crc32<u8>>();
    case 2: return light<Crc32<u16>>();
    case 4: return light<Crc32<u32>>();
    default: return light<Crc32<u64>>();
  }
}

}  // namespace hvlab::execute
