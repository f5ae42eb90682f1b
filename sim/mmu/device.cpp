#include "sim/mmu/device.hpp"

#include <cstring>

#include "sim/arch/msr.hpp"

namespace hvlab::mmu {

namespace {

bool in_apic_page(const Cpu& cpu, u64 physical) {
  if (cpu.apic == nullptr) return false;
  const u64 base = cpu.apic->base_msr();
  constexpr u64 kEnable = bit(11), kX2apic = bit(10);
  return (base & (kEnable | kX2apic)) == kEnable &&
         align_down(physical, 4096) == (base & low_mask(52) & ~low_mask(12));
}

/// The local APIC's registers are 32 bits wide on 16-byte boundaries (SDM vol. 3, 11.4.1).
u64 apic_read(Cpu& cpu, u64 physical, unsigned bytes) {
  cpu.charge(cpu.costs.apic_access);
  const u32 offset = static_cast<u32>(physical & 0xFFF);
  const u64 value = (offset & 12) != 0 ? 0 : cpu.apic->mmio_read(offset & ~3u);
  return (value >> ((offset & 3) * 8)) & low_mask(bytes * 8);
}

void apic_write(Cpu& cpu, u64 physical, u64 value, unsigned bytes) {
  cpu.charge(cpu.costs.apic_access);
  const u32 offset = static_cast<u32>(physical & 0xFFF);
  if ((offset & 15) == 0 && bytes >= 4) cpu.apic->mmio_write(offset, static_cast<u32>(value));
}

/// Calls `piece(physical, offset, bytes)` for pieces that are 1, 2, 4 or 8 bytes long and naturally aligned.
template <class F>
void aligned_pieces(u64 physical, unsigned bytes, F piece) {
  for (unsigned done = 0; done < bytes;) {
    unsigned n = 8;
    while (n > bytes - done || ((physical + done) & (n - 1)) != 0) n /= 2;
    piece(physical + done, done, n);
    done += n;
  }
}

}  // namespace

void device_read(Cpu& cpu, u64 physical, u8* to, unsigned bytes) {
  aligned_pieces(physical, bytes, [&](u64 address, unsigned offset, unsigned n) {
    u64 value = 0;
    if (in_apic_page(cpu, address)) {
      value = apic_read(cpu, address, n);
    } else {
      cpu.charge(cpu.costs.mmio_access);
      value = cpu.bus->mmio_read(address, n);
      cpu.report(observe::EventKind::MmioRead, address, value);
    }
    std::memcpy(to + offset, &value, n);
  });
}

void device_write(Cpu& cpu, u64 physical, const u8* from, unsigned bytes) {
  aligned_pieces(physical, bytes, [&](u64 address, unsigned offset, unsigned n) {
    u64 value = 0;
    std::memcpy(&value, from + offset, n);
    if (in_apic_page(cpu, address)) {
      apic_write(cpu, address, value, n);
    } else {
      cpu.charge(cpu.costs.mmio_access);
      cpu.report(observe::EventKind::MmioWrite, address, value);
      cpu.bus->mmio_write(address, n, value);
    }
  });
}

}  // namespace hvlab::mmu
