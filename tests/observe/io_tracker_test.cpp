// Requests followed through synthetic streams of events: what belongs together, and that no picosecond is
// lost.
#include "sim/observe/io_tracker.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "sim/observe/io_totals.hpp"
#include "tracker_bench.hpp"

using namespace hvlab;
using namespace hvlab::observe;
using namespace hvlab::test;

// Catches a stage that begins or ends at another event than its own.
TEST_CASE("A request of the machine's own system passes all stages, and its hops are its time") {
  Bench b;
  b.ring(3);
  b.pass(), b.call(1);
  b.pass(), b.start(100, 1, IoOperation::Write, 4096);
  b.through_device(100, 4096 | kToMedium, 1);
  b.pass(), b.back(1);
  REQUIRE(b.done.size() == 1);
  const IoRequest& r = b.done[0];
  CHECK(r.complete());
  CHECK(contiguous(r));
  CHECK(r.end - r.begin == 170 * kNanosecond);
  CHECK(sum(r, IoStage::Medium, IoWhere::Medium) == 100 * kNanosecond);
  for (const IoStage stage : {IoStage::Call, IoStage::Driver, IoStage::Device, IoStage::Done,
                              IoStage::Interrupt, IoStage::Handler, IoStage::Return})
    CHECK(sum(r, stage) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Call, IoWhere::HostKernel) == 10 * kNanosecond);
  CHECK(r.exits.empty());
  CHECK(b.tracker.in_flight() == 0);
}

// Catches completions taken for those of the request that began first, and times charged to the wrong one.
TEST_CASE("Requests in flight together are told apart, in whatever order they complete") {
  Bench b;
  const u64 sizes[] = {4096, 8192, 4096};
  for (u64 i = 0; i < 3; ++i) b.pass(), b.start(100 + i, 1 + i, IoOperation::Read, sizes[i]);
  b.pass(), b.device(EventKind::Doorbell, 0);
  for (u64 i = 0; i < 3; ++i) b.device(EventKind::RequestStart, 50 + i, sizes[i]);
  for (const u64 i : {2, 0, 1}) {
    b.pass(100), b.device(EventKind::RequestDone, 50 + i, sizes[i]);
    b.device(EventKind::MessageInterrupt, 0);
    b.pass(), b.interrupt();
    b.pass(), b.end(100 + i);
  }
  REQUIRE(b.done.size() == 3);
  const u64 medium[] = {100, 220, 340}, driver[] = {10, 30, 20};
  for (size_t n = 0; n < 3; ++n) {
    CHECK(b.done[n].complete());
    CHECK(contiguous(b.done[n]));
    CHECK(sum(b.done[n], IoStage::Medium) == medium[n] * kNanosecond);
    CHECK(sum(b.done[n], IoStage::Driver) == driver[n] * kNanosecond);
  }
}

// Catches a virtual machine's request whose part of the host is another one's, or counted as done when it is
// not.
TEST_CASE("A virtual machine's request is joined to the host's by its memory") {
  Bench b;
  b.tracker.switched(0, b.now, 11);
  b.enter(kBlockA, kRootA);
  b.pass(), b.start(200, 1, IoOperation::Write, 4096, 8, {0x5000});
  b.pass(), b.start(201, 1, IoOperation::Write, 4096, 8, {0x7000});
  b.pass(), b.leave(0x400);
  b.pass(), b.ring(3);
  b.pass(), b.ring(0);
  b.pass(), b.start(100, 11, IoOperation::Write, 4096, 8, {0x7000});
  b.through_device(100, 4096 | kToMedium, 1);
  b.pass(12), b.enter(kBlockA, kRootA);
  b.pass(), b.interrupt();
  b.pass(), b.end(201);
  REQUIRE(b.done.size() == 2);
  const IoRequest& r = b.done[1];
  CHECK(r.system == 1);
  CHECK(r.complete());
  CHECK(contiguous(r));
  CHECK(r.parts == 1);
  CHECK((r.copy_known && r.copied == 0));
  CHECK(r.exits == std::map<u64, u64>{{0x400, 1}});
  CHECK(sum(r, IoStage::Submit, IoWhere::GuestKernel) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::Exit) == 3 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::Hypervisor) == (7 + 10) * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::HostUser) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Medium) == 100 * kNanosecond);
  CHECK(sum(r, IoStage::Complete, IoWhere::Entry) == 2 * kNanosecond);
  CHECK(sum(r, IoStage::Complete, IoWhere::Hypervisor) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Injected, IoWhere::GuestKernel) == 10 * kNanosecond);
  CHECK(b.tracker.in_flight() == 1);  // the other
}

