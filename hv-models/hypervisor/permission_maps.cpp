#include "hv-models/hypervisor/permission_maps.hpp"

#include <initializer_list>
#include "hv-models/hypervisor/vendor.hpp"
#include "hv-models/hypervisor/virtual_machine.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/panic.hpp"

#include "sim/arch/apic.hpp"
#include "sim/arch/msr.hpp"

namespace hvlab::hypervisor {
namespace {

u8* all_ones(unsigned order) {
  u8* map = static_cast<u8*>(runtime::allocate_pages(order));
  if (map != nullptr) memset(map, 0xff, u64{4096} << order);
  return map;
}

u8* must_have(u8* map) {
  if (map == nullptr) runtime::panic("no memory for permission maps");
  return map;
}

// All ports but those of the serial port, which the hypervisor prints on, of ACPI, and of the interrupt
// controllers.
u8* make_privileged_ports() {
  u8* map = must_have(all_ones(vendor().port_map_order));
  memset(map, 0, 0x1'0000 / 8);
  const auto keep = [map](u16 first, u16 last) {
    for (u32 port = first; port <= last; ++port) map[port / 8] |= static_cast<u8>(1u << port % 8);
  };
  keep(0x20, 0x21);
  keep(0xa0, 0xa1);
  keep(0x3f8, 0x3ff);
  keep(0x600, 0x63f);
  return map;
}

// What each exit and entry moves is the guest's own (VMLOAD and VMSAVE, guest state and MSR areas of a VMCS).
u8* make_msrs() {
  namespace m = arch::msr;
  u8* map = must_have(all_ones(vendor().msr_map_order));
  for (const u32 msr : {m::kStar, m::kLstar, m::kCstar, m::kFmask, m::kFsBase, m::kGsBase, m::kKernelGsBase,
                        m::kSysenterCs, m::kSysenterEsp, m::kSysenterEip})
    vendor().let_msr_through(map, msr);
  return map;
}

// Of processors that a machine has to itself: their local APICs too, but for what reaches other processors,
// the command register (SDM vol. 3, 11.12.9); an interrupt to oneself has a register of its own.
u8* make_direct_msrs() {
  namespace m = arch::msr;
  u8* map = make_msrs();
  for (u32 msr = m::kX2apicFirst; msr <= m::kX2apicLast; ++msr) {
    if (msr != m::kX2apicFirst + arch::apic::kCommandLow / 16) vendor().let_msr_through(map, msr);
  }
  vendor().let_msr_through(map, m::kTscDeadline);
  return map;
}

}  // namespace

// Machines are created one after another, on the first processor.
u64 port_map_of(const VirtualMachine& machine) {
  static u8 *plain = nullptr, *privileged = nullptr;
  if (machine.ports != 0) return machine.ports;
  u8*& map = machine.privileged ? privileged : plain;
  if (map == nullptr)
    map = machine.privileged ? make_privileged_ports() : must_have(all_ones(vendor().port_map_order));
  return runtime::physical(map);
}

u64 msr_map_of(const VirtualMachine& machine) {
  static u8 *plain = nullptr, *direct = nullptr;
  u8*& map = machine.direct ? direct : plain;
  if (map == nullptr) map = machine.direct ? make_direct_msrs() : make_msrs();
  return runtime::physical(map);
}

u64 make_port_map() {
  u8* map = all_ones(vendor().port_map_order);
  return map == nullptr ? 0 : runtime::physical(map);
}

void let_ports_through(u64 map, u16 first, unsigned count) {
  u8* bits = runtime::direct<u8>(map);
  for (u32 port = first; port < first + count && port < 0x1'0000; ++port)
    bits[port / 8] &= static_cast<u8>(~(1u << port % 8));
}

}  // namespace hvlab::hypervisor
