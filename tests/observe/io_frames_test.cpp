// Frames followed one way each, through synthetic streams of events.
#include <catch2/catch.hpp>

#include "sim/arch/vmx_exit.hpp"
#include "tracker_bench.hpp"

using namespace hvlab;
using namespace hvlab::test;

namespace {

constexpr DeviceId kCard = 6;

struct Wire : Bench {
  void depart(u64 bytes, u64 thread = 0, bool taken = false, std::optional<u64> copied = {}) {
    tracker.departed(0, now, {.thread = thread, .bytes = bytes, .taken = taken, .copied = copied});
  }
  void card(EventKind kind, u64 a = 0, u64 b = 0) { device(kind, a, b, kCard); }
  std::vector<IoRequest> all(IoOperation operation) const {
    std::vector<IoRequest> found;
    for (const IoRequest& each : done)
      if (each.operation == operation) found.push_back(each);
    return found;
  }
};

}  // namespace

// Catches a frame that is taken for another one of its length, or for one of another length.
TEST_CASE("frames of equal length leave in their order") {
  Wire b;
  for (unsigned i = 0; i < 3; ++i) b.pass(), b.depart(106);
  b.pass(), b.depart(42);
  b.pass(), b.card(EventKind::Doorbell);
  b.pass(5), b.card(EventKind::FrameSent, 60);  // padded
  for (unsigned i = 0; i < 3; ++i) b.pass(100), b.card(EventKind::FrameSent, 106);
  const auto sends = b.all(IoOperation::Send);
  REQUIRE(sends.size() == 4);
  CHECK(sends[0].bytes == 42);
  for (unsigned i = 0; i < 3; ++i) {
    CHECK(sends[i + 1].bytes == 106);
    CHECK(sends[i + 1].complete());
    CHECK(contiguous(sends[i + 1]));
    CHECK(sum(sends[i + 1], IoStage::Submit) == (40 - 10 * i) * kNanosecond);
    CHECK(sum(sends[i + 1], IoStage::Device) == (105 + 100 * i) * kNanosecond);
  }
}

// Catches a send that is over before its call is, or before the driver has the frame back.
TEST_CASE("a send is over when its call has returned and the driver has it back") {
  for (const bool call_first : {true, false}) {
    Wire b;
    b.ring(3);
    b.pass(), b.call(1);
    b.pass(), b.depart(106, 1, true, 64);
    b.pass(), b.card(EventKind::Doorbell);
    b.pass(), b.card(EventKind::FrameSent, 106);
    b.card(EventKind::LineInterrupt, 11, 1);
    if (call_first) b.pass(), b.back(1);
    CHECK(b.done.empty());
    b.pass(), b.interrupt();
    b.pass(), b.tracker.taken_back(0, b.now, 106);
    if (!call_first) CHECK(b.done.empty());
    if (!call_first) b.pass(), b.back(1);
    REQUIRE(b.done.size() == 1);
    const IoRequest& r = b.done[0];
    CHECK(contiguous(r));
    CHECK(r.end == b.now);
    CHECK((r.saw(IoStage::Call) && r.saw(IoStage::Handler) && r.saw(IoStage::Complete)));
    CHECK(sum(r, IoStage::Handler) == 10 * kNanosecond);
    CHECK(sum(r, IoStage::Medium) == 0);
    CHECK(sum(r, IoStage::Complete) == (call_first ? 0 : 10) * kNanosecond);
    CHECK((r.copy_known && r.copied == 64));
  }
}

// Catches the time until somebody happens to look taken for a part of the way.
TEST_CASE("a frame that the driver finds back without an interrupt is over on the wire") {
  Wire b;
  b.depart(106, 0, true);
  b.pass(), b.card(EventKind::FrameSent, 106);
  b.pass(1000), b.tracker.taken_back(0, b.now, 106);
  REQUIRE(b.done.size() == 1);
  CHECK(b.done[0].end - b.done[0].begin == 10 * kNanosecond);
}

