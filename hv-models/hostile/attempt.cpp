#include "hv-models/hostile/attempt.hpp"

#include "hv-models/runtime/interrupts.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"
#include "sim/arch/exceptions.hpp"
#include "sim/arch/registers.hpp"

namespace hvlab::hostile {
namespace {

Attempt attempts[runtime::kMostProcessors];
alignas(16) u8 stacks[runtime::kMostProcessors][4096];  // for the way back

[[noreturn]] void go_back() { __builtin_longjmp(attempt_here().buffer, 1); }

void caught(runtime::TrapFrame& frame) {
  Attempt& here = attempt_here();
  here.vector = frame.vector;
  if (!here.on) return;
  here.on = false;
  frame.rip = reinterpret_cast<u64>(&go_back);
  frame.rsp = reinterpret_cast<u64>(stacks[runtime::this_processor().index] + sizeof stacks[0] - 8);
  frame.rflags = arch::flag::kFixed1;
}

u64 state = 1;

constexpr u64 mix(u64 value) {
  value = (value ^ value >> 31) * 0x7fb5'd329'728e'a185;
  return value ^ value >> 27;
}

constexpr u64 compute_secret(u64 from) {
  for (unsigned i = 0; i < 100; ++i) from = mix(from + i);
  return from;
}

}  // namespace

Attempt& attempt_here() { return attempts[runtime::this_processor().index]; }

void catch_exceptions() {
  for (u8 vector = 0; vector < 32; ++vector) {
    if (vector != static_cast<u8>(arch::Exception::Nmi)) runtime::set_handler(vector, caught);
  }
}

void set_chance(u64 seed) { state = seed; }
u64 chance() {
  state = state * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
  return mix(state);
}

u64 secret() {
  volatile u64 from = 4711;
  return compute_secret(from);
}

bool is_secret(u64 value) {
  constexpr u64 kMixed = mix(compute_secret(4711));
  if (mix(value) != kMixed) return false;
  runtime::print("hostile: SECRET of a neighbour read\n");
  return true;
}

}  // namespace hvlab::hostile
