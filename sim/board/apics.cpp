#include "sim/board/apics.hpp"

#include <string>

#include "sim/base/bits.hpp"

namespace hvlab::board {

namespace {

// SDM vol. 3, 12.11.2: fixed and variable ranges on, memory write-back where no range says otherwise.
constexpr u64 kMtrrEnabled = bit(11), kFixedEnabled = bit(10), kWriteBack = 6, kUncached = 0;
constexpr u64 kMtrrValid = bit(11);
constexpr u64 kDeviceHole = Ram::kLowEnd, kDeviceHoleBytes = Ram::kHighStart - Ram::kLowEnd;

void set_memory_types(cpu::Mtrr& mtrr, unsigned address_bits) {
  for (u64& range : mtrr.fixed) range = 0x0101'0101'0101'0101 * kWriteBack;
  mtrr.fixed[2] = kUncached;  // 16 KiB ranges of A0000h..BFFFFh
  mtrr.base[0] = kDeviceHole | kUncached;
  mtrr.mask[0] = (low_mask(address_bits) & ~(kDeviceHoleBytes - 1)) | kMtrrValid;
  mtrr.def_type = kMtrrEnabled | kFixedEnabled | kWriteBack;
}

}  // namespace

Apics::Apics(const MachineConfig& config, const Pc::Parts& parts, ProcessorBus& bus,
             const std::shared_ptr<execute::CodeCache>& code, observe::DeviceProbe probe) {
  for (unsigned i = 0; i < config.processors; ++i) {
    const apic::LocalApic::Config apic_config{.id = static_cast<u8>(i),
                                              .bootstrap = i == 0,
                                              .timer_hertz = parts.profile.apic_timer_hz,
                                              .tsc_hertz = parts.profile.frequency_hz,
                                              .physical_address_bits = parts.profile.physical_address_bits};
    counters_.emplace_back(parts.processors, i);
    apics_.emplace_back(apic_config, parts.processors.events(), parts.processors.pins(i), bus_,
                        counters_.back(), probe);
    parts.processors.add({.index = static_cast<u8>(i),
                          .count = static_cast<u8>(config.processors),
                          .profile = &parts.profile,
                          .bus = &bus,
                          .apic = &apics_.back(),
                          .observer = &parts.recorder,
                          .code = code,
                          .seed = config.seed});
  }
}

std::vector<const apic::LocalApic*> Apics::all() const {
  std::vector<const apic::LocalApic*> list;
  for (const apic::LocalApic& apic : apics_) list.push_back(&apic);
  return list;
}

void Apics::connect(devices::Pic& pic, devices::IoApic& ioapic) {
  for (apic::LocalApic& apic : apics_) apic.connect_pic(pic);
  bus_.on_end_of_interrupt([&ioapic](u8 vector) { ioapic.end_of_interrupt(vector); });
}

void Apics::set_up_as_firmware(Processors& processors, const timing::Profile& profile) {
  apics_.front().enter_virtual_wire_mode();
  for (size_t i = 0; i < processors.count(); ++i) {
    cpu::Cpu& cpu = processors.at(i).state();
    set_memory_types(cpu.mtrr, profile.physical_address_bits);
    if (cpu.has(arch::Feature::Vmx)) cpu.feature_control = kFirmwareFeatureControl;
  }
}

}  // namespace hvlab::board