// Catches a call's way back taken for the wire's time.
TEST_CASE("what follows until the call returns is the processor's") {
  Wire b;
  b.ring(3);
  b.pass(), b.call(1);
  b.pass(), b.depart(106, 1);
  b.pass(), b.card(EventKind::FrameSent, 106);
  b.pass(30), b.back(1);
  REQUIRE(b.done.size() == 1);
  CHECK(sum(b.done[0], IoStage::Medium, IoWhere::HostKernel) == 30 * kNanosecond);
}

// Catches a datagram between two systems of the machine that takes the place of the next one on the wire.
TEST_CASE("a frame that stays inside the machine is none of the wire's") {
  Wire b;
  b.depart(106);
  b.pass(), b.tracker.delivered(0, b.now, 106, 0);
  b.pass(), b.depart(106);
  const Picoseconds second = b.now;
  b.pass(), b.card(EventKind::FrameSent, 106);
  REQUIRE(b.done.size() == 1);
  CHECK(b.done[0].begin == second);
}

// Catches a frame whose datagram no socket wanted that takes the place of those behind it: each would count
// as that one, which came long before, and so they would be as long on their way as nothing is.
TEST_CASE("a frame that nobody wants is no receive, and the next of its length is itself") {
  Wire b;
  for (unsigned i = 0; i < 2; ++i) b.pass(), b.card(EventKind::FrameReceived, 106);
  b.pass(), b.tracker.refused(106);
  b.pass(), b.tracker.delivered(0, b.now, 106, 0);
  REQUIRE(b.done.size() == 1);
  CHECK(b.done[0].end - b.done[0].begin == 20 * kNanosecond);
  b.pass(), b.depart(106);  // sent inside the machine
  b.pass(), b.tracker.refused(106);
  b.pass(), b.card(EventKind::FrameSent, 106);
  CHECK(b.done.size() == 1);
}

