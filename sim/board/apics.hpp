// The processors with their local APICs, and the bus between these.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "sim/apic/local_apic.hpp"
#include "sim/arch/vmx.hpp"
#include "sim/board/device_list.hpp"
#include "sim/board/machine_config.hpp"
#include "sim/board/pc.hpp"
#include "sim/devices/ioapic.hpp"
#include "sim/devices/pic.hpp"

namespace hvlab::board {

/// What firmware leaves in IA32_FEATURE_CONTROL of processors with VMX: VMXON allowed, and locked (SDM vol.
/// 3, 24.7).
inline constexpr u64 kFirmwareFeatureControl =
    arch::vmx::feature_control::kLock | arch::vmx::feature_control::kVmxonOutsideSmx;

class Apics {
 public:
  /// Adds `config.processors` processors to `parts.processors`, each with a local APIC of the same id.
  Apics(const MachineConfig& config, const Pc::Parts& parts, ProcessorBus& bus,
        const std::shared_ptr<execute::CodeCache>& code, observe::DeviceProbe probe);
  Apics(const Apics&) = delete;
  Apics& operator=(const Apics&) = delete;

  MessageInterrupts& messages() { return bus_; }
  /// Where the 8259s' INTR goes: LINT0 of the bootstrap processor.
  InterruptLine& interrupt_line() { return apics_.front().lint(0); }

  /// By processor.
  std::vector<const apic::LocalApic*> all() const;

  /// Names who answers interrupt-acknowledge cycles and who hears of ends of level-triggered interrupts.
  void connect(devices::Pic& pic, devices::IoApic& ioapic);

  /// Virtual wire mode on the bootstrap processor; on all memory types (RAM write-back, device windows
  /// uncached) and permission for VMX.
  void set_up_as_firmware(Processors& processors, const timing::Profile& profile);

 private:
  // IA32_TIME_STAMP_COUNTER of a processor that does not exist yet when its local APIC is built.
  class Tsc final : public TimeStampCounter {
   public:
    Tsc(const Processors& processors, size_t index) : processors_(processors), index_(index) {}
    u64 tsc() const override {
      const execute::Processor& processor = processors_.at(index_);
      return processor.cycles() + processor.state().tsc_offset;
    }

   private:
    const Processors& processors_;
    size_t index_;
  };

  apic::ApicBus bus_;
  std::deque<Tsc> counters_;
  std::deque<apic::LocalApic> apics_;
};

}  // namespace hvlab::board
