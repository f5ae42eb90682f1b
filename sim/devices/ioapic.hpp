// 82093AA-compatible I/O APIC (Intel 290566) of version 20h, which adds the EOI register. Sends what its
// redirection table says as interrupt messages (SDM vol. 3, 11.11).
#pragma once

#include <array>

#include "sim/devices/ioapic_registers.hpp"
#include "sim/devices/register_bank.hpp"
#include "sim/observe/event.hpp"
#include "sim/ports/message_interrupt.hpp"

namespace hvlab::devices {

class IoApic {
 public:
  struct State {
    std::array<u64, ioapic::kPinCount> entries{};
    u32 lines = 0;  // logical levels of the pins
    u8 select = 0;
    u8 id = 0;
  };

  /// `id` is the APIC ID after reset that firmware would set.
  IoApic(MessageInterrupts& messages, u8 id, observe::DeviceProbe probe = {});

  void reset();

  /// The wire into `pin` (0..23). Wires carry logical levels: the polarity bit of an entry is kept for
  /// software and changes nothing.
  InterruptLine& input(unsigned pin);

  /// A local APIC has ended a level-triggered interrupt: pins waiting for it may ask again.
  void end_of_interrupt(u8 vector);

  RegisterTarget& registers() { return registers_; }  // 4 KiB, at FEC00000h in a PC
  const State& state() const { return state_; }

 private:
  u64 read(u64 offset, unsigned size);
  void write(u64 offset, unsigned size, u64 value);
  u32 read_register(u8 index) const;
  void write_register(u8 index, u32 value);
  void drive(unsigned pin, bool level);
  void service_level(unsigned pin);
  void deliver(unsigned pin);

  MessageInterrupts& messages_;
  observe::DeviceProbe probe_;
  u8 reset_id_;
  State state_;
  Bank<IoApic> registers_;
  std::array<InputPin<IoApic>, ioapic::kPinCount> pins_;
};

}  // namespace hvlab::devices
