// The ACPI tables, as far as they are needed without an interpreter: processors, interrupt controllers, the
// power-management timer, power-off (ACPI 6.4, 5.2).
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::runtime::acpi {

inline constexpr unsigned kMostListed = 8, kIsaLines = 16;

/// Where an ISA interrupt arrives (5.2.12.5).
struct Line {
  u32 pin;     // of the IOAPIC
  bool level;  // level-triggered, else edge
  bool active_low;
};

struct Tables {
  u32 apic_ids[kMostListed];  // of usable processors
  unsigned processors;
  u64 ioapic;  // physical address
  u32 ioapic_first;
  Line isa[kIsaLines];
  u16 timer_port;  // PM timer, 0 if none
  u16 pm1_control;
  bool can_power_off;
  u8 soft_off_type;  // SLP_TYP of S5
};

/// Reads the tables that the RSDP at `address` leads to; panics if one that is needed is missing or damaged.
void read_tables(u64 address);
const Tables& tables();

}  // namespace hvlab::runtime::acpi
