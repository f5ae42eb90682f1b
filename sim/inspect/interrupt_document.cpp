#include "sim/inspect/interrupt_document.hpp"

#include <fmt/format.h>

#include "sim/apic/local_apic.hpp"
#include "sim/arch/apic.hpp"
#include "sim/devices/ioapic.hpp"
#include "sim/devices/pic.hpp"
#include "sim/inspect/processor_document.hpp"

namespace hvlab::inspect {

namespace {

namespace apic_bits = arch::apic;

const char* delivery_name(u64 mode) {
  static constexpr const char* kNames[] = {"fixed", "lowest-priority", "smi",    "reserved", "nmi",
                                           "init",  "start-up",        "ext-int"};
  return kNames[mode & 7];
}

Json vectors_of(const ::hvlab::apic::InterruptSet& set) {
  Json list = Json::array();
  for (unsigned vector = 0; vector < 256; ++vector)
    if (set.test(static_cast<u8>(vector))) list.push_back(vector);
  return list;
}

std::string lvt_text(u32 value) {
  const bool masked = (value & apic_bits::kLvtMasked) != 0;
  return fmt::format("vector {}, {}{}", value & apic_bits::kLvtVector,
                     delivery_name(value >> apic_bits::kLvtModeShift), masked ? ", masked" : "");
}

Json lvt_json(const ::hvlab::apic::LocalApic::State& state) {
  static constexpr const char* kNames[] = {"timer", "thermal", "performance", "lint0", "lint1", "error"};
  Json list = Json::array();
  for (size_t i = 0; i < state.lvt.size(); ++i)
    list.push_back({{"name", kNames[i]}, {"value", hex(state.lvt[i], 4)}, {"text", lvt_text(state.lvt[i])}});
  return list;
}

Json timer_json(const ::hvlab::apic::ApicTimer::State& timer) {
  static constexpr const char* kModes[] = {"one-shot", "periodic", "tsc-deadline", "reserved"};
  Json json = {{"mode", kModes[static_cast<size_t>(timer.mode)]},
               {"running", timer.running},
               {"initial_count", timer.initial},
               {"divide_configuration", timer.divide},
               {"started", timer.start}};
  if (timer.deadline != 0) json["tsc_deadline"] = hex(timer.deadline);
  return json;
}

std::string pin_text(u64 entry) {
  namespace io = devices::ioapic;
  if ((entry & io::kMasked) != 0) return "masked";
  return fmt::format("vector {}, {}, to {}{}, {}{}", entry & io::kVectorMask,
                     delivery_name(entry >> io::kDeliveryModeShift),
                     (entry & io::kLogical) != 0 ? "logical " : "", entry >> io::kDestinationShift,
                     (entry & io::kLevel) != 0 ? "level" : "edge",
                     (entry & io::kRemoteIrr) != 0 ? ", waits for its end" : "");
}

Json io_apic_json(const devices::IoApic::State& state) {
  Json pins = Json::array();
  for (unsigned pin = 0; pin < state.entries.size(); ++pin)
    pins.push_back({{"pin", pin},
                    {"asserted", test_bit(state.lines, pin)},
                    {"entry", hex(state.entries[pin])},
                    {"text", pin_text(state.entries[pin])}});
  return {{"id", state.id}, {"pins", pins}};
}

Json chip_json(const char* name, const devices::I8259::State& state) {
  const u8 requests = static_cast<u8>((state.edges & ~state.level_mode) | (state.lines & state.level_mode));
  return {{"name", name},
          {"requests", hex(requests, 1)},
          {"in_service", hex(state.isr, 1)},
          {"mask", hex(state.imr, 1)},
          {"level", hex(state.level_mode, 1)},
          {"vector_base", state.vector_base}};
}

}  // namespace

Json local_apic_json(const ::hvlab::apic::LocalApic& apic) {
  const auto& state = apic.state();
  return {{"id", apic.id()},
          {"mode", !apic.enabled() ? "off"
                   : apic.x2apic() ? "x2apic"
                                   : "xapic"},
          {"software_enabled", apic.software_enabled()},
          {"task_priority", hex(state.task_priority, 1)},
          {"processor_priority", hex(apic.processor_priority(), 1)},
          {"spurious", hex(state.spurious, 4)},
          {"requested", vectors_of(state.request)},
          {"in_service", vectors_of(state.in_service)},
          {"lvt", lvt_json(state)},
          {"timer", timer_json(apic.timer())}};
}

Json interrupt_controllers_json(const board::InterruptControllers& controllers) {
  return {{"ioapic", io_apic_json(controllers.io->state())},
          {"pic",
           {chip_json("master", controllers.pic->master()), chip_json("slave", controllers.pic->slave())}}};
}

}  // namespace hvlab::inspect
