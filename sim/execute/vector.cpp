#include "sim/execute/vector.hpp"

namespace hvlab::execute {

namespace {

Outcome address(Cpu& cpu, const Op& op, Access access, bool aligned, u64& linear) {
  if (const Outcome o = linear_address(cpu, op, 16, access, linear); o != Outcome::Next) return o;
  if (aligned && (linear & 15) != 0) return raise(cpu, Exception::GeneralProtection, 0);
  return Outcome::Next;
}

Outcome load(Cpu& cpu, const Op& op, bool aligned, V& value) {
  u64 linear = 0;
  if (const Outcome o = address(cpu, op, Access::Read, aligned, linear); o != Outcome::Next) return o;
  const Loaded<cpu::Xmm> r = mmu::load<cpu::Xmm>(cpu, linear);
  value = _mm_load_si128(reinterpret_cast<const V*>(&r.value));
  return r.outcome;
}

Outcome store(Cpu& cpu, const Op& op, bool aligned, V value) {
  u64 linear = 0;
  if (const Outcome o = address(cpu, op, Access::Write, aligned, linear); o != Outcome::Next) return o;
  cpu::Xmm x;
  _mm_store_si128(reinterpret_cast<V*>(&x), value);
  return mmu::store(cpu, linear, x);
}

}  // namespace

Outcome load_aligned(Cpu& cpu, const Op& op, V& value) { return load(cpu, op, true, value); }
Outcome load_unaligned(Cpu& cpu, const Op& op, V& value) { return load(cpu, op, false, value); }
Outcome store_aligned(Cpu& cpu, const Op& op, V value) { return store(cpu, op, true, value); }
Outcome store_unaligned(Cpu& cpu, const Op& op, V value) { return store(cpu, op, false, value); }

Outcome load_part(Cpu& cpu, const Op& op, unsigned bytes, V& value) {
  const auto part = [&]<class T>(Loaded<T> r) {
    value = from_u64(r.value);
    return r.outcome;
  };
  switch (bytes) {
    case 2: return part(read_memory<u16>(cpu, op));
    case 4: return part(read_memory<u32>(cpu, op));
    default: return part(read_memory<u64>(cpu, op));
  }
}

}  // namespace hvlab::execute
