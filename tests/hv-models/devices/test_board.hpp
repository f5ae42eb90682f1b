// A board with what it needs around it: memory that is in two places (as a hypervisor's blocks are), a disk
// that answers at once or when it is told to, a wire that keeps what was sent.
#pragma once

#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "hv-models/devices/board.hpp"

namespace hvlab::test {

using devices::Access;
using devices::Space;

class TestBoard {
 public:
  static constexpr u64 kHalf = 0x4'0000, kMemory = 2 * kHalf;
  static constexpr u64 kSectors = 512;

  explicit TestBoard(const devices::BoardConfiguration& wanted) {
    for (auto& half : halves_) half.resize(kHalf);
    static const std::vector<u8> contents = [] {
      std::vector<u8> all(kSectors * devices::kSectorBytes);
      for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<u8>(i * 7 + i / 512);
      return all;
    }();
    disk = contents;
    devices::BoardConfiguration c = wanted;
    c.memory = {[](void* self, u64 address, u64 bytes) {
                  return static_cast<TestBoard*>(self)->find(address, bytes);
                },
                this};
    c.lines = {[](void* self, unsigned pin, bool up) { static_cast<TestBoard*>(self)->change(pin, up); },
               this, 0};
    c.console = {[](void* self, char byte) { static_cast<TestBoard*>(self)->console += byte; }, this};
    c.disk = {kSectors, [](void* self, devices::DiskJob& job) { static_cast<TestBoard*>(self)->start(job); },
              this};
    c.wire = {[](void* self, const devices::Piece* pieces, unsigned count) {
                static_cast<TestBoard*>(self)->send(pieces, count);
              },
              this,
              {0x52, 0x54, 0x00, 0x12, 0x35, 0x01}};
    board_ = std::make_unique<devices::Board>(c);
  }

  // Ports and device memory.
  u64 access(Space space, u64 address, unsigned bytes) {
    Access a{space, false, static_cast<u8>(bytes), address, 0};
    board_->access(a);
    return bytes == 8 ? a.value : a.value & ((u64{1} << 8 * bytes) - 1);
  }
  void access(Space space, u64 address, unsigned bytes, u64 value) {
    Access a{space, true, static_cast<u8>(bytes), address, value};
    board_->access(a);
  }
  u32 in(u16 port, unsigned bytes = 1) { return static_cast<u32>(access(Space::Port, port, bytes)); }
  void out(u16 port, u32 value, unsigned bytes = 1) { access(Space::Port, port, bytes, value); }
  u32 load(u64 address, unsigned bytes = 4) {
    return static_cast<u32>(access(Space::Memory, address, bytes));
  }
  void store(u64 address, u64 value, unsigned bytes = 4) { access(Space::Memory, address, bytes, value); }

  // Configuration space.
  u32 config(unsigned slot, unsigned function, u32 offset, unsigned bytes = 4) {
    out(0xcf8, 1u << 31 | slot << 11 | function << 8 | (offset & 0xfc), 4);
    return in(static_cast<u16>(0xcfc + (offset & 3)), bytes);
  }
  void set_config(unsigned slot, unsigned function, u32 offset, u32 value, unsigned bytes = 4) {
    out(0xcf8, 1u << 31 | slot << 11 | function << 8 | (offset & 0xfc), 4);
    out(static_cast<u16>(0xcfc + (offset & 3)), value, bytes);
  }

  // The guest's memory.
  u8* find(u64 address, u64 bytes) {
    if (address >= kMemory || bytes > kMemory - address) return nullptr;
    if (address / kHalf != (address + (bytes > 0 ? bytes - 1 : 0)) / kHalf) return nullptr;
    return halves_[address / kHalf].data() + address % kHalf;
  }
  template <class T>
  void put(u64 address, T value) {
    std::memcpy(find(address, sizeof value), &value, sizeof value);
  }
  template <class T>
  T get(u64 address) {
    T value;
    std::memcpy(&value, find(address, sizeof value), sizeof value);
    return value;
  }
  void fill(u64 address, u64 bytes, u8 first) {
    for (u64 i = 0; i < bytes; ++i) put<u8>(address + i, static_cast<u8>(first + i * 3));
  }
  std::vector<u8> bytes_at(u64 address, u64 bytes) {
    std::vector<u8> all;
    all.reserve(bytes);
    for (u64 i = 0; i < bytes; ++i) all.push_back(get<u8>(address + i));
    return all;
  }
  std::vector<u8> sectors(u64 first, u64 count) const {
    const auto at = disk.begin() + static_cast<long>(first * devices::kSectorBytes);
    return {at, at + static_cast<long>(count * devices::kSectorBytes)};
  }

  /// Does the oldest disk job that waits; false if none does.
  bool work(bool fail = false) {
    if (jobs_.empty()) return false;
    devices::DiskJob& job = *jobs_.front();
    jobs_.pop_front();
    carry_out(job, fail);
    return true;
  }
  devices::Board& board() { return *board_; }

  bool disk_waits = false;  // jobs wait for work()
  bool level[16] = {};
  unsigned raised[16] = {};  // how often each line went up
  unsigned flushes = 0;
  std::vector<u8> disk;
  std::vector<std::vector<u8>> sent;
  std::function<void()> on_send;  // behind each frame
  std::string console;

 private:
  void change(unsigned pin, bool up) {
    raised[pin % 16] += up && !level[pin % 16];
    level[pin % 16] = up;
  }
  void start(devices::DiskJob& job) {
    if (disk_waits) return jobs_.push_back(&job);
    carry_out(job, false);
  }
  // The models check ranges, not who is behind them: what one lets through ends the test.
  void carry_out(devices::DiskJob& job, bool fail) {
    u64 at = job.sector * devices::kSectorBytes;
    flushes += job.kind == devices::DiskJob::Kind::Flush;
    if (job.kind != devices::DiskJob::Kind::Flush && !fail) {
      for (unsigned i = 0; i < job.count; ++i) {
        const devices::Piece& piece = job.pieces[i];
        if (at > disk.size() || piece.bytes > disk.size() - at) throw std::out_of_range("beyond the disk");
        u8* here = disk.data() + at;
        if (job.kind == devices::DiskJob::Kind::Read) {
          std::memcpy(piece.at, here, piece.bytes);
        } else {
          std::memcpy(here, piece.at, piece.bytes);
        }
        at += piece.bytes;
      }
    }
    job.failed = fail;
    job.done(job);
  }
  void send(const devices::Piece* pieces, unsigned count) {
    std::vector<u8> frame;
    for (unsigned i = 0; i < count; ++i)
      frame.insert(frame.end(), pieces[i].at, pieces[i].at + pieces[i].bytes);
    sent.push_back(frame);
    if (on_send) on_send();
  }

  std::vector<u8> halves_[2];
  std::deque<devices::DiskJob*> jobs_;
  std::unique_ptr<devices::Board> board_;
};

}  // namespace hvlab::test
