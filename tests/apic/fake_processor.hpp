// A processor's pins and time-stamp counter as the local APIC's tests see them.
#pragma once

#include <vector>

#include "fake_clock.hpp"
#include "fake_wires.hpp"
#include "sim/apic/local_apic.hpp"
#include "sim/base/bits.hpp"

namespace hvlab::test {

constexpr u64 kTscHertz = 2'000'000'000;

struct FakeProcessor final : ProcessorPins, TimeStampCounter {
  explicit FakeProcessor(const Clock& clock_port) : clock(clock_port) {}
  const Clock& clock;
  u64 tsc_offset = 0;
  bool interrupt = false;
  unsigned nmis = 0, smis = 0, inits = 0;
  std::vector<u8> sipis;

  void set_interrupt(bool asserted) override { interrupt = asserted; }
  void nmi() override { ++nmis; }
  void smi() override { ++smis; }
  void init() override { ++inits; }
  void sipi(u8 vector) override { sipis.push_back(vector); }
  u64 tsc() const override { return scale(clock.now(), kTscHertz, kSecond) + tsc_offset; }
};

/// One processor with its local APIC.
struct Node {
  Node(Clock& clock, apic::ApicBus& bus, u8 id)
      : processor(clock),
        apic({.id = id, .bootstrap = id == 0, .timer_hertz = 100'000'000, .tsc_hertz = kTscHertz}, clock,
             processor, bus, processor) {}
  FakeProcessor processor;
  apic::LocalApic apic;

  /// Sets the software-enable bit with spurious vector FFh.
  void enable() { apic.mmio_write(arch::apic::kSpurious, 0x1FF); }
  void enter_x2apic() { apic.set_base_msr(apic.base_msr() | arch::apic::kBaseX2apic); }
  bool write_msr(u32 offset, u64 value) { return apic.msr_write(0x800 + offset / 16, value); }
  bool read_msr(u32 offset, u64& value) { return apic.msr_read(0x800 + offset / 16, value); }
};

}  // namespace hvlab::test
