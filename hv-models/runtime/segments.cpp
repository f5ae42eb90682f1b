#include "hv-models/runtime/segments.hpp"

#include "sim/arch/descriptors.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::runtime {
namespace {

constexpr u64 flat(u32 attributes) {
  return u64{attributes & 0xff} << 40 | u64{attributes >> 12} << 52 | 0x000f'0000'0000'ffff;
}

constexpr u32 kCommon = arch::attribute::kPresent | arch::attribute::kNonSystem | arch::attribute::kWritable |
                        arch::attribute::kGranularity;
constexpr u32 kCode = kCommon | arch::attribute::kCode | arch::attribute::kLong;
constexpr u32 kData = kCommon | arch::attribute::kDefaultBig;
constexpr u32 kRing3 = 3u << arch::attribute::kDplShift;

struct [[gnu::packed]] TableRegister {
  u16 limit;
  u64 base;
};

}  // namespace

void Segments::load() {
  const u64 base = reinterpret_cast<u64>(&task);
  gdt[kKernelCode / 8] = flat(kCode);
  gdt[kKernelData / 8] = flat(kData);
  gdt[kUserData / 8] = flat(kData | kRing3);
  gdt[kUserCode / 8] = flat(kCode | kRing3);
  gdt[kTaskState / 8] = (sizeof task - 1) | bits(base, 23, 0) << 16 |
                        u64{static_cast<u8>(arch::SystemType::TssAvailable)} << 40 |
                        u64{arch::attribute::kPresent} << 40 | bits(base, 31, 24) << 56;
  gdt[kTaskState / 8 + 1] = base >> 32;
  task.interrupt_stack[kDoubleFaultStack - 1] =
      reinterpret_cast<u64>(double_fault_stack + sizeof double_fault_stack);
  task.io_map = sizeof task;  // no map: no port for ring 3

  const TableRegister table{sizeof gdt - 1, reinterpret_cast<u64>(gdt)};
  asm volatile(
      "lgdt %0\n\t"
      "pushq %1\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "lretq\n"
      "1: mov %2, %%ds\n\t"
      "mov %2, %%es\n\t"
      "mov %2, %%ss\n\t"
      "mov %3, %%fs\n\t"
      "mov %3, %%gs\n\t"
      "ltr %w4"
      :
      : "m"(table), "i"(kKernelCode), "r"(u32{kKernelData}), "r"(0), "r"(kTaskState)
      : "rax", "memory");
}

}  // namespace hvlab::runtime
