#include "sim/apic/apic_bus.hpp"

#include "sim/apic/local_apic.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::apic {

using arch::apic::DeliveryMode;

void ApicBus::send(u64 address, u32 data) {
  if ((address & arch::apic::kMessageMask) != arch::apic::kMessageBase) return;
  const u8 mode = static_cast<u8>(bits(data, 10, 8));
  if (mode == 3 || mode == static_cast<u8>(DeliveryMode::StartUp)) return;
  const bool level = test_bit(data, 15);
  if (level && !test_bit(data, 14)) return;  // the end of a level, of no meaning since the Pentium 4
  Message message;
  message.destination = static_cast<u32>(bits(address, 19, 12));
  message.logical = (address & arch::apic::kMessageLogical) != 0;
  message.mode = static_cast<DeliveryMode>(mode);
  // The redirection hint asks for one receiver of lowest priority (11.11.1).
  message.lowest_priority =
      message.mode == DeliveryMode::LowestPriority || (address & arch::apic::kMessageRedirect) != 0;
  message.vector = static_cast<u8>(data);
  message.level = level;
  deliver(message);
}

void ApicBus::deliver(const Message& message) {
  if (!message.lowest_priority) {
    for (LocalApic* apic : apics_) {
      if (apic->addressed_by(message)) apic->accept(message);
    }
    return;
  }
  // 11.6.2.4: the lowest processor priority wins; among equals the first, which keeps runs alike.
  LocalApic* chosen = nullptr;
  for (LocalApic* apic : apics_) {
    if (!apic->addressed_by(message) || !apic->software_enabled()) continue;
    if (chosen == nullptr || apic->processor_priority() < chosen->processor_priority()) chosen = apic;
  }
  if (chosen != nullptr) chosen->accept(message);
}

void ApicBus::broadcast(const Message& message, const LocalApic& sender, bool including_sender) {
  for (LocalApic* apic : apics_) {
    if (apic->enabled() && (including_sender || apic != &sender)) apic->accept(message);
  }
}

void ApicBus::end_of_interrupt(u8 vector) {
  if (end_of_interrupt_) end_of_interrupt_(vector);
}

}  // namespace hvlab::apic
