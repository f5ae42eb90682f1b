// The workload's lines must be found on a console that carries other things as well.
#include "sim/lab/workload_log.hpp"

#include <catch2/catch.hpp>

using namespace hvlab::lab;

// Catches lines lost to carriage returns, kernel messages or text in front.
TEST_CASE("phases are read from a noisy console") {
  const WorkloadLog log = parse_workload_log(
      "[    0.1] Linux version\r\n"
      "HVLAB way=bare\r\n"
      "HVLAB start size=quick processors=4 at=1500000\r\n"
      "HVLAB phase=cpu hash=354cfe6f56cc6516 ns=35134481 count=48\r\n"
      "[    1.0] noise HVLAB phase=file hash=00ff ns=7 bytes=9\r\n"
      "HVLAB done\r\n[    1.4] reboot: Power down\r\n");
  CHECK(log.size == "quick");
  CHECK(log.processors == 4);
  CHECK(log.start_nanoseconds == 1500000);
  REQUIRE(log.phases.size() == 2);
  CHECK(log.phases[0] == PhaseResult{"cpu", 0x354cfe6f56cc6516, 35134481, 48, 0});
  CHECK(log.phases[1] == PhaseResult{"file", 0xff, 7, 0, 9});
  CHECK(log.done);
}

// Catches a half-printed line being taken for a result.
TEST_CASE("damaged lines are passed over") {
  const WorkloadLog log = parse_workload_log(
      "HVLAB start size=full processors=1 at=1\n"
      "HVLAB phase=cpu hash=12zz ns=3\nHVLAB phase=cpu hash=12\nHVLAB phase= hash=1 ns=1\nHVLAB phase=cpu "
      "hash= ns=1\n"
      "HVLAB phase=cpu hash=11112222333344445 ns=1\nHVLAB don");
  CHECK(log.phases.empty());
  CHECK_FALSE(log.done);
}

// Catches results of an interrupted start being mixed with those of the next.
TEST_CASE("a second start begins anew") {
  const WorkloadLog log = parse_workload_log(
      "HVLAB start size=full processors=1 at=1\nHVLAB phase=cpu hash=1 ns=1\n"
      "HVLAB start size=full processors=1 at=2\nHVLAB phase=cpu hash=2 ns=2\n");
  REQUIRE(log.phases.size() == 1);
  CHECK(log.phases[0].hash == 2);
}

// Catches lines of instances that run at the same time being mixed.
TEST_CASE("lines with a number belong to their instance") {
  const std::vector<WorkloadLog> logs = parse_workload_logs(
      "HVLAB way=kvm\r\nHVLAB launch\r\n"
      "HVLAB instance=2 HVLAB start size=full processors=1 at=2\r\n"
      "HVLAB instance=1 HVLAB start size=full processors=1 at=1\r\r\n"
      "HVLAB instance=2 HVLAB phase=cpu hash=22 ns=2\r\n"
      "HVLAB instance=1 HVLAB phase=cpu hash=11 ns=1\r\n"
      "HVLAB instance=2 HVLAB done\r\nHVLAB instance=0 HVLAB done\r\nHVLAB instance=99999 HVLAB done\r\n"
      "HVLAB instance=2 memory=4096\r\n");
  REQUIRE(logs.size() == 2);
  CHECK(logs[0].start_nanoseconds == 1);
  CHECK(logs[0].phases == std::vector<PhaseResult>{{"cpu", 0x11, 1}});
  CHECK_FALSE(logs[0].done);
  CHECK(logs[1].phases == std::vector<PhaseResult>{{"cpu", 0x22, 2}});
  CHECK(logs[1].done);
  CHECK(logs[1].memory == 4096);
  CHECK(parse_workload_logs("").size() == 1);
}

TEST_CASE("an empty console says nothing") {
  CHECK(parse_workload_log("").size.empty());
  CHECK(last_lines("", 3).empty());
}

// Catches a failure message without the end of the console, or with blank lines instead of it.
TEST_CASE("the last lines are those with text") {
  CHECK(last_lines("one\r\ntwo\r\n\r\nthree\n\n", 2) == "\n  two\n  three");
  CHECK(last_lines("one", 2) == "\n  one");
}

// Catches a move that is lost when the workload starts after it, or that another instance gets.
TEST_CASE("moves belong to their instance and outlast a start") {
  const std::vector<WorkloadLog> logs = parse_workload_logs(
      "HVLAB moved instance=2 status=completed total=129ms downtime=17ms bytes=69190KiB rounds=3\r\n"
      "HVLAB instance=2 HVLAB start size=full processors=1 at=2\r\n"
      "HVLAB moved instance=2 status=active total=ms downtime=ms bytes=KiB rounds=\r\n");
  REQUIRE(logs.size() == 2);
  CHECK(logs[0].moves.empty());
  REQUIRE(logs[1].moves.size() == 2);
  CHECK(logs[1].moves[0].completed);
  CHECK(logs[1].moves[0].seconds == Approx(0.129));
  CHECK(logs[1].moves[0].downtime == Approx(0.017));
  CHECK(logs[1].moves[0].bytes == 69190.0 * 1024);
  CHECK(logs[1].moves[0].rounds == 3);
  CHECK_FALSE(logs[1].moves[1].completed);
}
