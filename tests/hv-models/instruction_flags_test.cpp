// Would catch: an operation on a device's memory that leaves another result or other flags than the
// processor.
#include <catch2/catch.hpp>

#include "hv-models/hypervisor/instruction.hpp"

using namespace hvlab;
using namespace hvlab::hypervisor;
using Alu = MemoryInstruction::Alu;

TEST_CASE("results and flags are the processor's") {
  const auto host = [](Alu alu, u32 left, u32 right, u64 in, u64& flags) {
    u64 out = in;
    switch (alu) {
#define CASE(name, text)                                                                                     \
  case Alu::name:                                                                                            \
    asm("pushq %1\n popfq\n" text " %2, %0\n pushfq\n popq %1" : "+r"(left), "+r"(out) : "r"(right) : "cc"); \
    break;
      CASE(Add, "addl")
      CASE(Or, "orl")
      CASE(Adc, "adcl")
      CASE(Sbb, "sbbl")
      CASE(And, "andl")
      CASE(Sub, "subl")
      CASE(Xor, "xorl")
#undef CASE
      default: asm("cmpl %2, %0\n pushfq\n popq %1" : "+r"(left), "=r"(out) : "r"(right) : "cc"); break;
    }
    flags = out;
    return left;
  };
  constexpr u64 kStatus = 0x8d5 & ~u64{0x10}, kAf = 0x10;
  const u32 values[] = {0, 1, 2, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, 0x1234'5678, 0xff};
  for (unsigned alu = 0; alu < 8; ++alu) {
    for (const u32 left : values) {
      for (const u32 right : values) {
        for (const u64 in : {u64{2}, u64{3}}) {
          CAPTURE(alu, left, right, in);
          u64 flags = 0, ours = in;
          const u32 result = host(static_cast<Alu>(alu), left, right, in, flags);
          const u64 got = compute(static_cast<Alu>(alu), left, right, 4, ours);
          const bool logic = alu == 1 || alu == 4 || alu == 6;  // AF is undefined there
          if (static_cast<Alu>(alu) != Alu::Cmp) CHECK(static_cast<u32>(got) == result);
          CHECK((ours & (kStatus | (logic ? 0 : kAf))) == (flags & (kStatus | (logic ? 0 : kAf))));
        }
      }
    }
  }
}
