// A driver for virtio devices, as small as a test needs it (VIRTIO 1.2, 2.7 and 4.1).
#pragma once

#include "test_board.hpp"

namespace hvlab::test {

struct VirtioPart {
  u64 address;
  u32 bytes;
  bool device_writes;
};

class VirtioDriver {
 public:
  static constexpr u16 kEntries = 16, kNext = 1, kWrites = 2;

  /// `memory`: where its queues may lie, 4 KiB each.
  VirtioDriver(TestBoard& board, unsigned slot, u64 base, u64 memory, u16 queues)
      : board_(board), base_(base), memory_(memory), queues_(queues) {
    board.set_config(slot, 0, 4, 6, 2);
    start();
  }
  void start() {
    status(0);
    status(3);
    features(u64{1} << 32);
    status(11);
    for (u16 i = 0; i < queues_; ++i) set_up_queue(i);
    status(15);
  }
  u8 status() { return static_cast<u8>(board_.load(base_ + 0x14, 1)); }
  void status(u8 value) { board_.store(base_ + 0x14, value, 1); }
  void features(u64 wanted) {
    for (u32 i = 0; i < 2; ++i) {
      board_.store(base_ + 0x08, i);
      board_.store(base_ + 0x0c, static_cast<u32>(wanted >> 32 * i));
    }
  }
  u64 offered() {
    u64 all = 0;
    for (u32 i = 0; i < 2; ++i) {
      board_.store(base_ + 0x00, i);
      all |= u64{board_.load(base_ + 0x04)} << 32 * i;
    }
    return all;
  }
  void set_up_queue(u16 queue) {
    board_.store(base_ + 0x16, queue, 2);
    board_.store(base_ + 0x18, kEntries, 2);
    set_address(0x20, table(queue));
    set_address(0x28, available(queue));
    set_address(0x30, used(queue));
    board_.store(base_ + 0x1c, 1, 2);
  }
  void set_address(u32 offset, u64 address) {
    board_.store(base_ + offset, static_cast<u32>(address));
    board_.store(base_ + offset + 4, static_cast<u32>(address >> 32));
  }
  u64 table(u16 queue) const { return memory_ + 0x1000 * queue; }
  u64 available(u16 queue) const { return table(queue) + 0x400; }
  u64 used(u16 queue) const { return table(queue) + 0x800; }

  void descriptor(u16 queue, u16 index, u64 address, u32 bytes, u16 flags, u16 next) {
    const u64 at = table(queue) + 16 * index;
    board_.put<u64>(at, address);
    board_.put<u32>(at + 8, bytes);
    board_.put<u16>(at + 12, flags);
    board_.put<u16>(at + 14, next);
  }
  void offer(u16 queue, u16 head) {
    const u16 index = board_.get<u16>(available(queue) + 2);
    board_.put<u16>(available(queue) + 4 + 2 * (index % kEntries), head);
    board_.put<u16>(available(queue) + 2, static_cast<u16>(index + 1));
  }
  /// Parts from descriptor `first` on, offered but not told.
  void chain(u16 queue, u16 first, const std::vector<VirtioPart>& parts) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const u16 at = static_cast<u16>((first + i) % kEntries);
      const u16 flags =
          static_cast<u16>((i + 1 < parts.size() ? kNext : 0) | (parts[i].device_writes ? kWrites : 0));
      descriptor(queue, at, parts[i].address, parts[i].bytes, flags, static_cast<u16>((at + 1) % kEntries));
    }
    offer(queue, first);
  }
  void notify(u16 queue) { board_.store(base_ + 0x3000 + 4 * queue, queue, 2); }
  u16 done(u16 queue) { return board_.get<u16>(used(queue) + 2); }
  u32 used_head(u16 queue, u16 index) { return board_.get<u32>(used(queue) + 4 + 8 * (index % kEntries)); }
  u32 used_bytes(u16 queue, u16 index) { return board_.get<u32>(used(queue) + 8 + 8 * (index % kEntries)); }
  void want_interrupts(u16 queue, bool wanted) { board_.put<u16>(available(queue), wanted ? 0 : 1); }
  bool wants_notification(u16 queue) { return (board_.get<u16>(used(queue)) & 1) == 0; }
  u8 interrupt_status() { return static_cast<u8>(board_.load(base_ + 0x1000, 1)); }

 private:
  TestBoard& board_;
  const u64 base_, memory_;
  const u16 queues_;
};

}  // namespace hvlab::test
