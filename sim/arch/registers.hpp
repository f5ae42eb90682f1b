// RFLAGS, control and debug registers, general registers (SDM vol. 1, 3.4; vol. 3, 2.5 and 18.2).
#pragma once

#include "sim/base/bits.hpp"

namespace hvlab::arch {

/// General registers in encoding order.
enum Gpr : u8 {
  kRax,
  kRcx,
  kRdx,
  kRbx,
  kRsp,
  kRbp,
  kRsi,
  kRdi,
  kR8,
  kR9,
  kR10,
  kR11,
  kR12,
  kR13,
  kR14,
  kR15
};

/// Segment registers in encoding order.
enum Segment : u8 { kEs, kCs, kSs, kDs, kFs, kGs };

namespace flag {
inline constexpr u64 kCf = bit(0), kFixed1 = bit(1), kPf = bit(2), kAf = bit(4), kZf = bit(6), kSf = bit(7),
                     kTf = bit(8), kIf = bit(9), kDf = bit(10), kOf = bit(11), kIopl = bit(12) | bit(13),
                     kNt = bit(14), kRf = bit(16), kVm = bit(17), kAc = bit(18), kVif = bit(19),
                     kVip = bit(20), kId = bit(21);
/// The status flags that arithmetic sets.
inline constexpr u64 kStatus = kCf | kPf | kAf | kZf | kSf | kOf;
}  // namespace flag

namespace cr0 {
inline constexpr u64 kPe = bit(0), kMp = bit(1), kEm = bit(2), kTs = bit(3), kEt = bit(4), kNe = bit(5),
                     kWp = bit(16), kAm = bit(18), kNw = bit(29), kCd = bit(30), kPg = bit(31);
}  // namespace cr0

namespace cr4 {
inline constexpr u64 kVme = bit(0), kPvi = bit(1), kTsd = bit(2), kDe = bit(3), kPse = bit(4), kPae = bit(5),
                     kMce = bit(6), kPge = bit(7), kPce = bit(8), kOsfxsr = bit(9), kOsxmmexcpt = bit(10),
                     kUmip = bit(11), kVmxe = bit(13), kFsgsbase = bit(16), kPcide = bit(17),
                     kOsxsave = bit(18), kSmep = bit(20), kSmap = bit(21);
}  // namespace cr4

namespace efer {
inline constexpr u64 kSce = bit(0), kLme = bit(8), kLma = bit(10), kNxe = bit(11), kSvme = bit(12);
}  // namespace efer

/// VM_CR (APM vol. 2, 15.30.1).
namespace vm_cr {
inline constexpr u64 kDebugPortDisable = bit(0), kRedirectInit = bit(1), kDisableA20 = bit(2), kLock = bit(3),
                     kSvmDisable = bit(4);
}  // namespace vm_cr

namespace dr6 {
inline constexpr u64 kFixed1 = 0xFFFF'0FF0, kBd = bit(13), kBs = bit(14), kBt = bit(15);
}  // namespace dr6

namespace dr7 {
inline constexpr u64 kFixed1 = bit(10), kLe = bit(8), kGe = bit(9), kGd = bit(13);
}  // namespace dr7

/// XCR0 bits (SDM vol. 1, 13.3).
namespace xcr0 {
inline constexpr u64 kX87 = bit(0), kSse = bit(1);
}  // namespace xcr0

namespace mxcsr {
inline constexpr u32 kReset = 0x1F80, kExceptions = 0x3F, kDaz = 0x40, kMasks = 0x1F80, kFz = 0x8000,
                     kWritable = 0xFFFF;
}  // namespace mxcsr

}  // namespace hvlab::arch
