// A guest's general registers by their numbers in instructions (SDM vol. 2, 2.1.5).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

enum Register : unsigned { kRax, kRcx, kRdx, kRbx, kRsp, kRbp, kRsi, kRdi };

struct Registers {
  u64 general[16] = {};
  u64 rip = 0, rflags = 2;
};

/// A segment register: attributes are descriptor bits 55..52 and 47..40 as one 12-bit word; the limit is in
/// bytes.
struct Segment {
  u16 selector, attributes;
  u32 limit;
  u64 base;
};

}  // namespace hvlab::hypervisor
