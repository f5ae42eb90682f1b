#include "hv-models/drivers/pci.hpp"

#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/spin_lock.hpp"

namespace hvlab::drivers {
namespace {

constexpr u16 kAddressPort = 0xcf8, kDataPort = 0xcfc;
constexpr u8 kCommand = 0x04, kClass = 0x08, kHeader = 0x0c, kFirstBar = 0x10, kCapabilities = 0x34,
             kInterrupt = 0x3c;
constexpr u32 kIo = 1, kMemory = 2, kMaster = 4, kHasCapabilities = 1u << 20;
runtime::SpinLock lock;  // address and data port belong together

u32 address_of(const PciFunction& f, u8 offset) {
  return 1u << 31 | u32{f.slot} << 11 | u32{f.function} << 8 | (offset & 0xfcu);
}

bool read_function(u8 slot, u8 function, PciFunction& f) {
  f = {slot, function, 0, 0, 0, 0, 0};
  const u32 id = pci_read(f, 0);
  if ((id & 0xffff) == 0xffff) return false;
  f.vendor = static_cast<u16>(id);
  f.device = static_cast<u16>(id >> 16);
  const u32 kind = pci_read(f, kClass);
  f.base_class = static_cast<u8>(kind >> 24);
  f.sub_class = static_cast<u8>(kind >> 16);
  f.irq = pci_read8(f, kInterrupt);
  return true;
}

}  // namespace

u32 pci_read(const PciFunction& f, u8 offset) {
  const runtime::Hold hold(lock);
  runtime::out32(kAddressPort, address_of(f, offset));
  return runtime::in32(kDataPort);
}

void pci_write(const PciFunction& f, u8 offset, u32 value) {
  const runtime::Hold hold(lock);
  runtime::out32(kAddressPort, address_of(f, offset));
  runtime::out32(kDataPort, value);
}

u8 pci_read8(const PciFunction& f, u8 offset) {
  return static_cast<u8>(pci_read(f, offset) >> (8 * (offset & 3)));
}

void visit_pci_functions(void (*found)(const void*, const PciFunction&), const void* context) {
  for (u8 slot = 0; slot < 32; ++slot) {
    PciFunction f;
    if (!read_function(slot, 0, f)) continue;
    const bool several = (pci_read(f, kHeader) >> 23 & 1) != 0;
    found(context, f);
    for (u8 function = 1; several && function < 8; ++function) {
      if (read_function(slot, function, f)) found(context, f);
    }
  }
}

u64 pci_address(const PciFunction& f, unsigned index) {
  const u8 offset = static_cast<u8>(kFirstBar + 4 * index);
  const u32 low = pci_read(f, offset);
  if ((low & 1) != 0) return low & ~3u;
  const bool wide = (low & 6) == 4;
  return (low & ~15u) | (wide ? u64{pci_read(f, static_cast<u8>(offset + 4))} << 32 : 0);
}

void pci_enable(const PciFunction& f) {
  const u32 command = pci_read(f, kCommand) & 0xffff;  // ones in the upper half would clear status bits
  pci_write(f, kCommand, command | kIo | kMemory | kMaster);
}

u8 pci_capability(const PciFunction& f, u8 id, u8 after) {
  if ((pci_read(f, kCommand) & kHasCapabilities) == 0) return 0;
  u8 at = pci_read8(f, after == 0 ? kCapabilities : static_cast<u8>(after + 1));
  for (unsigned steps = 0; at >= 0x40 && steps < 48; ++steps) {
    if (pci_read8(f, at) == id) return at;
    at = pci_read8(f, static_cast<u8>(at + 1));
  }
  return 0;
}

}  // namespace hvlab::drivers
