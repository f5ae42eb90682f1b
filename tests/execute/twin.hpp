// Differential tests: the same instruction bytes on the host's processor and on ours, from the same
// registers.
#pragma once

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::test {

/// The FXSAVE image (SDM vol. 1, table 10-2), as far as instructions of the families under test touch it.
struct alignas(16) FxImage {
  u16 control = 0x037F, status = 0;
  u8 valid = 0, reserved0 = 0;
  u16 opcode = 0;
  u64 instruction = 0, data = 0;
  u32 mxcsr = 0x1F80, mxcsr_mask = 0;
  struct alignas(16) Slot {
    u64 significand = 0;
    u16 sign_exponent = 0;
  } st[8];
  alignas(16) u64 xmm[16][2] = {};
  u8 rest[96] = {};
};
static_assert(sizeof(FxImage) == 512);

/// Registers before or after an instruction. RDI points at `memory` in programs that have a memory operand.
struct Registers {
  FxImage fx;
  u64 rax = 0, rcx = 0, rdx = 0, rdi = 0;
  u64 status = 0;      // CF, PF, AF, ZF, SF, OF
  bool fault = false;  // #XM or #MF
  alignas(16) u8 memory[128] = {};
};

using Code = std::vector<u8>;

/// Runs `code` (one instruction, no branches) on the host.
void run_native(const Code& code, Registers& registers);
/// Runs it on HVLab's processor: decoded, its row found, its returning form called.
void run_ours(const Code& code, Registers& registers);

/// The differences between two results, one a line; empty if they agree. x87 pointers (FIP, FDP, FOP) are not
/// compared: host and guest run at different addresses.
std::string differences(const Registers& native, const Registers& ours);
std::string hex(const Code& code);

/// True if the host's processor has the feature, by the name that GCC's __builtin_cpu_supports knows.
bool host_has(const char* feature);

/// A repeatable stream of random bits.
class Random {
 public:
  explicit Random(u64 seed) : state_(seed) {}
  u64 next() {
    u64 z = (state_ += 0x9E37'79B9'7F4A'7C15);
    z = (z ^ (z >> 30)) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ (z >> 27)) * 0x94D0'49BB'1331'11EB;
    return z ^ (z >> 31);
  }
  u64 below(u64 n) { return next() % n; }
  /// Numbers that hit the corners: special values of single and double precision, small integers, random
  /// bits.
  u32 single_bits();
  u64 double_bits();

 private:
  u64 state_;
};

}  // namespace hvlab::test
