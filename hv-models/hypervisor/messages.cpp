#include "hv-models/hypervisor/messages.hpp"

#include "hv-models/hypervisor/vendor.hpp"

namespace hvlab::hypervisor {

using arch::apic::DeliveryMode;
using arch::apic::Shorthand;

namespace {

bool is_target(const VirtualProcessor& vcpu, const VirtualProcessor* from, const ApicMessage& message) {
  switch (message.shorthand) {
    case Shorthand::Self: return &vcpu == from;
    case Shorthand::AllIncludingSelf: return true;
    case Shorthand::AllExcludingSelf: return &vcpu != from;
    default: return vcpu.apic.matches(message.destination, message.logical);
  }
}

// SDM vol. 3, 8.4.4.1: a processor starts at the first start-up message after INIT; later ones are ignored.
void start(VirtualProcessor& vcpu, u8 page) {
  if (vcpu.started) return;
  vendor().set_real_mode(vcpu, page);
  vcpu.started = true;
  vcpu.halted = false;
}

// INIT to a processor that runs would reset it: no system of ours does that, and the message is passed over.
void deliver(VirtualProcessor& vcpu, const ApicMessage& message) {
  switch (message.mode) {
    case DeliveryMode::Fixed:
    case DeliveryMode::LowestPriority:
      if (vcpu.machine->direct) return vcpu.machine->hooks->interrupt(vcpu, message.vector);
      vcpu.apic.accept(message.vector, message.level);
      break;
    case DeliveryMode::StartUp: start(vcpu, message.vector); break;
    case DeliveryMode::Nmi: vcpu.nmi = true; break;
    default: return;
  }
  vcpu.machine->hooks->kick(vcpu);
}

}  // namespace

void send(VirtualMachine& machine, VirtualProcessor* from, const ApicMessage& message) {
  if (!message.valid) return;
  for (unsigned i = 0; i < machine.count; ++i) {
    VirtualProcessor& vcpu = machine.vcpus[i];
    if (!is_target(vcpu, from, message)) continue;
    deliver(vcpu, message);
    if (message.mode == DeliveryMode::LowestPriority) return;
  }
}

void send_pending(VirtualMachine& machine) {
  IoApic::Message each;
  while (machine.io_apic.next(each)) {
    ApicMessage message;
    message.valid = true;
    message.mode = static_cast<DeliveryMode>(each.mode);
    message.vector = each.vector;
    message.level = each.level;
    message.logical = each.logical;
    message.destination = each.destination;
    send(machine, nullptr, message);
  }
}

void end_of_interrupt(VirtualMachine& machine, int vector) {
  if (vector < 0) return;
  machine.io_apic.end_of_interrupt(static_cast<u8>(vector));
  if (machine.hooks->interrupt_ended != nullptr) machine.hooks->interrupt_ended(machine);
  send_pending(machine);
}

void set_line(VirtualMachine& machine, unsigned pin, bool level) {
  machine.io_apic.set_line(pin, level);
  send_pending(machine);
}

}  // namespace hvlab::hypervisor
