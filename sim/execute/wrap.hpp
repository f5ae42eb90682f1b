// From an instruction's one meaning to the two forms in which the engine calls it.
#pragma once

#include "sim/decode/form.hpp"
#include "sim/execute/operands.hpp"

namespace hvlab::execute {

using cpu::Flags;
using decode::Form;
using decode::Handlers;

/// A meaning that works in registers: always inlined, lazy flags passed by reference.
template <class M>
concept Light = requires(Cpu& cpu, const Op& op, Flags& flags) {
  { M::run(cpu, op, flags) } -> std::same_as<Outcome>;
};

/// Leaves a block at `op` (which has been done if `outcome` is Exit, Jump; not done if Fault, Retry, Repeat).
void leave(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries, Outcome outcome);
/// Raises what the state forbids: see decode::need.
Outcome deny(Cpu& cpu, const Op& op);
#ifdef HVLAB_NO_TAIL_CALLS
inline constexpr bool kTailCalls = false;
#else
inline constexpr bool kTailCalls = true;
#endif

/// The last act of a threaded handler: the handler of `op` runs. Builds in which the compiler makes a call of
/// this call, and not a jump, hand it to run_threaded instead, lest handlers pile up on the stack.
[[gnu::always_inline]] inline void go_on(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  if constexpr (kTailCalls) return op->handler(cpu, op, budget, result, carries);
  cpu->flags = Flags{result, carries};
  cpu->budget = budget;
  cpu->left_op = op;
  cpu->left = Outcome::Next;
}

/// Handler of instructions that are executed outside blocks.
void leave_for_step(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

/// What a light handler returns for what Cpu::denied forbids, and for a misaligned operand of an aligned
/// move: its threaded form leaves the exception to the returning one, so that it makes no call.
inline Outcome refuse(Cpu& cpu, const Op& op) { return deny(cpu, op); }
inline Outcome refuse(cpu::FastCpu&, const Op&) { return Outcome::Miss; }
inline Outcome misaligned(Cpu& cpu) { return raise(cpu, Exception::GeneralProtection, 0); }
inline Outcome misaligned(cpu::FastCpu&) { return Outcome::Miss; }

/// Does a light operation whose threaded form returned Miss by its returning form, and goes on.
void redo(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries);

template <class M>
void light_threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  Flags flags{result, carries};
  const Outcome outcome = M::run(static_cast<cpu::FastCpu&>(*cpu), *op, flags);
  if (outcome == Outcome::Miss) [[unlikely]]
    return redo(cpu, op, budget, result, carries);
  if (outcome != Outcome::Next) [[unlikely]]
    return leave(cpu, op, budget, flags.result, flags.carries, outcome);
  return go_on(cpu, op + 1, budget, flags.result, flags.carries);
}

template <class M>
Outcome light_returning(Cpu& cpu, const Op& op) {
  if (op.needs & cpu.denied) [[unlikely]]
    return deny(cpu, op);
  Flags flags = cpu.flags;
  const Outcome outcome = M::run(cpu, op, flags);
  cpu.flags = flags;
  return outcome;
}

/// A meaning in registers for a row with needs (see decode::Op::needs), which light handlers do not look at.
template <class M>
struct Guarded {
  [[gnu::always_inline]] static Outcome run(Cpu& cpu, const Op& op, Flags& flags) {
    if (op.needs & cpu.denied) [[unlikely]]
      return deny(cpu, op);
    return M::run(cpu, op, flags);
  }
};

/// A meaning called as a function: flags and RIP are in the Cpu (Cpu::flags, Cpu::rip = this instruction).
template <auto M>
void heavy_threaded(Cpu* cpu, const Op* op, i64 budget, i64 result, u64 carries) {
  cpu->flags = Flags{result, carries};
  cpu->rip = cpu->block_rip() + op->offset;
  const Outcome outcome = (op->needs & cpu->denied) ? deny(*cpu, *op) : M(*cpu, *op);
  if (outcome != Outcome::Next) [[unlikely]]
    return leave(cpu, op, budget, cpu->flags.result, cpu->flags.carries, outcome);
  return go_on(cpu, op + 1, budget, cpu->flags.result, cpu->flags.carries);
}

template <auto M>
Outcome heavy_returning(Cpu& cpu, const Op& op) {
  if (op.needs & cpu.denied) [[unlikely]]
    return deny(cpu, op);
  return M(cpu, op);
}

// --- handlers for a selector to return ---

template <class M>
constexpr Handlers light() {
  return {&light_threaded<M>, &light_returning<M>};
}
template <class M>
constexpr Handlers guarded() {
  return light<Guarded<M>>();
}
template <auto M>
constexpr Handlers heavy() {
  return {&heavy_threaded<M>, &heavy_returning<M>};
}

// --- selectors for a row of the table ---

/// One function for every form: `ROW(CPUID, fixed<cpuid>, ...)`.
template <auto M>
Handlers fixed(const Form&, Op&) {
  return heavy<M>();
}

/// Class template M<T>::run(Cpu&, const Op&) by the size of operand 0 (u8, u16, u32, u64).
template <template <class> class M>
Handlers by_size(const Form& form, Op&) {
  switch (form.bytes(0)) {
    case 1: return heavy<&M<u8>::run>();
    case 2: return heavy<&M<u16>::run>();
    case 4: return heavy<&M<u32>::run>();
    default: return heavy<&M<u64>::run>();
  }
}

/// Class template by the effective operand size (u16, u32, u64), for instructions without explicit operands.
template <template <class> class M>
Handlers by_operand_size(const Form& form, Op&) {
  switch (form.operand_bytes) {
    case 2: return heavy<&M<u16>::run>();
    case 4: return heavy<&M<u32>::run>();
    default: return heavy<&M<u64>::run>();
  }
}

}  // namespace hvlab::execute
