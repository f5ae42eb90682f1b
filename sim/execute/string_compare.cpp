// PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM vol. 2, 4.1).
#include <bit>
#include <cstdlib>

#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

/// The immediate byte's fields.
enum class Aggregation : u8 { EqualAny, Ranges, EqualEach, EqualOrdered };
constexpr Aggregation aggregation(u8 imm) { return static_cast<Aggregation>((imm >> 2) & 3); }
constexpr bool words(u8 imm) { return (imm & 1) != 0; }

/// A fragment: its elements, widened, and how many of them count.
struct Fragment {
  i32 element[16];
  unsigned length;
  bool valid(unsigned i) const { return i < length; }
};

template <class T>
void widen(V v, Fragment& fragment) {
  const Lanes<T> lanes(v);
  for (unsigned i = 0; i < Lanes<T>::kCount; ++i)
    fragment.element[i] = lanes[i];  // NOLINT(bugprone-signed-char-misuse): the sign is meant to extend
}

Fragment elements(V v, u8 imm) {
  Fragment f{};
  switch (imm & 3) {
    case 0: widen<u8>(v, f); break;
    case 1: widen<u16>(v, f); break;
    case 2: widen<i8>(v, f); break;
    default: widen<i16>(v, f); break;
  }
  return f;
}

/// Implicit length: up to the first zero.
unsigned length_to_null(const Fragment& f, unsigned count) {
  unsigned n = 0;
  while (n < count && f.element[n] != 0) ++n;
  return n;
}

/// Explicit length: the register's absolute value, at most all elements.
unsigned length_in(const Cpu& cpu, const Op& op, unsigned gpr, unsigned count) {
  const i64 value = op.operand_bytes == 8 ? static_cast<i64>(cpu.gpr[gpr]) : static_cast<i32>(cpu.gpr[gpr]);
  const u64 magnitude = value < 0 ? 0 - static_cast<u64>(value) : static_cast<u64>(value);
  return magnitude < count ? static_cast<unsigned>(magnitude) : count;
}

/// IntRes1, bit j: how element j of `b` compares with `a` (table 4-6 says what comparisons with invalid
/// elements are).
bool compare_at(const Fragment& a, const Fragment& b, unsigned j, unsigned count, Aggregation how) {
  switch (how) {
    case Aggregation::EqualAny:
      for (unsigned i = 0; i < count; ++i)
        if (a.valid(i) && b.valid(j) && a.element[i] == b.element[j]) return true;
      return false;
    case Aggregation::Ranges:
      for (unsigned i = 0; i + 1 < count; i += 2)
        if (a.valid(i + 1) && b.valid(j) && a.element[i] <= b.element[j] && b.element[j] <= a.element[i + 1])
          return true;
      return false;
    case Aggregation::EqualEach:
      if (!a.valid(j) || !b.valid(j)) return !a.valid(j) && !b.valid(j);
      return a.element[j] == b.element[j];
    case Aggregation::EqualOrdered:
      for (unsigned i = 0; i + j < count && a.valid(i); ++i)
        if (!b.valid(i + j) || a.element[i] != b.element[i + j]) return false;
      return true;
  }
  return false;
}

/// IntRes2: IntRes1 with its polarity (table 4-4).
u32 compare(const Fragment& a, const Fragment& b, unsigned count, u8 imm) {
  u32 result = 0;
  for (unsigned j = 0; j < count; ++j)
    if (compare_at(a, b, j, count, aggregation(imm))) result |= 1u << j;
  const u32 all = static_cast<u32>(low_mask(count));
  switch ((imm >> 4) & 3) {
    case 1: return result ^ all;
    case 3: return result ^ static_cast<u32>(low_mask(b.length));
    default: return result;
  }
}

/// The mask in XMM0: one bit an element, or all bits of the element.
void put_mask(Cpu& cpu, u32 result, u8 imm) {
  if ((imm & 0x40) == 0) {
    cpu.xmm[0] = {{result, 0}};
    return;
  }
  Lanes<u8> mask;
  for (unsigned i = 0; i < 16; ++i) mask[i] = test_bit(result, words(imm) ? i / 2 : i) ? 0xFF : 0;
  set_xmm(cpu, 0, mask.value());
}

void put_index(Cpu& cpu, u32 result, u8 imm, unsigned count) {
  const unsigned lowest = static_cast<unsigned>(std::countr_zero(result)),
                 highest = 31 - static_cast<unsigned>(std::countl_zero(result));
  cpu.set<u32>(arch::kRcx * 8, result == 0 ? count : (imm & 0x40) ? highest : lowest);
}

template <bool kExplicit, bool kMask>
Outcome compare_strings(Cpu& cpu, const Op& op) {
  const u8 imm = static_cast<u8>(op.imm);
  const unsigned count = words(imm) ? 8 : 16;
  V source = op.mem == 1 ? V{} : xmm(cpu, op.reg[1]);
  if (op.mem == 1) {
    if (const Outcome o = load_unaligned(cpu, op, source); o != Outcome::Next) return o;
  }
  Fragment a = elements(xmm(cpu, op.reg[0]), imm), b = elements(source, imm);
  a.length = kExplicit ? length_in(cpu, op, arch::kRax, count) : length_to_null(a, count);
  b.length = kExplicit ? length_in(cpu, op, arch::kRdx, count) : length_to_null(b, count);
  const u32 result = compare(a, b, count, imm);
  if (kMask) {
    put_mask(cpu, result, imm);
  } else {
    put_index(cpu, result, imm, count);
  }
  using namespace arch::flag;
  cpu.flags.set_status((result != 0 ? kCf : 0) | (b.length < count ? kZf : 0) | (a.length < count ? kSf : 0) |
                       ((result & 1) ? kOf : 0));
  return Outcome::Next;
}

}  // namespace

Handlers string_compare(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case PCMPESTRI: return heavy<compare_strings<true, false>>();
    case PCMPESTRM: return heavy<compare_strings<true, true>>();
    case PCMPISTRI: return heavy<compare_strings<false, false>>();
    case PCMPISTRM: return heavy<compare_strings<false, true>>();
    default: return {};
  }
}

}  // namespace hvlab::execute
