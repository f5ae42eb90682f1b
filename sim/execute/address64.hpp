// Addressing forms that handlers are specialised on: the two fast ones of 64-bit mode, and the general one.
#pragma once

#include "sim/execute/wrap.hpp"

namespace hvlab::execute {

/// 64-bit mode, 64-bit address, segment base 0. Canonicality shows on the slow path of the access.
struct Flat64 {
  [[gnu::always_inline]] static Outcome linear(Cpu& cpu, const Op& op, unsigned, Access, u64& address) {
    address = cpu.get<u64>(op.base) + (cpu.get<u64>(op.index) << op.shift) + static_cast<u64>(i64{op.disp});
    return Outcome::Next;
  }
};

/// As Flat64 with FS or GS.
struct Based64 {
  [[gnu::always_inline]] static Outcome linear(Cpu& cpu, const Op& op, unsigned, Access, u64& address) {
    address = cpu.get<u64>(op.base) + (cpu.get<u64>(op.index) << op.shift) + static_cast<u64>(i64{op.disp}) +
              cpu.seg[op.segment].base;
    return Outcome::Next;
  }
};

/// Every other combination of mode, address size and segment.
struct General {
  static Outcome linear(Cpu& cpu, const Op& op, unsigned bytes, Access access, u64& address) {
    return linear_address(cpu, op, bytes, access, address);
  }
};

/// Calls `pick.template operator()<A>()` with the addressing form of `op` in `form`.
template <class F>
Handlers by_address(const Form& form, const Op& op, F pick) {
  if (form.code_bytes != 8 || form.address_bytes != 8) return pick.template operator()<General>();
  return op.segment >= arch::kFs ? pick.template operator()<Based64>() : pick.template operator()<Flat64>();
}

// The accesses below take a Cpu or a cpu::FastCpu, which decides what becomes of a soft-TLB miss.

template <class T, class A, class C>
[[gnu::always_inline]] inline Loaded<T> load_operand(C& cpu, const Op& op) {
  u64 address = 0;
  Loaded<T> r;
  r.outcome = A::linear(cpu, op, sizeof(T), Access::Read, address);
  if (r.failed()) [[unlikely]]
    return r;
  return mmu::load<T>(cpu, address);
}

template <class T, class A, class C>
[[gnu::always_inline]] inline Outcome store_operand(C& cpu, const Op& op, T value) {
  u64 address = 0;
  if (const Outcome o = A::linear(cpu, op, sizeof(T), Access::Write, address); o != Outcome::Next)
      [[unlikely]]
    return o;
  return mmu::store<T>(cpu, address, value);
}

/// As modify_operand(), by the slow path.
template <class T, class F>
Outcome modify_slowly(Cpu& cpu, u64 address, F change) {
  if (const Outcome o = mmu::probe_write(cpu, address, sizeof(T)); o != Outcome::Next) return o;
  const mmu::Word old = mmu::read_word_slow(cpu, address, sizeof(T));
  if (static_cast<Outcome>(old.outcome) != Outcome::Next) return static_cast<Outcome>(old.outcome);
  return mmu::write_word_slow(cpu, address, static_cast<u64>(change(static_cast<T>(old.value))), sizeof(T));
}

/// Reads, changes and writes a memory operand: `change(old)` gives the new value. Write permission is checked
/// first, as the processor does, so that nothing has happened if it is missing.
template <class T, class A, class C, class F>
[[gnu::always_inline]] inline Outcome modify_operand(C& cpu, const Op& op, F change) {
  u64 address = 0;
  if (const Outcome o = A::linear(cpu, op, sizeof(T), Access::Write, address); o != Outcome::Next)
      [[unlikely]]
    return o;
  if constexpr (std::is_same_v<C, cpu::FastCpu>) {
    const mmu::SoftEntry& e = cpu.bank->at(address);
    if (e.write_tag != ((address + sizeof(T) - 1) & ~u64{0xFFF})) [[unlikely]]
      return Outcome::Miss;
    u8* host = reinterpret_cast<u8*>(address + e.addend);
    T value;
    std::memcpy(&value, host, sizeof value);
    value = change(value);
    std::memcpy(host, &value, sizeof value);
    return Outcome::Next;
  } else {
    return modify_slowly<T>(cpu, address, change);
  }
}
}  // namespace hvlab::execute
