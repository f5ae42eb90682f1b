// PCI bus 0: configuration mechanism #1, the ranges its functions decode, the wiring of INTx#.
// PCI Local Bus Specification 3.0, 3.2.2.3.2; 82441FX data sheet, 3.1.
#pragma once

#include <array>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/devices/pci_function.hpp"
#include "sim/ports/interrupt_line.hpp"

namespace hvlab::devices {

/// Where PciBus::assign_resources may place what functions ask for.
struct PciResources {
  u64 memory_base = 0xe000'0000, memory_limit = 0xfec0'0000;
  u32 io_base = 0xc000, io_limit = 0x1'0000;
  std::array<u8, 4> pirq_irq{10, 10, 11, 11};  // the ISA interrupt that PIRQA#..PIRQD# are routed to
};

class PciBus {
 public:
  /// Where an address leads; target is null if no function decodes it.
  struct Hit {
    RegisterTarget* target = nullptr;
    u64 offset = 0;  // into the target
    PciFunction* function = nullptr;
    u64 base = 0, size = 0;  // the window: good to be cached as long as generation() stays the same
    explicit operator bool() const { return target != nullptr; }
  };

  /// Puts `function` at device `device` (0..31), function `number` (0..7). While the machine is built.
  void add(u8 device, u8 number, PciFunction& function);

  /// Ports CF8h..CFFh as one bank: CONFADD (dword accesses only) and CONFDATA. Byte accesses to CF9h belong
  /// to the reset control register and are not decoded here unless reset_control() named who answers them.
  RegisterTarget& config_ports() { return config_ports_; }
  void reset_control(RegisterTarget& target) { config_ports_.reset_control = &target; }

  /// The function that decodes a memory address / a port now. Of overlapping ranges the lowest-numbered
  /// function wins.
  Hit find_memory(u64 address);
  Hit find_port(u16 port);

  /// Changes whenever find_memory() or find_port() may answer differently than before.
  u64 generation() const { return generation_; }

  /// Names the wires PIRQA#..PIRQD#. INTx# of device d is wired to PIRQ (d - 1 + x) mod 4, x = 0 for INTA#.
  void connect_pirq(unsigned pirq, InterruptLine& line) { pirq_[pirq] = &line; }
  static unsigned pirq_of(u8 device, u8 pin) { return (device + 3u + pin - 1u) & 3u; }

  /// Does what firmware does before a kernel runs: gives every BAR an address, writes interrupt lines,
  /// enables decoding and bus mastering. Throws UserError when the ranges are too small.
  void assign_resources(const PciResources& resources);

  /// Resets every function (RST#) and CONFADD.
  void reset();

  /// The function at a place, or null.
  PciFunction* at(u8 device, u8 number) const { return slots_[device * 8u + number]; }

  u32 config_address() const { return config_ports_.address; }
  void set_config_address(u32 value) { config_ports_.address = value; }

 private:
  friend class PciFunction;

  struct ConfigPorts final : RegisterTarget {
    explicit ConfigPorts(PciBus& owner) : bus(owner) {}
    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;
    PciFunction* selected() const;
    PciBus& bus;
    RegisterTarget* reset_control = nullptr;
    u32 address = 0;
  };
  struct Range {
    PciWindow window;
    PciFunction* function;
  };

  Hit find(bool io, u64 address);
  void assign_bars(PciFunction& function, PciBarKind io_or_memory, u64& next, u64 limit);
  void decode_changed() { ++generation_; }
  void intx_changed(const PciFunction& function);

  std::array<PciFunction*, 256> slots_{};
  std::array<InterruptLine*, 4> pirq_{};
  std::vector<Range> ranges_;
  u64 generation_ = 1;
  u64 ranges_generation_ = 0;
  ConfigPorts config_ports_{*this};
};

}  // namespace hvlab::devices
