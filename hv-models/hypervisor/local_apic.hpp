// The local APIC that a virtual processor sees (SDM vol. 3, chapter 11), in xAPIC and x2APIC mode. Its timer
// counts nanoseconds, divided as it is told. Runs in a test on the host too: time comes in as an argument,
// messages go out as results.
#pragma once

#include "sim/arch/apic.hpp"
#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

/// What one APIC says to others, or to itself.
struct ApicMessage {
  bool valid = false;
  arch::apic::DeliveryMode mode = arch::apic::DeliveryMode::Fixed;
  u8 vector = 0;
  bool assert = true, level = false;
  arch::apic::Shorthand shorthand = arch::apic::Shorthand::None;
  bool logical = false;
  u32 destination = 0;
};

class LocalApic {
 public:
  static constexpr int kNone = -1;
  static constexpr u64 kNever = ~u64{0};

  void reset(u32 id);

  u32 read(u32 offset, u64 now) const;
  /// What a write leads to: a message to send, and the vector of a level-triggered interrupt that has ended
  /// (kNone).
  void write(u32 offset, u32 value, u64 now, ApicMessage& message, int& ended);

  /// IA32_APIC_BASE; false if the value would be a #GP.
  u64 base() const { return base_; }
  bool set_base(u64 value);
  bool is_x2apic() const;
  bool is_enabled() const;
  /// A register of x2APIC mode by its MSR: false is #GP.
  bool read_msr(u32 msr, u64 now, u64& value) const;
  bool write_msr(u32 msr, u64 value, u64 now, ApicMessage& message, int& ended);

  /// An interrupt arrives.
  void accept(u8 vector, bool level);
  /// The vector that the processor would take now; kNone.
  int pending() const;
  /// The highest that only the task priority holds back; kNone.
  int held_back() const;
  /// CR8 is bits 7..4 of it (11.8.6).
  u8 task_class() const { return static_cast<u8>(task_priority_ >> 4); }
  void set_task_class(u8 value) { task_priority_ = u32{value} << 4; }
  /// The processor takes it.
  void take(u8 vector);
  /// Takes back what was taken and could not be delivered.
  void take_back(u8 vector);
  /// The timer's time has come, perhaps.
  void advance(u64 now);
  u64 deadline() const;

  u32 id() const { return id_; }
  bool matches(u32 destination, bool logical) const;
  u8 task_priority() const { return static_cast<u8>(task_priority_); }
  void set_task_priority(u8 value) { task_priority_ = value; }

 private:
  u8 processor_priority() const;
  void start_timer(u64 now);
  u64 period() const;
  u32 current_count(u64 now) const;
  void end_of_interrupt(int& ended);
  void send(u32 low, u32 high, ApicMessage& message) const;
  u32* lvt(u32 offset);

  u32 id_ = 0;
  u64 base_ = 0;
  u32 request_[8] = {}, service_[8] = {}, level_[8] = {};
  u32 task_priority_ = 0, spurious_ = 0xff, logical_ = 0, format_ = ~u32{0}, error_ = 0;
  u32 command_low_ = 0, command_high_ = 0;
  u32 timer_ = arch::apic::kLvtMasked, lint0_ = arch::apic::kLvtMasked, lint1_ = arch::apic::kLvtMasked,
      error_entry_ = arch::apic::kLvtMasked, performance_ = arch::apic::kLvtMasked,
      thermal_ = arch::apic::kLvtMasked;
  u32 divide_ = 0, initial_ = 0;
  u64 started_ = 0, deadline_ = kNever;
};

}  // namespace hvlab::hypervisor
