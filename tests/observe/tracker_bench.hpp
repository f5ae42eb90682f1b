// A machine for tests of the tracker: what it does is what they say, a step at a time.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "sim/observe/io_tracker.hpp"

namespace hvlab::test {

using namespace hvlab::observe;

inline constexpr u64 kBlockA = 0x1000, kBlockB = 0x2000, kRootA = 0x9000, kRootB = 0xA000;
inline constexpr u64 kToMedium = u64{1} << 63;
inline constexpr u64 kHlt = 0x78;

/// A machine that is told what to do, a nanosecond at a time unless said otherwise; a cycle is a nanosecond,
/// a switch into a guest takes 2 and one out of it 3.
struct Bench {
  std::vector<IoRequest> done;
  Picoseconds now = 1'000'000;
  IoTracker tracker{{.frequency_hz = 1'000'000'000, .entry_cycles = 2, .exit_cycles = 3},
                    [this](IoRequest request) { done.push_back(std::move(request)); }};

  Picoseconds pass(u64 nanoseconds = 10) { return now += nanoseconds * kNanosecond; }
  void event(EventKind kind, u64 a = 0, u64 b = 0, u8 core = 0, DeviceId device = 0) {
    tracker.on_event(
        {.time = now, .a = a, .b = b, .rip = 0, .kind = kind, .core = core, .device = device, .sequence = 0});
  }
  void ring(u8 to, u8 core = 0) { event(EventKind::RingChange, 3 - to, to, core); }
  void call(u64 thread, u8 core = 0) {
    ring(0, core);
    tracker.system_call(core, now, thread);
  }
  void back(u64 thread, u8 core = 0) {
    ring(3, core);
    tracker.returned(core, now, thread);
  }
  void start(u64 request, u64 thread, IoOperation operation, u64 bytes, u64 sector = 0,
             std::vector<u64> pages = {}, u8 core = 0) {
    tracker.started(
        core, now, request, thread,
        {.operation = operation, .sector = sector, .bytes = bytes, .pages = std::move(pages), .queue = 7});
  }
  void end(u64 request, u8 core = 0) { tracker.ended(core, now, request); }
  void device(EventKind kind, u64 a, u64 b = 0, DeviceId id = 5, u8 core = 0) { event(kind, a, b, core, id); }
  void interrupt(u8 core = 0) { event(EventKind::Interrupt, 0x30, 0, core); }
  void enter(u64 block, u64 root, u8 core = 0) { event(EventKind::VmEntry, block, root, core); }
  void leave(u64 reason, u8 core = 0) { event(EventKind::VmExit, reason, 0, core); }

  /// A request of the machine's own system from the driver's call to the end of its handler, 10 ns a step and
  /// 100 in the medium.
  void through_device(u64 request, u64 size, u64 number, u8 core = 0) {
    pass(), device(EventKind::Doorbell, 0);
    pass(), device(EventKind::RequestStart, number, size);
    pass(100), device(EventKind::RequestDone, number, size);
    pass(), device(EventKind::MessageInterrupt, 0xFEE0'0000);
    pass(), interrupt(core);
    pass(), end(request, core);
  }
};

inline Picoseconds sum(const IoRequest& request, IoStage stage, std::optional<IoWhere> where = {}) {
  Picoseconds total = 0;
  for (const IoPiece& piece : request.pieces)
    if (piece.stage == stage && (!where || piece.where == *where)) total += piece.end - piece.begin;
  return total;
}

/// The identity: the pieces follow each other from begin to end.
inline bool contiguous(const IoRequest& request) {
  Picoseconds at = request.begin;
  for (const IoPiece& piece : request.pieces) {
    if (piece.begin != at || piece.end <= piece.begin) return false;
    at = piece.end;
  }
  return at == request.end;
}

}  // namespace hvlab::test
