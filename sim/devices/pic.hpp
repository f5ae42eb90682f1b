// The PC's interrupt controller: two cascaded 8259A with the PIIX's edge/level control registers
// (82371AB). Master at ports 20h-21h, slave at A0h-A1h on the master's IR2, ELCR at
// 4D0h-4D1h.
#pragma once

#include <array>

#include "sim/devices/i8259.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/interrupt_acknowledge.hpp"

namespace hvlab::devices {

class Pic final : public InterruptAcknowledge {
 public:
  /// Drives `intr` (INTR of the processor, or LINT0 of local APICs). Reports LineInterrupt for each input
  /// that changes.
  explicit Pic(InterruptLine& intr, observe::DeviceProbe probe = {});

  void reset();

  /// IRQ0..IRQ15. IRQ2 is the cascade: driving it does nothing.
  InterruptLine& input(unsigned irq);

  /// INTA: the vector of the highest request; IRQ7's (or IRQ15's) vector if the request has gone, without
  /// putting it in service on that chip.
  u8 acknowledge() override;

  RegisterTarget& master_ports() { return master_ports_; }  // 20h-21h
  RegisterTarget& slave_ports() { return slave_ports_; }    // A0h-A1h
  RegisterTarget& elcr_ports() { return elcr_ports_; }      // 4D0h-4D1h

  const I8259::State& master() const { return master_.state(); }
  const I8259::State& slave() const { return slave_.state(); }

 private:
  u8 read_master(u32 offset);
  void write_master(u32 offset, u8 value);
  u8 read_slave(u32 offset);
  void write_slave(u32 offset, u8 value);
  u8 read_elcr(u32 offset);
  void write_elcr(u32 offset, u8 value);
  void drive(unsigned irq, bool level);
  void update();

  InterruptLine& intr_;
  observe::DeviceProbe probe_;
  I8259 master_;
  I8259 slave_;
  ByteBank<Pic> master_ports_;
  ByteBank<Pic> slave_ports_;
  ByteBank<Pic> elcr_ports_;
  std::array<InputPin<Pic>, 16> pins_;
};

}  // namespace hvlab::devices