// Catches memory that was copied and counted as not, and exits of a machine counted to another's request.
TEST_CASE("Without common memory a request is joined by what it asks for; exits are its own machine's") {
  Bench b;
  b.enter(kBlockA, kRootA, 0);
  b.enter(kBlockB, kRootB, 1);
  b.pass(), b.start(200, 1, IoOperation::Read, 4096, 8, {0x5000}, 0);
  b.pass(), b.start(200, 1, IoOperation::Read, 4096, 16, {0x6000}, 1);  // the same address in another machine
  b.pass(), b.leave(0x400, 0);
  b.pass(), b.leave(kHlt, 1);
  b.pass(), b.start(100, 11, IoOperation::Read, 4096, 16, {0x8000}, 0);
  b.through_device(100, 4096, 1);
  b.pass(), b.enter(kBlockB, kRootB, 1);
  b.pass(), b.end(200, 1);
  REQUIRE(b.done.size() == 2);
  const IoRequest& r = b.done[1];
  CHECK(r.system == 2);
  CHECK(r.parts == 1);
  CHECK((r.copy_known && r.copied == 4096));
  CHECK(r.exits == std::map<u64, u64>{{kHlt, 1}});
  CHECK(contiguous(r));
}

// Catches time charged to a thread that did not have the request, and waiting taken for work.
TEST_CASE("The way between threads and processors goes by who woke whom") {
  Bench b;
  for (const u8 core : {u8{0}, u8{1}}) b.tracker.switched(core, b.now, 10u + core);
  b.enter(kBlockA, kRootA, 0);
  b.pass(), b.start(200, 1, IoOperation::Write, 4096, 8, {0x5000}, 0);
  b.pass(), b.leave(0x400, 0);
  b.pass(), b.tracker.woken(0, b.now, 20);  // processor 0 tells thread 20 ...
  b.pass(2), b.enter(kBlockA, kRootA, 0);   // ... and goes on in the guest
  b.pass(8), b.tracker.switched(1, b.now, 20);
  b.ring(3, 1);
  b.pass(), b.ring(0, 1);
  b.pass(), b.start(100, 20, IoOperation::Write, 4096, 8, {0x5000}, 1);
  b.through_device(100, 4096 | kToMedium, 1, 1);
  b.pass(), b.interrupt(0);
  b.pass(), b.end(200, 0);
  REQUIRE(b.done.size() == 2);
  const IoRequest& r = b.done[1];
  CHECK(contiguous(r));
  CHECK(sum(r, IoStage::Submit, IoWhere::GuestKernel) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::Exit) == 3 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::Hypervisor) == 7 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::Waiting) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::HostUser) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Submit, IoWhere::HostKernel) == 10 * kNanosecond);
}

// Catches boundaries made up where nothing was seen, and time that falls into the hole.
TEST_CASE("What was not seen is said, and the time stays whole") {
  Bench b;
  b.pass(), b.start(100, 1, IoOperation::Read, 4096);
  b.pass(), b.device(EventKind::Doorbell, 0);
  b.pass(), b.device(EventKind::RequestStart, 1, 512);  // somebody else's
  b.pass(30), b.interrupt();
  b.pass(), b.end(100);
  REQUIRE(b.done.size() == 1);
  const IoRequest& r = b.done[0];
  CHECK_FALSE(r.complete());
  for (const IoStage stage :
       {IoStage::Call, IoStage::Device, IoStage::Medium, IoStage::Done, IoStage::Handler})
    CHECK_FALSE(r.saw(stage));
  CHECK(contiguous(r));
  CHECK(sum(r, IoStage::Driver) == 60 * kNanosecond);
}

