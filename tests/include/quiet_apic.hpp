// A local APIC for tests in which nothing happens; those that need something of it override that.
#pragma once

#include "sim/cpu/cpu.hpp"

namespace hvlab::test {

struct QuietApic : LocalApicPort {
  u64 base_msr() const override { return 0xFEE0'0900; }
  bool set_base_msr(u64) override { return false; }
  u32 mmio_read(u32) override { return 0; }
  void mmio_write(u32, u32) override {}
  bool msr_read(u32, u64&) override { return false; }
  bool msr_write(u32, u64) override { return false; }
  u64 task_priority() const override { return 0; }
  void set_task_priority(u64) override {}
  u8 acknowledge() override { return 0; }
};

}  // namespace hvlab::test
