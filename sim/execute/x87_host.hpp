// One x87 instruction on the host's unit, under the guest's control word. Its arithmetic on 80-bit numbers is
// exact to the last bit on every x86-64 host, unmasked responses included: an unmasked exception only waits
// in the status word, and FNCLEX removes it before a waiting instruction comes.
#pragma once

#include "sim/execute/x87.hpp"

namespace hvlab::execute::x87 {

/// The host's own control word (System V ABI).
inline constexpr u16 kHostControl = 0x037F;

}  // namespace hvlab::execute::x87

// Each is a function (control, operands..., result&) that returns the host's status word. `insn` is assembly
// that works on ST(0).

/// r = insn(a), or of ST(0) = a and ST(1) = b.
#define HVLAB_X87_UNARY(insn)                                            \
  [](u16 control, const Float80& a, Float80& r) {                        \
    u16 status;                                                          \
    asm volatile("fnclex\n\tfldt %[a]\n\tfldcw %[c]\n\t" insn            \
                 "\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\tfstpt %[r]" \
                 : [r] "=m"(r), [s] "=&a"(status)                        \
                 : [a] "m"(a), [c] "m"(control), [h] "m"(kHostControl)); \
    return status;                                                       \
  }
#define HVLAB_X87_BINARY(insn)                                                           \
  [](u16 control, const Float80& a, const Float80& b, Float80& r) {                      \
    u16 status;                                                                          \
    asm volatile("fnclex\n\tfldt %[b]\n\tfldt %[a]\n\tfldcw %[c]\n\t" insn               \
                 "\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\tfstpt %[r]\n\tfstp %%st(0)" \
                 : [r] "=m"(r), [s] "=&a"(status)                                        \
                 : [a] "m"(a), [b] "m"(b), [c] "m"(control), [h] "m"(kHostControl));     \
    return status;                                                                       \
  }
/// r = insn(a, memory operand m of type T).
#define HVLAB_X87_MEMORY(T, insn)                                                    \
  [](u16 control, const Float80& a, T m, Float80& r) {                               \
    u16 status;                                                                      \
    asm volatile("fnclex\n\tfldt %[a]\n\tfldcw %[c]\n\t" insn                        \
                 " %[m]\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]\n\tfstpt %[r]"        \
                 : [r] "=m"(r), [s] "=&a"(status)                                    \
                 : [a] "m"(a), [m] "m"(m), [c] "m"(control), [h] "m"(kHostControl)); \
    return status;                                                                   \
  }
/// r = the constant that insn pushes.
#define HVLAB_X87_CONSTANT(insn)                                                \
  [](u16 control, Float80& r) {                                                 \
    asm volatile("fnclex\n\tfldcw %[c]\n\t" insn "\n\tfldcw %[h]\n\tfstpt %[r]" \
                 : [r] "=m"(r)                                                  \
                 : [c] "m"(control), [h] "m"(kHostControl));                    \
  }
/// m = what insn, which pops, stores of a. If an exception that withholds the store is unmasked, it may not
/// have popped, hence FNINIT; otherwise all are masked, and FNINIT's time is saved.
// NOLINTBEGIN(bugprone-macro-parentheses): a piece of a string
#define HVLAB_X87_STORE(insn)                                                                    \
  []<class T>(u16 control, const Float80& a, T& m) {                                             \
    u16 status;                                                                                  \
    if ((control & status::kBeforeStore) == status::kBeforeStore) [[likely]] {                   \
      asm volatile("fnclex\n\tfldt %[a]\n\tfldcw %[c]\n\t" insn                                  \
                   " %[m]\n\tfnstsw %[s]\n\tfnclex\n\tfldcw %[h]"                                \
                   : [m] "+m"(m), [s] "=&a"(status)                                              \
                   : [a] "m"(a), [c] "m"(control), [h] "m"(kHostControl));                       \
    } else {                                                                                     \
      asm volatile("fnclex\n\tfldt %[a]\n\tfldcw %[c]\n\t" insn " %[m]\n\tfnstsw %[s]\n\tfninit" \
                   : [m] "+m"(m), [s] "=&a"(status)                                              \
                   : [a] "m"(a), [c] "m"(control));                                              \
    }                                                                                            \
    return status;                                                                               \
  }
// NOLINTEND(bugprone-macro-parentheses)
