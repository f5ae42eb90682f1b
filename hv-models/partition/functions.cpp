#include "hv-models/partition/functions.hpp"

#include <initializer_list>

#include "hv-models/hypervisor/permission_maps.hpp"
#include "hv-models/hypervisor/second_stage.hpp"
#include "hv-models/runtime/acpi.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/panic.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::partition {
namespace {

using hypervisor::VirtualMachine;
namespace acpi = runtime::acpi;

constexpr u8 kCommand = 0x04, kFirstBar = 0x10;
constexpr u32 kDecodes = 3, kMaster = 4;
constexpr u8 kStorage = 0x01, kIde = 0x01, kNetwork = 0x02, kBridge = 0x06;
constexpr u8 kFirstIdeLine = 14;
constexpr u16 kChannels[] = {0x1f0, 0x170};  // of the PIIX, in compatibility mode
constexpr u64 kPage = 4096;

Function functions[kMostFunctions];
unsigned count = 0;

bool is_ide(const Function& f) { return f.pci.base_class == kStorage && f.pci.sub_class == kIde; }

// A channel without drives keeps nothing of what is written to it (ATA/ATAPI-4, 9.16).
bool has_drives(u16 channel) {
  for (const u8 drive : {u8{0xa0}, u8{0xb0}}) {
    runtime::out8(static_cast<u16>(channel + 6), drive);
    runtime::out8(static_cast<u16>(channel + 3), 0x55);
    runtime::out8(static_cast<u16>(channel + 4), 0xaa);
    if (runtime::in8(static_cast<u16>(channel + 3)) == 0x55 &&
        runtime::in8(static_cast<u16>(channel + 4)) == 0xaa &&
        runtime::in8(static_cast<u16>(channel + 7)) != 0)
      return true;
  }
  return false;
}

// It decodes nothing meanwhile.
void read_bars(Function& f) {
  const u32 command = drivers::pci_read(f.pci, kCommand) & 0xffff;
  drivers::pci_write(f.pci, kCommand, command & ~kDecodes);
  for (unsigned i = 0; i < kBars; ++i) {
    const u8 offset = static_cast<u8>(kFirstBar + 4 * i);
    const u32 before = drivers::pci_read(f.pci, offset);
    drivers::pci_write(f.pci, offset, ~u32{0});
    Bar& bar = f.bars[i];
    bar.mask = drivers::pci_read(f.pci, offset);
    drivers::pci_write(f.pci, offset, before);
    if (bar.mask == 0) continue;
    bar.there = true;
    bar.port = (bar.mask & 1) != 0;
    bar.wide = !bar.port && (bar.mask & 6) == 4;
    bar.address = drivers::pci_address(f.pci, i);
    const u32 size_bits = bar.mask & (bar.port ? ~u32{3} : ~u32{15});
    bar.bytes = size_bits & (~size_bits + 1);
    if (bar.wide) ++i;  // its upper half has no size of its own here: all lie below 4 GiB
  }
  drivers::pci_write(f.pci, kCommand, command);
}

// Devices that interrupt by one wire are one partition's, or nobody could tell whose interrupt it is.
bool shares_wire(const Function& with, unsigned number) {
  for (unsigned i = 0; i < count; ++i) {
    const Function& f = functions[i];
    if (f.owner != 0 && f.owner != number && !is_ide(f) && !is_ide(with) && f.pci.irq == with.pci.irq)
      return true;
  }
  return false;
}

bool give(VirtualMachine& machine, u8 base_class) {
  bool wired = false;
  for (unsigned i = 0; i < count; ++i) {
    Function& f = functions[i];
    if (f.bridge || f.pci.base_class != base_class || f.owner != 0) continue;
    wired = shares_wire(f, machine.number);
    if (wired) continue;
    f.owner = machine.number;
    return true;
  }
  if (wired)
    runtime::panic("vm%u: the devices left interrupt by a wire that is another partition's", machine.number);
  return false;
}

}  // namespace

void find_functions() {
  drivers::for_each_pci_function([](const drivers::PciFunction& pci) {
    const bool bridge = pci.base_class == kBridge && pci.function == 0;
    if (count == kMostFunctions || (!bridge && pci.base_class != kStorage && pci.base_class != kNetwork))
      return;
    Function& f = functions[count];
    f = {};
    f.pci = pci;
    if (is_ide(f) && !has_drives(kChannels[0]) && !has_drives(kChannels[1])) return;
    ++count;
    f.bridge = bridge;
    if (!bridge) read_bars(f);
  });
}

bool give_disk(VirtualMachine& machine) { return give(machine, kStorage); }
bool give_card(VirtualMachine& machine) { return give(machine, kNetwork); }

void open_ports(VirtualMachine& machine) {
  const auto open = [&](u16 first, unsigned ports) {
    hypervisor::let_ports_through(machine.ports, first, ports);
  };
  // Reading the timer changes nothing, and writing it neither (ACPI 6.4, 4.8.3.3).
  if (acpi::tables().timer_port != 0) open(acpi::tables().timer_port, 4);
  for (unsigned i = 0; i < count; ++i) {
    const Function& f = functions[i];
    if (f.owner != machine.number) continue;
    for (const Bar& bar : f.bars) {
      if (bar.there && bar.port) open(static_cast<u16>(bar.address), static_cast<unsigned>(bar.bytes));
    }
    if (!is_ide(f)) continue;
    for (const u16 channel : kChannels) {
      open(channel, 8);
      open(static_cast<u16>(channel + 0x206), 1);
    }
  }
}

bool map_registers(VirtualMachine& machine) {
  for (unsigned i = 0; i < count; ++i) {
    if (functions[i].owner != machine.number) continue;
    for (const Bar& bar : functions[i].bars) {
      if (!bar.there || bar.port) continue;
      if (bar.bytes < kPage || bar.address % kPage != 0)
        runtime::panic("a device at %lx has no page to itself, and cannot be a partition's", bar.address);
      if (!hypervisor::map(machine.tables, bar.address, bar.address, bar.bytes,
                           hypervisor::kReadable | hypervisor::kWritable))
        return false;
    }
  }
  return true;
}

u32 pins_of(unsigned number) {
  u32 pins = 0;
  for (unsigned i = 0; i < count; ++i) {
    const Function& f = functions[i];
    if (f.owner != number) continue;
    if (is_ide(f)) {
      pins |= 3u << kFirstIdeLine;
    } else if (f.pci.irq < acpi::kIsaLines) {
      pins |= 1u << acpi::tables().isa[f.pci.irq].pin;
    }
  }
  return pins;
}

void quiet(unsigned number) {
  for (unsigned i = 0; i < count; ++i) {
    if (functions[i].owner != number) continue;
    const u32 command = drivers::pci_read(functions[i].pci, kCommand) & 0xffff;
    drivers::pci_write(functions[i].pci, kCommand, command & ~kMaster);
  }
}

Function* function_at(u8 slot, u8 function) {
  for (unsigned i = 0; i < count; ++i) {
    if (functions[i].pci.slot == slot && functions[i].pci.function == function) return &functions[i];
  }
  return nullptr;
}

}  // namespace hvlab::partition