// Catches frames that nobody sends or gets any more and that are kept for ever.
TEST_CASE("frames that are nowhere are forgotten") {
  Wire b;
  b.depart(106);
  b.card(EventKind::FrameReceived, 500);
  b.pass(2'000'000'000), b.call(1);
  b.pass(), b.back(1);
  b.card(EventKind::FrameSent, 106);
  b.tracker.delivered(0, b.now, 500, 0, false);
  b.tracker.finish();
  CHECK(b.done.empty());
}

// Catches frames that change places on their way in, an end before the call has returned with one, and an end
// that waits for a call where nobody waited.
TEST_CASE("a receive goes from the card to the call that waited, or to the socket") {
  Wire b;
  b.ring(3);
  b.pass(), b.call(1);
  for (unsigned i = 0; i < 2; ++i) b.pass(), b.card(EventKind::FrameReceived, 106);
  b.card(EventKind::MessageInterrupt, 0xFEE0'0000, 0x30);
  b.pass(), b.event(EventKind::Interrupt, 0xEC);  // the timer's
  b.pass(), b.interrupt();
  b.pass(), b.tracker.delivered(0, b.now, 106, 1);
  b.pass(), b.tracker.delivered(0, b.now, 106, 0);
  REQUIRE(b.done.size() == 1);  // the second
  CHECK(b.done[0].end - b.done[0].begin == 40 * kNanosecond);
  CHECK_FALSE(b.done[0].awaited);
  b.pass(), b.back(1);
  REQUIRE(b.done.size() == 2);
  const IoRequest& r = b.done[1];
  CHECK((r.awaited && r.complete() && contiguous(r)));
  CHECK(r.end - r.begin == 60 * kNanosecond);
  CHECK(sum(r, IoStage::Interrupt) == 20 * kNanosecond);
  CHECK(sum(r, IoStage::Handler) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Return) == 20 * kNanosecond);
}

// Catches a copy that is counted for each frame of its length, twice for one, or for another machine's.
TEST_CASE("each place copies each frame once, in their order") {
  Wire b;
  b.enter(kBlockA, kRootA);
  b.depart(106, 0, false, 64), b.depart(106, 0, false, 64);
  b.leave(0x400);
  b.tracker.frame_copied(true, 2, 106, 7, 0x100);  // another machine's
  b.tracker.frame_copied(true, 1, 106, 106, 0x100);
  b.tracker.frame_copied(true, 0, 106, 212, 0x200);
  b.tracker.frame_copied(true, 1, 106, 106, 0x100);
  for (unsigned i = 0; i < 2; ++i) b.pass(), b.card(EventKind::FrameSent, 106);
  REQUIRE(b.done.size() == 2);
  CHECK(b.done[0].copied == 64 + 318);
  CHECK(b.done[1].copied == 64 + 106);

  for (unsigned i = 0; i < 2; ++i) b.card(EventKind::FrameReceived, 60);
  b.tracker.frame_copied(false, 0, 60, 60, 0x300);
  b.tracker.frame_copied(false, 0, 46, 46, 0x400);  // without what it was padded with
  b.tracker.delivered(0, b.now, 46, 0);
  b.tracker.delivered(0, b.now, 46, 0);
  REQUIRE(b.done.size() == 4);
  CHECK((b.done[2].copy_known && b.done[2].copied == 106));
  CHECK_FALSE(b.done[3].copy_known);
}

// Catches an interrupt that has no event of its own, since the exit has taken it (SDM vol. 3, "acknowledge
// interrupt on exit"), and another one that is taken for it.
TEST_CASE("an interrupt that an exit has acknowledged is the card's if it has its vector") {
  for (const u64 vector : {0x30, 0x31}) {
    Wire b;
    b.enter(kBlockA, kRootA);
    b.pass(), b.card(EventKind::FrameReceived, 106);
    b.card(EventKind::MessageInterrupt, 0xFEE0'0000, 0x30);
    b.pass(), b.leave(arch::vmx::exit_code(1));
    b.event(EventKind::VmExitDetail, u64{0x8000'0000} | vector);
    b.pass(20), b.tracker.delivered(0, b.now, 106, 0);
    REQUIRE(b.done.size() == 1);
    CHECK(b.done[0].saw(IoStage::Handler) == (vector == 0x30));
    CHECK(contiguous(b.done[0]));
  }
}

// Catches exits from before the frame came, and those of another machine.
TEST_CASE("a receive has the exits of its machine since the frame came") {
  Wire b;
  b.card(EventKind::FrameReceived, 500);  // older, and still under way
  b.enter(kBlockA, kRootA), b.leave(kHlt);
  b.card(EventKind::FrameReceived, 106);
  for (const auto& [block, root] : {std::pair(kBlockA, kRootA), std::pair(kBlockB, kRootB)})
    b.pass(), b.enter(block, root), b.pass(), b.leave(0x400);
  b.pass(), b.enter(kBlockA, kRootA);
  b.pass(), b.interrupt();
  b.pass(), b.tracker.delivered(0, b.now, 106, 0);
  REQUIRE(b.done.size() == 1);
  CHECK(b.done[0].system == 1);
  CHECK(b.done[0].exits == std::map<u64, u64>{{0x400, 1}});
  CHECK(b.done[0].saw(IoStage::Injected));
}

// Catches exits that are kept for ever since a frame came that nobody takes in, and no other follows.
TEST_CASE("exits are kept no longer than a frame can be under way") {
  Wire b;
  b.card(EventKind::FrameReceived, 500);
  b.enter(kBlockA, kRootA), b.leave(kHlt);
  CHECK(b.tracker.exits_kept() == 1);
  b.pass(2'000'000'000);
  for (unsigned i = 0; i < 10; ++i) b.pass(), b.enter(kBlockA, kRootA), b.pass(), b.leave(kHlt);
  CHECK(b.tracker.exits_kept() == 0);
}

// Catches a partition's requests that are looked for at somebody else's devices.
TEST_CASE("a partition's requests are its own devices'") {
  Wire b;
  b.tracker.note({.kind = arch::mark::Kind::ControlBlock,
                  .first = kBlockA,
                  .second = arch::mark::vcpu_id(1, 0),
                  .third = static_cast<u64>(arch::mark::Role::Partition)});
  b.enter(kBlockA, kRootA);
  b.pass(), b.start(100, 1, IoOperation::Write, 4096);
  b.through_device(100, 4096 | kToMedium, 1);
  REQUIRE(b.done.size() == 1);
  CHECK((b.done[0].system == 1 && b.done[0].complete()));
  CHECK(sum(b.done[0], IoStage::Medium) == 100 * kNanosecond);
}
