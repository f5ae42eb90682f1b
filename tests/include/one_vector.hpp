// A local APIC for tests: it hands out one vector, and counts EOIs.
#pragma once

#include "quiet_apic.hpp"

namespace hvlab::test {

struct OneVector final : QuietApic {
  cpu::Cpu& cpu;
  u8 vector;
  unsigned eois = 0;

  /// Becomes the APIC of `c`.
  explicit OneVector(cpu::Cpu& c, u8 number = 0x61) : cpu(c), vector(number) { c.apic = this; }

  void mmio_write(u32 offset, u32 value) override { eois += offset == 0xB0 && value == 0; }
  u8 acknowledge() override {
    cpu.interrupt_line = false;
    return vector;
  }
};

}  // namespace hvlab::test
