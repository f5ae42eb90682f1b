#include "hv-models/runtime/ioapic.hpp"

#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/local_apic.hpp"
#include "hv-models/runtime/memory_layout.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::runtime::ioapic {
namespace {

// 82093AA data sheet, 3.0: two registers in memory space select one of the others.
constexpr u32 kSelect = 0x00, kWindow = 0x10, kVersion = 0x01, kFirstRedirection = 0x10;
constexpr u32 kLevel = 1u << 15, kActiveLow = 1u << 13, kMasked = 1u << 16;
constexpr u16 kMasterMask = 0x21, kSlaveMask = 0xa1;

void write(u32 number, u32 value) {
  device_register(acpi::tables().ioapic + kSelect) = number;
  device_register(acpi::tables().ioapic + kWindow) = value;
}
u32 read(u32 number) {
  device_register(acpi::tables().ioapic + kSelect) = number;
  return device_register(acpi::tables().ioapic + kWindow);
}

constexpr unsigned kMostHandlers = 8;
struct {
  LineHandler handler[kMostHandlers];
  void* context[kMostHandlers];
  unsigned count;
} lines[acpi::kIsaLines];

void line_arrived(TrapFrame& frame) {
  auto& line = lines[frame.vector - kFirstLine];
  for (unsigned i = 0; i < line.count; ++i) line.handler[i](line.context[i]);
  apic::end_of_interrupt();
}

}  // namespace

void set_up() {
  out8(kMasterMask, 0xff);
  out8(kSlaveMask, 0xff);
  const u32 last = read(kVersion) >> 16 & 0xff;
  for (u32 pin = 0; pin <= last; ++pin) write(kFirstRedirection + 2 * pin, kMasked);
}

bool connect(u8 irq, LineHandler handler, void* context) {
  if (irq >= acpi::kIsaLines || lines[irq].count == kMostHandlers) return false;
  auto& line = lines[irq];
  line.handler[line.count] = handler;
  line.context[line.count] = context;
  if (line.count++ > 0) return true;
  const u8 vector = static_cast<u8>(kFirstLine + irq);
  set_handler(vector, line_arrived);
  const acpi::Line& arrives = acpi::tables().isa[irq];
  const u32 pin = arrives.pin - acpi::tables().ioapic_first;
  write(kFirstRedirection + 2 * pin + 1, processor(0).apic_id << 24);
  write(kFirstRedirection + 2 * pin,
        vector | (arrives.level ? kLevel : 0) | (arrives.active_low ? kActiveLow : 0));
  return true;
}

void set_masked(u8 irq, bool masked) {
  const u32 entry = kFirstRedirection + 2 * (acpi::tables().isa[irq].pin - acpi::tables().ioapic_first);
  const u32 value = read(entry);
  write(entry, masked ? value | kMasked : value & ~kMasked);
}

// Masked while its halves are written.
void set_entry(unsigned pin, u64 entry) {
  write(kFirstRedirection + 2 * pin, kMasked);
  write(kFirstRedirection + 2 * pin + 1, static_cast<u32>(entry >> 32));
  write(kFirstRedirection + 2 * pin, static_cast<u32>(entry));
}

bool is_level(u8 irq) { return acpi::tables().isa[irq].level; }

}  // namespace hvlab::runtime::ioapic
