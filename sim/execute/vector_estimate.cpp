// RCPxS and RSQRTxS. The manuals bound the relative error by 1.5 * 2^-12 and leave the bits to the processor;
// here they are the exact value rounded to 12 significant bits, the same on every host. No exceptions, no
// MXCSR.
#include <cmath>

#include "sim/execute/vector_families.hpp"

namespace hvlab::execute {

namespace {

constexpr u32 kSign = 0x8000'0000, kInfinity = 0x7F80'0000, kDefaultNan = 0xFFC0'0000, kQuiet = 0x0040'0000,
              kMinNormal = 0x0080'0000;

bool nan(u32 x) { return (x & ~kSign) > kInfinity; }

/// A positive normal double rounded to 12 significant bits, as a single; 0 if it would be tiny.
u32 round_to_12_bits(double exact) {
  u64 bits;
  std::memcpy(&bits, &exact, sizeof bits);
  bits += u64{1} << 40;  // half of the last of 11 fraction bits
  const i64 exponent = static_cast<i64>(bits >> 52) - 1023;
  if (exponent < -126) return 0;
  return static_cast<u32>(exponent + 127) << 23 | static_cast<u32>((bits >> 41) & 0x7FF) << 12;
}

double as_double(u32 x) {
  float value;
  std::memcpy(&value, &x, sizeof value);
  return static_cast<double>(value);
}

/// SDM vol. 2, RCPPS: zeros and denormals give infinity, tiny results 0, all with the sign of the source.
u32 reciprocal(u32 x) {
  if (nan(x)) return x | kQuiet;
  const u32 sign = x & kSign, magnitude = x & ~kSign;
  if (magnitude < kMinNormal) return sign | kInfinity;
  if (magnitude == kInfinity) return sign;
  return sign | round_to_12_bits(1.0 / as_double(magnitude));
}

/// SDM vol. 2, RSQRTPS: zeros and denormals of either sign give infinity, other negative values the default
/// NaN.
u32 reciprocal_root(u32 x) {
  if (nan(x)) return x | kQuiet;
  if ((x & ~kSign) < kMinNormal) return (x & kSign) | kInfinity;
  if (x & kSign) return kDefaultNan;
  return x == kInfinity ? 0 : round_to_12_bits(1.0 / std::sqrt(as_double(x)));
}

V reciprocals(V, V b) {
  return map<u32>(b, b, [](u32 x, u32) { return reciprocal(x); });
}
V reciprocal_roots(V, V b) {
  return map<u32>(b, b, [](u32 x, u32) { return reciprocal_root(x); });
}

}  // namespace

Handlers vector_estimate(const Form& form, Op&) {
  using enum decode::Mnemonic;
  switch (form.mnemonic) {
    case RCPPS: return on_xmm<reciprocals>();
    case RCPSS: return on_xmm<[](V a, V b) { return with_low32(a, reciprocals(b, b)); }, 4>();
    case RSQRTPS: return on_xmm<reciprocal_roots>();
    case RSQRTSS: return on_xmm<[](V a, V b) { return with_low32(a, reciprocal_roots(b, b)); }, 4>();
    default: return {};
  }
}

}  // namespace hvlab::execute
