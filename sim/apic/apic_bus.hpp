// What connects the local APICs with each other and with everything that sends them messages.
#pragma once

#include <functional>
#include <vector>

#include "sim/arch/apic.hpp"
#include "sim/ports/message_interrupt.hpp"

namespace hvlab::apic {

class LocalApic;

/// An interrupt message on its way (SDM vol. 3, 11.6 and 11.11).
struct Message {
  u32 destination = 0;
  bool wide = false;  // a 32-bit x2APIC destination; else 8 bits, FFh to all
  bool logical = false;
  bool lowest_priority = false;  // to one of the destinations only
  arch::apic::DeliveryMode mode = arch::apic::DeliveryMode::Fixed;
  u8 vector = 0;
  bool level = false;  // level-triggered: its end is broadcast to the I/O APIC
};

class ApicBus final : public MessageInterrupts {
 public:
  /// Connects a local APIC (its constructor does it); in the order of processors.
  void attach(LocalApic& apic) { apics_.push_back(&apic); }

  /// Calls `handler` with the vector when a level-triggered interrupt ends: the I/O APIC's
  /// end_of_interrupt().
  void on_end_of_interrupt(std::function<void(u8)> handler) { end_of_interrupt_ = std::move(handler); }

  /// A write into FEE0_0000h..FEEF_FFFFh by a device. Other addresses and reserved delivery modes are
  /// dropped.
  void send(u64 address, u32 data) override;

  /// Takes `message` to the local APICs that it names.
  void deliver(const Message& message);
  /// Takes `message` to all local APICs, or all but `sender`.
  void broadcast(const Message& message, const LocalApic& sender, bool including_sender);

  void end_of_interrupt(u8 vector);

 private:
  std::vector<LocalApic*> apics_;
  std::function<void(u8)> end_of_interrupt_;
};

}  // namespace hvlab::apic
