// Catches steps at the wrong layer, a moment that is not what has passed, and a scale that bends time.
#include <catch2/catch.hpp>

#include "sim/views/ladder.hpp"

namespace hvlab::views {
namespace {

using observe::IoStage;
using observe::IoWhere;

// 100 ns in the guest, 10 out, 50 hypervisor, 40 VMM, 1000 medium, 20 entry, 30 guest.
Request sample(unsigned system = 1) {
  Request request;
  request.io.system = system;
  request.io.operation = observe::IoOperation::Write;
  request.io.begin = 5'000'000;
  Picoseconds at = request.io.begin;
  const auto piece = [&](IoStage stage, IoWhere where, u64 ns) {
    request.io.pieces.push_back(
        {.stage = stage, .where = where, .core = 0, .begin = at, .end = at + ns * kNanosecond});
    at += ns * kNanosecond;
  };
  piece(IoStage::Call, IoWhere::GuestKernel, 100);
  piece(IoStage::Submit, IoWhere::Exit, 10);
  piece(IoStage::Submit, IoWhere::Hypervisor, 50);
  piece(IoStage::Submit, IoWhere::HostUser, 40);
  piece(IoStage::Medium, IoWhere::Medium, 1000);
  piece(IoStage::Complete, IoWhere::Entry, 20);
  piece(IoStage::Return, IoWhere::GuestKernel, 30);
  request.io.end = at;
  request.cycles = 1250;
  return request;
}

}  // namespace

TEST_CASE("a request's steps are on the rungs of its layers, from top to bottom") {
  const Ladder ladder = ladder_of(sample(), 1'000'000'000);
  CHECK(ladder.rungs ==
        std::vector<Rung>{Rung::GuestKernel, Rung::Switch, Rung::Hypervisor, Rung::VmmProcess, Rung::Medium});
  CHECK(ladder.length == 1250 * kNanosecond);
  CHECK(ladder.steps[3].rung == Rung::VmmProcess);
  CHECK(ladder.steps[3].label == "user-space VMM");
  CHECK(ladder.steps[3].begin == 160 * kNanosecond);
  CHECK(ladder.steps[3].cycles == 40);
  CHECK(ladder.crossings == 1);
  CHECK(time_on_rungs(ladder)[static_cast<size_t>(Rung::GuestKernel)] == 130 * kNanosecond);
  // The machine's own programs ask themselves.
  CHECK(ladder_of(sample(0), 1'000'000'000).steps[3].rung == Rung::Program);
}

TEST_CASE("a moment says where the request is and what has passed") {
  const Ladder ladder = ladder_of(sample(), 1'000'000'000);
  const Moment early = moment_at(ladder, 0);
  CHECK(early.step == 0);
  CHECK(early.crossings == 0);
  CHECK(!early.over);
  const Moment within = moment_at(ladder, 130 * kNanosecond);
  CHECK(within.step == 2);
  CHECK(within.in_step == 20 * kNanosecond);
  CHECK(within.crossings == 1);
  CHECK(within.spent[static_cast<size_t>(Rung::GuestKernel)] == 100 * kNanosecond);
  CHECK(within.spent[static_cast<size_t>(Rung::Hypervisor)] == 20 * kNanosecond);
  CHECK(within.spent[static_cast<size_t>(Rung::Medium)] == 0);
  const Moment late = moment_at(ladder, 9000 * kNanosecond);
  CHECK(late.over);
  CHECK(late.step == 6);
  CHECK(late.in_step == 30 * kNanosecond);
  Picoseconds all = 0;
  for (const Picoseconds time : late.spent) all += time;
  CHECK(all == ladder.length);
  CHECK(moment_at({}, 5).over);
}

TEST_CASE("steps are gone through one by one, forth and back") {
  const Ladder ladder = ladder_of(sample(), 1'000'000'000);
  std::vector<Picoseconds> forth, back;
  for (Picoseconds at = 0; at < ladder.length; at = next_step(ladder, at)) forth.push_back(at / kNanosecond);
  CHECK(forth == std::vector<Picoseconds>{0, 100, 110, 160, 200, 1200, 1220});
  for (Picoseconds at = ladder.length; at > 0;) {
    at = previous_step(ladder, at);
    back.push_back(at / kNanosecond);
  }
  CHECK(back == std::vector<Picoseconds>{1220, 1200, 200, 160, 110, 100, 0});
  CHECK(next_step(ladder, ladder.length) == ladder.length);
  CHECK(previous_step(ladder, 165 * kNanosecond) == 160 * kNanosecond);
}

TEST_CASE("long waits can be drawn short without bending the rest") {
  const Ladder ladder = ladder_of(sample(), 1'000'000'000);
  const std::vector<Picoseconds> whole = places_of(ladder, kNever),
                                 folded = places_of(ladder, 100 * kNanosecond);
  CHECK(whole.back() == ladder.length);
  CHECK(short_wait({&ladder}) == 250 * kNanosecond / 8);
  CHECK(short_wait({}) == 1);
  CHECK(folded.back() == 350 * kNanosecond);
  CHECK(place_at(ladder, folded, 130 * kNanosecond) == 130 * kNanosecond);
  CHECK(place_at(ladder, folded, 700 * kNanosecond) == 250 * kNanosecond);
  CHECK(place_at(ladder, folded, 1230 * kNanosecond) == 330 * kNanosecond);
  CHECK(place_at(ladder, folded, kNever) == 350 * kNanosecond);
  for (const u64 ns : {0, 55, 105, 199, 200, 705, 1200, 1249})
    CHECK(time_at(ladder, folded, place_at(ladder, folded, ns * kNanosecond)) / kNanosecond ==
          Approx(static_cast<double>(ns)).margin(1));
}

}  // namespace hvlab::views
