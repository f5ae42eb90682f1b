#include "sim/devices/pci_bus.hpp"

#include <algorithm>

#include "sim/base/bits.hpp"
#include "sim/base/check.hpp"
#include "sim/base/user_error.hpp"

namespace hvlab::devices {

using namespace pci;

void PciBus::add(u8 device, u8 number, PciFunction& function) {
  HVLAB_CHECK(device < 32 && number < 8 && at(device, number) == nullptr);
  HVLAB_CHECK(number == 0 || at(device, 0) != nullptr);
  slots_[device * 8u + number] = &function;
  function.bus_ = this;
  if (number != 0) {
    PciFunction& first = *at(device, 0);
    first.define8(kHeaderType, static_cast<u8>(first.get8(kHeaderType) | 0x80));
  }
  decode_changed();
}

PciBus::Hit PciBus::find_memory(u64 address) { return find(false, address); }
PciBus::Hit PciBus::find_port(u16 port) { return find(true, port); }

PciBus::Hit PciBus::find(bool io, u64 address) {
  if (ranges_generation_ != generation_) {
    ranges_generation_ = generation_;
    ranges_.clear();
    std::vector<PciWindow> windows;
    for (PciFunction* function : slots_) {
      if (function == nullptr) continue;
      windows.clear();
      function->append_windows(windows);
      for (const PciWindow& window : windows) ranges_.push_back({window, function});
    }
  }
  for (const Range& range : ranges_) {
    const PciWindow& window = range.window;
    if (window.io != io || address - window.base >= window.size) continue;
    return {window.target, address - window.base + window.target_offset, range.function, window.base,
            window.size};
  }
  return {};
}

void PciBus::assign_bars(PciFunction& function, PciBarKind io_or_memory, u64& next, u64 limit) {
  const bool io = io_or_memory == PciBarKind::Io;
  for (unsigned i = 0; i < 6; ++i) {
    const PciBarKind kind = function.bar_kind(i);
    if (kind == PciBarKind::None || (kind == PciBarKind::Io) != io) continue;
    // Memory banks get pages of their own, so that an operating system can map each alone.
    const u64 size = function.bar_size(i);
    next = align_up(next, io ? size : std::max<u64>(size, 4096));
    if (next + size > limit)
      throw UserError("PCI devices ask for more address space than the machine has: leave some out");
    const u8 offset = static_cast<u8>(kBar0 + 4 * i);
    function.config_write(offset, 4, static_cast<u32>(next));
    if (kind == PciBarKind::Memory64) function.config_write(static_cast<u8>(offset + 4), 4, 0);
    next += size;
  }
}

void PciBus::assign_resources(const PciResources& resources) {
  u64 memory = resources.memory_base;
  u64 io = resources.io_base;
  for (unsigned slot = 0; slot < slots_.size(); ++slot) {
    PciFunction* function = slots_[slot];
    if (function == nullptr) continue;
    assign_bars(*function, PciBarKind::Memory32, memory, resources.memory_limit);
    assign_bars(*function, PciBarKind::Io, io, resources.io_limit);
    const u8 pin = function->interrupt_pin();
    if (pin != 0) {
      const u8 irq = resources.pirq_irq[pirq_of(static_cast<u8>(slot / 8), pin)];
      function->config_write(kInterruptLine, 1, irq);
    }
    function->config_write(kCommand, 2, function->command() | kCommandIo | kCommandMemory | kCommandMaster);
  }
}

void PciBus::reset() {
  config_ports_.address = 0;
  for (PciFunction* function : slots_)
    if (function != nullptr) function->reset();
}

void PciBus::intx_changed(const PciFunction& function) {
  const auto pirq_at = [this](unsigned slot) {
    return pirq_of(static_cast<u8>(slot / 8), slots_[slot]->interrupt_pin());
  };
  unsigned changed = 4;
  for (unsigned slot = 0; slot < slots_.size(); ++slot)
    if (slots_[slot] == &function) changed = pirq_at(slot);
  if (changed > 3 || pirq_[changed] == nullptr) return;
  bool level = false;
  for (unsigned slot = 0; slot < slots_.size(); ++slot)
    level = level || (slots_[slot] != nullptr && slots_[slot]->intx_asserted() && pirq_at(slot) == changed);
  pirq_[changed]->set(level);
}

PciFunction* PciBus::ConfigPorts::selected() const {
  // Bit 31 enables; bits 23:16 name the bus, and there is only bus 0.
  if (!test_bit(address, 31) || bits(address, 23, 16) != 0) return nullptr;
  return bus.slots_[bits(address, 15, 8)];
}

u64 PciBus::ConfigPorts::read(u64 offset, unsigned size) {
  if (offset == 0 && size == 4) return address;
  if (offset == 1 && size == 1 && reset_control != nullptr) return reset_control->read(0, 1);
  const unsigned lane = offset & 3;
  PciFunction* function = offset >= 4 ? selected() : nullptr;
  if (function == nullptr || lane + size > 4) return low_mask(8 * size);
  return function->config_read(static_cast<u8>((address & 0xfc) + lane), size);
}

void PciBus::ConfigPorts::write(u64 offset, unsigned size, u64 value) {
  if (offset == 0 && size == 4) {
    address = static_cast<u32>(value) & 0x80ff'fffc;
    return;
  }
  if (offset == 1 && size == 1 && reset_control != nullptr) reset_control->write(0, 1, value);
  const unsigned lane = offset & 3;
  PciFunction* function = offset >= 4 ? selected() : nullptr;
  if (function == nullptr || lane + size > 4) return;
  function->config_write(static_cast<u8>((address & 0xfc) + lane), size, static_cast<u32>(value));
}

}  // namespace hvlab::devices
