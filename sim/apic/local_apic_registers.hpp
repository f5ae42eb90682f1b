// The local APIC's register map: who may read and write what, in which mode (SDM vol. 3, tables 11-1 and
// 11-6).
#pragma once

#include <array>

#include "sim/arch/apic.hpp"

namespace hvlab::apic {

struct RegisterRule {
  u16 offset;
  u8 count;  // registers in a row with this rule, 10h apart
  bool readable;
  bool writable;
  bool in_xapic;
  bool in_x2apic;
  u32 allowed;  // bits that a write may have set without #GP in x2APIC mode; read-only flags among them
};

inline constexpr std::array<RegisterRule, 22> kRegisterRules = {{
    // offset                         n  R      W      xAPIC  x2APIC allowed
    {arch::apic::kId, 1, true, false, true, true, 0},
    {arch::apic::kVersion, 1, true, false, true, true, 0},
    {arch::apic::kTaskPriority, 1, true, true, true, true, 0xFF},
    {arch::apic::kArbitrationPriority, 1, true, false, true, false, 0},
    {arch::apic::kProcessorPriority, 1, true, false, true, true, 0},
    {arch::apic::kEndOfInterrupt, 1, false, true, true, true, 0},
    {arch::apic::kRemoteRead, 1, true, false, true, false, 0},
    {arch::apic::kLogicalDestination, 1, true, true, true, false, 0},
    {arch::apic::kLogicalDestination, 1, true, false, false, true, 0},
    {arch::apic::kDestinationFormat, 1, true, true, true, false, 0},
    {arch::apic::kSpurious, 1, true, true, true, true, 0x13FF},
    {arch::apic::kInService, 24, true, false, true, true, 0},  // ISR, TMR, IRR
    {arch::apic::kErrorStatus, 1, true, true, true, true, 0},
    {arch::apic::kCommandLow, 1, true, true, true, true, 0xC'CFFF},
    {arch::apic::kCommandHigh, 1, true, true, true, false, 0},
    {arch::apic::kLvtTimer, 1, true, true, true, true, 0x7'10FF},
    {arch::apic::kLvtThermal, 2, true, true, true, true, 0x1'17FF},  // and performance counters
    {arch::apic::kLvtLint0, 2, true, true, true, true, 0x1'F7FF},
    {arch::apic::kLvtError, 1, true, true, true, true, 0x1'10FF},
    {arch::apic::kInitialCount, 1, true, true, true, true, 0xFFFF'FFFF},
    {arch::apic::kCurrentCount, 1, true, false, true, true, 0},
    {arch::apic::kDivideConfiguration, 1, true, true, true, true, 0x0B},
}};
inline constexpr RegisterRule kSelfIpiRule = {arch::apic::kSelfIpi, 1, false, true, false, true, 0xFF};

/// The rule for the register at `offset` (a multiple of 10h), nullptr if there is none in this mode.
constexpr const RegisterRule* register_rule(u32 offset, bool x2apic) {
  for (const RegisterRule& rule : kRegisterRules) {
    const bool here = offset >= rule.offset && offset < rule.offset + 16u * rule.count;
    if (here && (x2apic ? rule.in_x2apic : rule.in_xapic)) return &rule;
  }
  return x2apic && offset == kSelfIpiRule.offset ? &kSelfIpiRule : nullptr;
}

/// True if no register has two rules in one mode.
constexpr bool rules_are_sound() {
  for (u32 offset = 0; offset < 0x400; offset += 16) {
    int xapic = 0, x2apic = 0;
    for (const RegisterRule& rule : kRegisterRules) {
      const bool here = offset >= rule.offset && offset < rule.offset + 16u * rule.count;
      xapic += here && rule.in_xapic ? 1 : 0;
      x2apic += here && rule.in_x2apic ? 1 : 0;
    }
    if (xapic > 1 || x2apic > 1) return false;
  }
  return true;
}
static_assert(rules_are_sound());

}  // namespace hvlab::apic
