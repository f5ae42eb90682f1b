// 82371SB (PIIX3) function 0: the PCI-to-ISA bridge, which routes PIRQA#..PIRQD# to ISA interrupts.
// 82371FB/82371SB data sheet, 2.2.
#pragma once

#include <array>

#include "sim/devices/pci_function.hpp"
#include "sim/ports/interrupt_line.hpp"

namespace hvlab::devices {

class Piix3 final : public PciFunction {
 public:
  explicit Piix3(const PciServices& services);

  static constexpr u8 kPirqRouteA = 0x60;  // PIRQRC[A:D], 60h..63h: bit 7 = not routed, bits 3:0 = IRQ

  /// The input of PIRQ `index` (0 = A), for PciBus::connect_pirq.
  InterruptLine& pirq(unsigned index) { return inputs_[index]; }

  /// Names the wire of ISA interrupt `irq` (0..15). The bridge drives it as one of several sources when other
  /// devices use it too: the board joins them. The same number serves the 8259s and the IOAPIC's pin.
  void connect_irq(unsigned irq, InterruptLine& line) { irq_[irq] = &line; }

  /// Writes the routing registers as firmware does.
  void route(const std::array<u8, 4>& irqs);

  /// ISA interrupts that a PIRQ is routed to, bit n = IRQ n: those that firmware makes level-triggered in the
  /// ELCR (ports 4D0h and 4D1h, with the 8259s).
  u16 routed_irqs() const;

  void reset() override;

  /// The levels at the inputs, bit 0 = PIRQA#. Restoring it needs restore_levels() to drive the wires again.
  u8 pirq_levels() const { return levels_; }
  void restore_levels(u8 levels);

 private:
  struct Input final : InterruptLine {
    void set(bool asserted) override;
    Piix3* bridge = nullptr;
    u8 index = 0;
  };

  void config_written(u8 offset, unsigned size) override;
  /// The IRQ that PIRQ `index` reaches, or 16 if none (disabled, or a reserved number).
  unsigned irq_of(unsigned index) const;
  void drive();

  std::array<Input, 4> inputs_;
  std::array<InterruptLine*, 16> irq_{};
  u8 levels_ = 0;
  u16 driven_ = 0;
};

}  // namespace hvlab::devices
