#include "sim/vmx/msr_area.hpp"

#include <algorithm>
#include <utility>

#include "sim/arch/msr.hpp"
#include "sim/control/msr.hpp"
#include "sim/mmu/walk.hpp"

namespace hvlab::vmx {

using cpu::Cpu;
namespace msr = arch::msr;

namespace {

/// Calls `access` for register `number` as if outside guests: areas have the processor's own time stamp.
template <class Access>
bool outside_guests(Cpu& cpu, u32 number, Access access) {
  if (number != msr::kTsc && number != msr::kTscDeadline) return access();
  cpu::Interceptor* const guest = std::exchange(cpu.guest, nullptr);
  const bool done = access();
  cpu.guest = guest;
  return done;
}

/// Registers that no area may have: those of the x2APIC, in whatever mode the APIC is, and for reasons of the
/// model microcode updates and their signature.
bool barred(u32 number) {
  return (number >> 8) == (msr::kX2apicFirst >> 8) || number == msr::kBiosUpdateTrigger ||
         number == msr::kBiosUpdateSignature;
}
/// Registers that may not be loaded: FS and GS have fields of their own; SMM_MONITOR_CTL can be written in
/// SMM only, which does not exist.
bool barred_from_loads(u32 number) {
  return barred(number) || number == msr::kFsBase || number == msr::kGsBase || number == msr::kSmmMonitorCtl;
}
/// ... and not stored: SMBASE can be read in SMM only.
bool barred_from_stores(u32 number) { return barred(number) || number == msr::kSmbase; }

MsrEntry read_entry(Cpu& cpu, u64 address) {
  return {.number = static_cast<u32>(mmu::read_physical(cpu, address, 4)),
          .reserved = static_cast<u32>(mmu::read_physical(cpu, address + 4, 4)),
          .value = mmu::read_physical(cpu, address + 8, 8)};
}

/// Calls `process` for each entry until one fails.
template <class Process>
u64 each_entry(Cpu& cpu, u64 address, u32 count, Process process) {
  const u64 limit = std::min<u64>(count, cpu.vmx.msr_limit());
  for (u64 n = 0; n < limit; ++n)
    if (const u64 at = address + n * sizeof(MsrEntry); !process(at, read_entry(cpu, at))) return n + 1;
  return count > limit ? limit + 1 : 0;
}

}  // namespace

u64 load_msrs(Cpu& cpu, u64 address, u32 count) {
  return each_entry(cpu, address, count, [&](u64, const MsrEntry& e) {
    return e.reserved == 0 && !barred_from_loads(e.number) &&
           outside_guests(cpu, e.number, [&] { return control::write_msr(cpu, e.number, e.value); });
  });
}

u64 store_msrs(Cpu& cpu, u64 address, u32 count) {
  return each_entry(cpu, address, count, [&](u64 at, const MsrEntry& e) {
    u64 value = 0;
    const bool read = e.reserved == 0 && !barred_from_stores(e.number) &&
                      outside_guests(cpu, e.number, [&] { return control::read_msr(cpu, e.number, value); });
    if (!read) return false;
    mmu::write_physical(cpu, at + 8, value, 8);
    return true;
  });
}

u64 msr_area_cycles(const Cpu& cpu, u64 count) {
  return std::min<u64>(static_cast<u32>(count), cpu.vmx.msr_limit()) * cpu.costs.msr_area_entry;
}

}  // namespace hvlab::vmx
