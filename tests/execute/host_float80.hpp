// The host's x87 instructions, called as ours are.
#pragma once

#include "sim/cpu/state.hpp"

namespace hvlab::test {

inline constexpr u16 kHostControl = 0x037F;

// Unmasked exceptions wait in the status word until FNCLEX. An instruction that finishes with a second result
// leaves it in ST(0) and the first in ST(1); one that does not leaves a number below (`pushed_*` is then its
// only result).
#define HVLAB_HOST_UNARY(name)                                                     \
  inline u16 host_##name(u16 control, const cpu::Float80& a, cpu::Float80& r) {    \
    u16 status;                                                                    \
    asm volatile("fninit\n\tfldt %[a]\n\tfldcw %[c]\n\t" #name                     \
                 "\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\tfstpt %[r]\n\tfninit" \
                 : [r] "=m"(r), [s] "=a"(status)                                   \
                 : [a] "m"(a), [c] "m"(control), [h] "m"(kHostControl));           \
    return status;                                                                 \
  }
#define HVLAB_HOST_BINARY(name)                                                                            \
  inline u16 host_##name(u16 control, const cpu::Float80& st0, const cpu::Float80& st1, cpu::Float80& r) { \
    u16 status;                                                                                            \
    asm volatile("fninit\n\tfldt %[b]\n\tfldt %[a]\n\tfldcw %[c]\n\t" #name                                \
                 "\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\tfstpt %[r]\n\tfninit"                         \
                 : [r] "=m"(r), [s] "=a"(status)                                                           \
                 : [a] "m"(st0), [b] "m"(st1), [c] "m"(control), [h] "m"(kHostControl));                   \
    return status;                                                                                         \
  }
#define HVLAB_HOST_PUSHING(name)                                                                          \
  inline u16 host_##name(u16 control, const cpu::Float80& a, cpu::Float80& first, cpu::Float80& pushed) { \
    u16 status;                                                                                           \
    asm volatile("fninit\n\tfldt %[a]\n\tfldcw %[c]\n\t" #name                                            \
                 "\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\tfstpt %[p]\n\tfstpt %[r]\n\tfninit"          \
                 : [r] "=m"(first), [p] "=m"(pushed), [s] "=a"(status)                                    \
                 : [a] "m"(a), [c] "m"(control), [h] "m"(kHostControl));                                  \
    if ((status >> 11 & 7) != 6) first = pushed; /* TOP says that nothing was pushed */                   \
    return status;                                                                                        \
  }

HVLAB_HOST_UNARY(fsin)
HVLAB_HOST_UNARY(fcos)
HVLAB_HOST_UNARY(f2xm1)
HVLAB_HOST_PUSHING(fsincos)
HVLAB_HOST_PUSHING(fptan)
HVLAB_HOST_BINARY(fyl2x)
HVLAB_HOST_BINARY(fyl2xp1)
HVLAB_HOST_BINARY(fpatan)
HVLAB_HOST_BINARY(fprem)
HVLAB_HOST_BINARY(fprem1)

#undef HVLAB_HOST_UNARY
#undef HVLAB_HOST_BINARY
#undef HVLAB_HOST_PUSHING

}  // namespace hvlab::test
