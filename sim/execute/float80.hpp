// The instructions of the x87 unit whose result differs from one host to the next, as pure functions of their
// own: transcendentals (SDM vol. 1, 8.3.7 to 8.3.10) and partial remainders. All the other arithmetic is
// exact and is done by the host's unit (x87_host.hpp).
//
// Each function takes the guest's control word, of which the exception masks and rounding control matter, and
// the operands, whose registers must not be empty. It returns a status word like the host's: exceptions, C1
// set if the result was rounded up, and C0, C2, C3 where the instruction defines them. Unmasked overflow and
// underflow give the result with the biased exponent (SDM vol. 1, 8.5.4, 8.5.5); after another unmasked
// exception the caller withholds the results, and they mean nothing.
#pragma once

#include "sim/cpu/state.hpp"

namespace hvlab::execute::x87 {

using cpu::Float80;

/// r = 2^a - 1. Outside of -1..1, where the manual leaves the result undefined, it is a itself.
u16 f2xm1(u16 control, const Float80& a, Float80& r);

/// r = st1 * log2(st0).
u16 fyl2x(u16 control, const Float80& st0, const Float80& st1, Float80& r);

/// r = st1 * log2(st0 + 1), exact to the last bits for small st0.
u16 fyl2xp1(u16 control, const Float80& st0, const Float80& st1, Float80& r);

/// r = the angle of the vector (st0, st1), -pi..pi.
u16 fpatan(u16 control, const Float80& st0, const Float80& st1, Float80& r);

/// r = sin(a), cos(a). C2 set: |a| >= 2^63, and r is a, which stays in ST(0).
u16 fsin(u16 control, const Float80& a, Float80& r);
u16 fcos(u16 control, const Float80& a, Float80& r);

/// Two results: one takes the place of a in ST(0), the other is pushed afterwards. C2 set: |a| >= 2^63, ST(0)
/// stays a and nothing is pushed. After a masked invalid operation, or of a NaN, both are the NaN.
u16 fsincos(u16 control, const Float80& a, Float80& sine, Float80& pushed_cosine);
u16 fptan(u16 control, const Float80& a, Float80& tangent, Float80& pushed_one);

/// r = remainder of st0 / st1, the quotient cut (FPREM) or rounded to the nearest (FPREM1). C2 clear:
/// complete, and the quotient's three low bits stand in C0, C3, C1. C2 set: the exponents were 64 or more
/// apart, and r is st0 less a multiple of st1.
u16 fprem(u16 control, const Float80& st0, const Float80& st1, Float80& r);
u16 fprem1(u16 control, const Float80& st0, const Float80& st1, Float80& r);

}  // namespace hvlab::execute::x87
