// A local APIC for tests: it hands out one vector, and counts EOIs.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::test {

struct OneVector final : LocalApicPort {
  cpu::Cpu& cpu;
  u8 vector;
  unsigned eois = 0;

  /// Becomes the APIC of `c`.
  explicit OneVector(cpu::Cpu& c, u8 number = 0x61) : cpu(c), vector(number) { c.apic = this; }

  u64 base_msr() const override { return 0xFEE0'0900; }
  bool set_base_msr(u64) override { return false; }
  u32 mmio_read(u32) override { return 0; }
  void mmio_write(u32 offset, u32 value) override { eois += offset == 0xB0 && value == 0; }
  bool msr_read(u32, u64&) override { return false; }
  bool msr_write(u32, u64) override { return false; }
  u64 task_priority() const override { return 0; }
  void set_task_priority(u64) override {}
  u8 acknowledge() override {
    cpu.interrupt_line = false;
    return vector;
  }
};

}  // namespace hvlab::test
