// A guest processor's local APIC in xAPIC mode (SDM vol. 3, chapter 11): registers, priorities and the timer,
// without the processor and without the other APICs. Times are nanoseconds; the timer's clock is 1 GHz.
#pragma once

#include "sim/base/types.hpp"

namespace hvlab::hypervisor {

class LocalApic {
 public:
  static constexpr u64 kNever = ~u64{0};
  static constexpr int kNone = -1;

  /// What a write asks the others for.
  struct Effect {
    enum class Kind : u8 { Nothing, Message, EndOfInterrupt } kind = Kind::Nothing;
    u32 command = 0, destination = 0;  // of a message: the two halves of the command register
    u8 vector = 0;                     // that has ended, if it was a level-triggered one
  };

  void reset(u32 id);
  u32 read(u32 offset, u64 now) const;
  Effect write(u32 offset, u32 value, u64 now);

  /// An interrupt for this processor.
  void accept(u8 vector, bool level);
  /// The vector that is to be delivered now, or kNone; and that it is.
  int pending() const;
  void take(u8 vector);
  bool has_message_to(u32 destination, bool logical) const;

  u64 timer_deadline() const { return deadline_; }
  /// The timer's interrupt, if it is time.
  void expire(u64 now);

  u8 task_priority() const { return static_cast<u8>(task_priority_); }
  void set_task_priority(u8 value) { task_priority_ = value; }
  u32 id() const { return id_; }

 private:
  using Set = u32[8];
  static bool has(const Set& set, u8 vector) { return (set[vector / 32] >> vector % 32 & 1) != 0; }
  static void put(Set& set, u8 vector, bool on);
  static int highest(const Set& set);
  u32 processor_priority() const;
  u64 period() const { return u64{initial_count_} << divide_shift_; }
  void start_timer(u64 now);
  u32 current_count(u64 now) const;
  Effect end_of_interrupt();

  u32 id_ = 0, task_priority_ = 0, logical_ = 0, format_ = 0, spurious_ = 0;
  Set requested_ = {}, in_service_ = {}, level_ = {};
  u32 local_[6] = {};  // vector table: timer, thermal, performance, LINT0, LINT1, error
  u32 command_low_ = 0, command_high_ = 0;
  u32 initial_count_ = 0, divide_ = 0;
  unsigned divide_shift_ = 1;
  u64 deadline_ = kNever;
};

}  // namespace hvlab::hypervisor