// Catches an answer given to another datagram's sender, and a loop back inside the machine taken for a round
// trip.
TEST_CASE("A datagram and its answer are one round trip over the wire") {
  Bench b;
  const auto depart = [&](u64 socket, u64 bytes) {
    b.tracker.started(
        0, b.now, socket, 1,
        {.operation = IoOperation::RoundTrip, .bytes = bytes, .pages = {}, .frame = bytes + 42});
  };
  b.ring(3);
  b.pass(), b.call(1);
  b.pass(), depart(300, 64);
  b.pass(), b.back(1);
  b.pass(), depart(301, 64);  // to a socket of the same machine: no card sees it
  b.pass(), b.device(EventKind::Doorbell, 1);
  b.pass(5), b.device(EventKind::FrameSent, 60);  // somebody else's
  b.pass(5), b.device(EventKind::FrameSent, 106);
  b.pass(), b.call(1);
  b.pass(90), b.device(EventKind::FrameReceived, 106);
  b.pass(), b.device(EventKind::MessageInterrupt, 0xFEE0'0000, 0x30);
  b.pass(), b.event(EventKind::Interrupt, 0xEC);  // the timer's
  b.pass(), b.interrupt();
  b.pass(), b.tracker.answered(0, b.now, 301, 106);
  b.pass(), b.tracker.answered(0, b.now, 300, 106);
  b.pass(), b.back(1);
  REQUIRE(b.done.size() == 1);
  const IoRequest& r = b.done[0];
  CHECK(r.complete());
  CHECK(contiguous(r));
  CHECK(r.end - r.begin == 210 * kNanosecond);
  CHECK(sum(r, IoStage::Submit) == 30 * kNanosecond);
  CHECK(sum(r, IoStage::Device) == 10 * kNanosecond);
  CHECK(sum(r, IoStage::Medium) == 100 * kNanosecond);
  CHECK(sum(r, IoStage::Interrupt) == 20 * kNanosecond);
  CHECK(sum(r, IoStage::Handler) == 20 * kNanosecond);
  CHECK(b.tracker.in_flight() == 0);
}

// Catches datagrams without an answer that are kept for ever.
TEST_CASE("A datagram without an answer is forgotten, or makes way for the next") {
  Bench b;
  const auto depart = [&] {
    b.tracker.started(0, b.now, 300, 1,
                      {.operation = IoOperation::RoundTrip, .bytes = 64, .pages = {}, .frame = 106});
    b.pass(), b.device(EventKind::FrameSent, 106);
  };
  depart();
  b.pass(), depart();
  b.pass(), b.device(EventKind::FrameReceived, 106);
  b.pass(), b.tracker.answered(0, b.now, 300, 106);
  REQUIRE(b.done.size() == 1);
  CHECK(b.done[0].end - b.done[0].begin == 30 * kNanosecond);
  depart();
  b.pass(2'000'000'000), b.call(1);
  b.pass(), b.back(1);
  CHECK(b.tracker.in_flight() == 0);
}

// Catches a call's return taken as the end of each of its requests.
TEST_CASE("Requests one after the other in one system call share its time out between them") {
  Bench b;
  b.ring(3);
  b.pass(), b.call(1);
  for (u64 i = 0; i < 2; ++i) {
    b.pass(), b.start(100, 1, IoOperation::Flush, 0);
    b.through_device(100, 0, i);
  }
  b.pass(50), b.back(1);
  REQUIRE(b.done.size() == 2);
  CHECK(b.done[0].end == b.done[1].begin);
  CHECK(sum(b.done[0], IoStage::Return) == 0);
  CHECK(sum(b.done[1], IoStage::Return) == 50 * kNanosecond);
}

// Catches an end before its beginning where a processor that runs later in a slice saw things earlier.
TEST_CASE("Processors that are ahead of each other do not make time negative") {
  Bench b;
  b.tracker.switched(0, b.now, 10);
  b.tracker.switched(1, b.now, 11);
  b.pass(1000), b.start(100, 1, IoOperation::Read, 4096, 0, {}, 0);
  b.device(EventKind::RequestStart, 1, 4096);
  b.now -= 400 * kNanosecond;
  b.device(EventKind::RequestDone, 1, 4096, 5, 1);
  b.tracker.woken(1, b.now, 10);
  b.end(100, 1);
  REQUIRE(b.done.size() == 1);
  CHECK(contiguous(b.done[0]));
  CHECK(b.done[0].end >= b.done[0].begin);
}

// Catches whatever a stream that nobody has thought of does to the identity.
TEST_CASE("In any stream of events the hops of each request add up to its time") {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](u64 below) { return random() % below; };
    Bench b;
    IoTotals totals(1'000'000'000);
    for (unsigned step = 0; step < 4000; ++step) {
      const u8 core = static_cast<u8>(pick(3));
      b.now += pick(50) * 333;
      if (pick(20) == 0) b.now -= std::min<u64>(b.now, pick(3000));
      const u64 request = 100 + pick(8), thread = 10 + pick(5);
      const bool guest = b.tracker.system_of(core) != 0;
      switch (pick(24)) {
        case 0: b.call(thread, core); break;
        case 1: b.back(thread, core); break;
        case 2:
        case 3:
          b.start(request, thread, static_cast<IoOperation>(pick(4)), 512 << pick(2), pick(2),
                  {pick(3) << 12}, core);
          break;
        case 4:
        case 5: b.end(request, core); break;
        case 6: b.device(EventKind::Doorbell, 0, 0, 5, core); break;
        case 7:
          b.device(EventKind::RequestStart, pick(6), 512 << pick(2) | (pick(2) ? kToMedium : 0), 5, core);
          break;
        case 8: b.device(EventKind::RequestDone, pick(6), 0, 5, core); break;
        case 9: b.device(EventKind::LineInterrupt, 11, 1, 5, core); break;
        case 10: b.interrupt(core); break;
        case 11: guest ? b.leave(kHlt, core) : b.enter(kBlockA + core * 0x100, kRootA, core); break;
        case 12: b.event(EventKind::Halt, 1, 0, core); break;
        case 13: b.event(EventKind::Wake, 0, 0, core); break;
        case 14:
          if (!guest) b.tracker.switched(core, b.now, thread);
          break;
        case 15:
          b.tracker.started(core, b.now, request, thread,
                            {.operation = IoOperation::RoundTrip, .bytes = 64, .pages = {}, .frame = 106});
          break;
        case 16: b.device(pick(2) ? EventKind::FrameSent : EventKind::FrameReceived, 106, 0, 6, core); break;
        case 17: b.tracker.answered(core, b.now, request, 106); break;
        case 18:
          b.tracker.departed(
              core, b.now,
              {.thread = pick(2) ? thread : 0, .bytes = 106, .taken = pick(2) != 0, .copied = {}});
          break;
        case 19: b.tracker.taken_back(core, b.now, 106); break;
        case 20: b.tracker.delivered(core, b.now, 106, pick(2) ? thread : 0, pick(4) == 0); break;
        case 21: b.tracker.frame_copied(pick(2) != 0, 0, 106, 106, pick(3)); break;
        case 22: b.tracker.frame_given(core, thread, 106, 64); break;
        default: b.tracker.woken(core, b.now, thread);
      }
    }
    b.tracker.finish();
    REQUIRE(b.done.size() > 100);
    CHECK(std::ranges::all_of(b.done, contiguous));
    for (const IoRequest& each : b.done) totals.add(each);
    for (const auto& [key, group] : totals.groups()) {
      Picoseconds hops = 0;
      u64 cycles = 0;
      for (const auto& [hop, times] : group.hops) hops += times.sum, cycles += times.cycles;
      CHECK(hops == group.total.sum);
      CHECK(cycles == group.total.cycles);
    }
  }
}

// Catches percentiles that forget the requests that spent nothing in a hop.
TEST_CASE("Percentiles are among all requests of a group") {
  IoTotals::Times times;
  for (const Picoseconds time : {30, 10, 20}) times.add(time, 0);
  CHECK(times.percentile(50, 3) == 20);
  CHECK(times.percentile(100, 3) == 30);
  CHECK(times.percentile(50, 6) == 0);
  CHECK(times.percentile(60, 6) == 10);
  CHECK(times.percentile(99, 6) == 30);
}
