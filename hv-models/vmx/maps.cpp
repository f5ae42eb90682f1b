// Permission maps: a bit of 1 leaves the guest (SDM vol. 3, 25.6.4, 25.6.9).
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"
#include "hv-models/vmx/control.hpp"

#include "sim/arch/apic.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::vmx {
namespace {

constexpr unsigned kPortMapOrder = 1;  // 8 KiB: I/O bitmaps A and B in a row

u8* all_ones(unsigned order) {
  u8* map = static_cast<u8*>(runtime::allocate_pages(order));
  if (map == nullptr) runtime::panic("no memory for permission maps");
  memset(map, 0xff, u64{4096} << order);
  return map;
}

// 1 KiB each: reads of MSRs from 0, and from C000_0000h; writes of the same.
void let_through(u8* map, u32 msr) {
  const bool high = msr >= 0xc000'0000;
  const u32 n = high ? msr - 0xc000'0000 : msr;
  for (const u32 half : {0u, 2048u}) map[half + (high ? 1024 : 0) + n / 8] &= static_cast<u8>(~(1u << n % 8));
}

// What VM entry and exit move is the guest's own.
void let_moved_through(u8* map) {
  namespace m = arch::msr;
  for (const u32 msr : {m::kStar, m::kLstar, m::kCstar, m::kFmask, m::kFsBase, m::kGsBase, m::kKernelGsBase,
                        m::kSysenterCs, m::kSysenterEsp, m::kSysenterEip})
    let_through(map, msr);
}

}  // namespace

u64 port_map() {
  static u8* map = all_ones(kPortMapOrder);
  return runtime::physical(map);
}

// All ports but those of the serial port, which the hypervisor prints on, of ACPI, and of the interrupt
// controllers.
u64 privileged_port_map() {
  static u8* map = nullptr;
  if (map == nullptr) {
    map = all_ones(kPortMapOrder);
    memset(map, 0, 0x1'0000 / 8);
    const auto keep = [](u16 first, u16 last) {
      for (u32 port = first; port <= last; ++port) map[port / 8] |= static_cast<u8>(1u << port % 8);
    };
    keep(0x20, 0x21);
    keep(0xa0, 0xa1);
    keep(0x3f8, 0x3ff);
    keep(0x600, 0x63f);
  }
  return runtime::physical(map);
}

u64 make_port_map() {
  u8* map = static_cast<u8*>(runtime::allocate_pages(kPortMapOrder));
  if (map == nullptr) return 0;
  memset(map, 0xff, u64{4096} << kPortMapOrder);
  return runtime::physical(map);
}

void let_ports_through(u64 map, u16 first, unsigned count) {
  u8* bits = runtime::direct<u8>(map);
  for (u32 port = first; port < first + count && port < 0x1'0000; ++port)
    bits[port / 8] &= static_cast<u8>(~(1u << port % 8));
}

u64 msr_map() {
  static u8* map = nullptr;
  if (map == nullptr) {
    map = all_ones(0);
    let_moved_through(map);
  }
  return runtime::physical(map);
}

// The command register is what reaches other processors (SDM vol. 3, 11.12.9); an interrupt to oneself has a
// register of its own.
u64 direct_msr_map() {
  static u8* map = nullptr;
  if (map == nullptr) {
    namespace m = arch::msr;
    map = all_ones(0);
    let_moved_through(map);
    for (u32 msr = m::kX2apicFirst; msr <= m::kX2apicLast; ++msr) {
      if (msr != m::kX2apicFirst + arch::apic::kCommandLow / 16) let_through(map, msr);
    }
    let_through(map, m::kTscDeadline);
  }
  return runtime::physical(map);
}

}  // namespace hvlab::vmx
