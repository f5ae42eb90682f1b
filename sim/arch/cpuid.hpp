// What CPUID tells of a processor that follows from nothing else: data, copied from its profile (SDM vol. 2,
// CPUID; APM vol. 3, appendix E).
#pragma once

#include <cstddef>

#include "sim/base/types.hpp"

namespace hvlab::arch {

/// A cache as leaves 4 (Intel) and 8000001Dh (AMD) describe it; lines have 64 bytes.
struct CpuidCache {
  enum class Type : u8 { None = 0, Data = 1, Instruction = 2, Unified = 3 };
  /// EDX: WBINVD does not reach the caches of other cores below; it contains those below; a hash chooses its
  /// sets.
  static constexpr u8 kWbinvdOwn = 1, kInclusive = 2, kHashed = 4;

  Type type = Type::None;
  u8 level = 0;
  u8 cores = 1;  // that share it; 0: all of the package
  u8 properties = 0;
  u32 ways = 0;
  u32 kibibytes = 0;
};

/// A leaf that is the same four words on every processor.
struct CpuidWords {
  static constexpr u32 kAnySubleaf = ~0u;
  u32 leaf = 0, subleaf = kAnySubleaf;
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
};

struct CpuidLeaves {
  u32 basic_maximum = 0xD;             // the highest basic leaf
  u32 extended_maximum = 0x8000'001E;  // the highest extended leaf
  u32 svm_revision = 0;                // leaf 8000000Ah, EAX
  u32 svm_asids = 0;                   // ... EBX: address-space identifiers, that of the host included
  static constexpr size_t kMostCaches = 6, kMostWords = 12;
  CpuidCache caches[kMostCaches] = {};  // those with a type come first
  CpuidWords words[kMostWords] = {};    // those with a leaf come first
};

}  // namespace hvlab::arch
