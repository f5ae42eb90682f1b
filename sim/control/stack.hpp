// A stack that is written before it becomes the current one, and where inner stacks come from.
#pragma once

#include "sim/control/segments.hpp"

namespace hvlab::control {

/// True if `bytes` bytes at `offset` lie within the limit of a data segment (SDM vol. 3, 5.3).
bool within_limit(const SegmentRegister& segment, u64 offset, unsigned bytes);

/// Pushes onto a stack whose SS and RSP are not in the processor yet.
class Frame {
 public:
  /// `width` is the size of the stack pointer (2, 4, 8); `cpl` the level at which pushes are made; `error`
  /// the error code of the #SS that a push beyond the limit raises.
  Frame(Cpu& cpu, const SegmentRegister& ss, u64 sp, u8 width, u8 cpl, u32 error)
      : cpu_(cpu),
        ss_(ss),
        sp_(sp),
        width_(width),
        rights_(cpl == 3 ? Rights::User : Rights::System),
        error_(error) {}

  Outcome push(u64 value, unsigned bytes);
  /// Pushes several values of one size, the first one first.
  template <class... Values>
  Outcome push_all(unsigned bytes, Values... values) {
    Outcome o = Outcome::Next;
    ((ok(o) ? void(o = push(values, bytes)) : void()), ...);
    return o;
  }
  /// What RSP becomes: of a 16-bit stack pointer the upper part is kept.
  u64 sp() const { return sp_; }

 private:
  Cpu& cpu_;
  const SegmentRegister& ss_;
  u64 sp_;
  u8 width_;
  Rights rights_;
  u32 error_;
};

/// The stack-pointer size that `ss` gives outside 64-bit mode.
constexpr u8 stack_width(const SegmentRegister& ss) {
  return (ss.attributes & arch::attribute::kDefaultBig) ? 4 : 2;
}

/// True if TR holds a 32-bit (or 64-bit) TSS.
constexpr bool wide_tss(const SegmentRegister& tr) { return (tr.attributes & 8) != 0; }

/// The stack of level `level` from a 16- or 32-bit TSS, with the checks of SDM vol. 3, 5.8.5 (#TS, #SS).
Outcome inner_stack(Cpu& cpu, u8 level, u32 external, SegmentRegister& ss, u64& sp);

/// RSP of level `level`, or of interrupt stack `ist` if it is not 0, from the 64-bit TSS (SDM vol. 3, 8.7).
Outcome inner_stack64(Cpu& cpu, u8 level, unsigned ist, u32 external, u64& sp);

}  // namespace hvlab::control
