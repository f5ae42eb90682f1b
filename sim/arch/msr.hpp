// Model-specific registers by address (SDM vol. 4; APM vol. 2, appendix A).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::arch::msr {

inline constexpr u32 kTsc = 0x10, kApicBase = 0x1B, kFeatureControl = 0x3A, kTscAdjust = 0x3B,
                     kBiosUpdateTrigger = 0x79, kBiosUpdateSignature = 0x8B, kSmmMonitorCtl = 0x9B,
                     kSmbase = 0x9E, kMtrrCap = 0xFE, kSysenterCs = 0x174, kSysenterEsp = 0x175,
                     kSysenterEip = 0x176, kMcgCap = 0x179, kMcgStatus = 0x17A, kMcgCtl = 0x17B,
                     kMiscEnable = 0x1A0, kDebugCtl = 0x1D9, kMtrrPhysBase0 = 0x200, kMtrrFix64k = 0x250,
                     kMtrrFix16k80000 = 0x258, kMtrrFix16kA0000 = 0x259, kMtrrFix4kFirst = 0x268,
                     kMtrrFix4kLast = 0x26F, kPat = 0x277, kMtrrDefType = 0x2FF, kTscDeadline = 0x6E0,
                     kX2apicFirst = 0x800, kX2apicLast = 0x8FF, kXss = 0xDA0;

inline constexpr u32 kEfer = 0xC000'0080, kStar = 0xC000'0081, kLstar = 0xC000'0082, kCstar = 0xC000'0083,
                     kFmask = 0xC000'0084, kFsBase = 0xC000'0100, kGsBase = 0xC000'0101,
                     kKernelGsBase = 0xC000'0102, kTscAux = 0xC000'0103;

/// Bits of IA32_DEBUGCTL (SDM vol. 3, 18.4.1): last-branch records, single-stepping on branches.
inline constexpr u64 kDebugCtlLbr = 1, kDebugCtlBtf = 2;

/// No byte of a page-attribute table is a reserved memory type (SDM vol. 3, table 12-10; APM vol. 2, 7.8.1).
constexpr bool pat_valid(u64 value) {
  for (unsigned n = 0; n < 8; ++n, value >>= 8)
    if (const u64 type = value & 0xFF; type > 7 || type == 2 || type == 3) return false;
  return true;
}

/// AMD SVM (APM vol. 2, 15.30).
inline constexpr u32 kVmCr = 0xC001'0114, kVmHsavePa = 0xC001'0117, kSvmKey = 0xC001'0118;

}  // namespace hvlab::arch::msr
