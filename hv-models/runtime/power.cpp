#include "hv-models/runtime/power.hpp"

#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/print.hpp"

namespace hvlab::runtime {
namespace {

constexpr u16 kDebugExit = 0xf4;
constexpr u16 kSleepTypeShift = 10, kSleepEnable = 1u << 13;

}  // namespace

void power_off() {
  drain_console();
  const acpi::Tables& tables = acpi::tables();
  if (tables.can_power_off) {
    const u16 kept = in16(tables.pm1_control) & 0x0003;
    out16(tables.pm1_control,
          static_cast<u16>(kept | tables.soft_off_type << kSleepTypeShift | kSleepEnable));
  }
  halt_forever();
}

void debug_exit(u32 status) {
  drain_console();
  out32(kDebugExit, status);
  power_off();
}

}  // namespace hvlab::runtime
