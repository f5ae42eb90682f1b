// The arithmetic of the integer unit as pure functions: operands in, result and flags out (SDM vol. 1, 7.3).
#pragma once

#include <functional>
#include <type_traits>

#include "sim/cpu/flags.hpp"

namespace hvlab::execute {

using cpu::Flags;

/// Flags of a T-wide `result` with the carry out of each bit in `carries`.
template <class T>
[[gnu::always_inline]] constexpr Flags flags_of(T result, T carries) {
  constexpr unsigned kBits = sizeof(T) * 8;
  Flags f;
  f.result = static_cast<std::make_signed_t<T>>(result);
  f.carries = ((static_cast<u64>(carries) << (64 - kBits)) & (u64{3} << 62)) | (carries & Flags::kAdjust);
  return f;
}

/// a + b + carry, and a - b - borrow.
template <class T>
[[gnu::always_inline]] constexpr T sum(T a, T b, bool carry, Flags& flags) {
  const T r = static_cast<T>(a + b + (carry ? 1 : 0));
  flags = flags_of<T>(r, static_cast<T>((a & b) | ((a | b) & ~r)));
  return r;
}
template <class T>
[[gnu::always_inline]] constexpr T difference(T a, T b, bool borrow, Flags& flags) {
  const T r = static_cast<T>(a - b - (borrow ? 1 : 0));
  flags = flags_of<T>(r, static_cast<T>((~a & b) | ((~a | b) & r)));
  return r;
}

/// The binary operations: `run(a, b, flags)` returns the result and replaces the flags.
struct Add {
  static constexpr bool kWrites = true;
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, T b, Flags& flags) {
    return sum<T>(a, b, false, flags);
  }
};

struct Adc {
  static constexpr bool kWrites = true;
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, T b, Flags& flags) {
    return sum<T>(a, b, flags.cf(), flags);
  }
};

struct Sub {
  static constexpr bool kWrites = true;
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, T b, Flags& flags) {
    return difference<T>(a, b, false, flags);
  }
};

struct Sbb {
  static constexpr bool kWrites = true;
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, T b, Flags& flags) {
    return difference<T>(a, b, flags.cf(), flags);
  }
};

struct Cmp : Sub {
  static constexpr bool kWrites = false;
};

/// Bit by bit: no carries.
template <class Operation>
struct Logic {
  static constexpr bool kWrites = true;
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, T b, Flags& flags) {
    const T r = static_cast<T>(Operation{}(a, b));
    flags = flags_of<T>(r, 0);
    return r;
  }
};
struct And : Logic<std::bit_and<>> {};
struct Or : Logic<std::bit_or<>> {};
struct Xor : Logic<std::bit_xor<>> {};

struct Test : And {
  static constexpr bool kWrites = false;
};

/// The unary operations. INC and DEC leave CF alone.
template <class Operation>
struct ByOne {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, Flags& flags) {
    const bool carry = flags.cf();
    const T r = Operation::template run<T>(a, 1, flags);
    flags.set_cf(carry);
    return r;
  }
};
struct Inc : ByOne<Add> {};
struct Dec : ByOne<Sub> {};

struct Neg {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, Flags& flags) {
    return Sub::run<T>(0, a, flags);
  }
};

struct Not {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, Flags&) {
    return static_cast<T>(~a);
  }
};

/// Shifts and rotates by `count`, already masked to 5 or 6 bits (SDM vol. 2, SAL/SAR/SHL/SHR). A count of 0
/// changes no flags. OF is defined for a count of 1 and here follows the same formula for all.
struct Shl {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    if (count == 0) return a;
    const T r = count < kBits ? static_cast<T>(a << count) : T{0};
    const bool carry = count <= kBits && ((a >> (kBits - count)) & 1) != 0;
    flags = flags_of<T>(r, 0);
    flags.set_cf_of(carry, carry != (static_cast<std::make_signed_t<T>>(r) < 0));
    return r;
  }
};

struct Shr {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    if (count == 0) return a;
    const T r = count < kBits ? static_cast<T>(a >> count) : T{0};
    const bool carry = count <= kBits && ((a >> (count - 1)) & 1) != 0;
    flags = flags_of<T>(r, 0);
    flags.set_cf_of(carry, static_cast<std::make_signed_t<T>>(a) < 0);
    return r;
  }
};

struct Sar {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    if (count == 0) return a;
    const auto s = static_cast<std::make_signed_t<T>>(a);
    const unsigned last = count < kBits ? count - 1 : kBits - 1;
    const T r = static_cast<T>(count < kBits ? s >> count : s >> (kBits - 1));
    flags = flags_of<T>(r, 0);
    flags.set_cf_of(((s >> last) & 1) != 0, false);
    return r;
  }
};

struct Rol {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    if (count == 0) return a;
    const unsigned n = count % kBits;
    const T r = n == 0 ? a : static_cast<T>((a << n) | (a >> (kBits - n)));
    const bool carry = (r & 1) != 0;
    flags.set_cf_of(carry, carry != (((r >> (kBits - 1)) & 1) != 0));
    return r;
  }
};

struct Ror {
  template <class T>
  [[gnu::always_inline]] static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    if (count == 0) return a;
    const unsigned n = count % kBits;
    const T r = n == 0 ? a : static_cast<T>((a >> n) | (a << (kBits - n)));
    const bool top = ((r >> (kBits - 1)) & 1) != 0, next = ((r >> (kBits - 2)) & 1) != 0;
    flags.set_cf_of(top, top != next);
    return r;
  }
};

struct Rcl {
  template <class T>
  static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    const unsigned n = count % (kBits + 1);
    if (n == 0) return a;  // CF comes round to where it was
    bool carry = flags.cf();
    T r = a;
    for (unsigned i = 0; i < n; ++i) {
      const bool out = ((r >> (kBits - 1)) & 1) != 0;
      r = static_cast<T>((r << 1) | (carry ? 1 : 0));
      carry = out;
    }
    flags.set_cf_of(carry, carry != (((r >> (kBits - 1)) & 1) != 0));
    return r;
  }
};

struct Rcr {
  template <class T>
  static constexpr T run(T a, unsigned count, Flags& flags) {
    constexpr unsigned kBits = sizeof(T) * 8;
    const unsigned n = count % (kBits + 1);
    if (n == 0) return a;
    bool carry = flags.cf();
    T r = a;
    for (unsigned i = 0; i < n; ++i) {
      const bool out = (r & 1) != 0;
      r = static_cast<T>((r >> 1) | (static_cast<T>(carry ? 1 : 0) << (kBits - 1)));
      carry = out;
    }
    const bool top = ((r >> (kBits - 1)) & 1) != 0, next = ((r >> (kBits - 2)) & 1) != 0;
    flags.set_cf_of(carry, top != next);
    return r;
  }
};

}  // namespace hvlab::execute
