// Run directories: nothing half-written is taken for whole, nobody's run is overwritten.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "sim/record/junit.hpp"
#include "sim/record/run_reader.hpp"
#include "sim/record/run_writer.hpp"
#include "temporary_folder.hpp"
#include "trace_samples.hpp"

using namespace hvlab;
using namespace hvlab::record;
namespace fs = std::filesystem;

namespace {

/// Goes to a folder of its own, and back.
struct Here {
  explicit Here(const std::string& name) : folder(name) { fs::current_path(folder.path); }
  ~Here() { fs::current_path(before); }
  fs::path before = fs::current_path();
  test::TemporaryFolder folder;
};

}  // namespace

// Catches results that are taken for whole before the run is over, and those that are not found after it.
TEST_CASE("a run is running, then complete; the latest is found by its name") {
  const Here here("run");
  RunWriter writer("mine", {{"command", {"a", "b"}}});
  CHECK_THROWS_AS(RunReader("mine"), RunMissing);  // no latest yet
  const std::string path = writer.path().string();
  CHECK(path.starts_with("runs/mine/2"));
  CHECK(RunReader(path).state() == RunState::Running);
  CHECK_THROWS_AS(RunReader(path).stats(), RunMissing);
  writer.put(kStatsFile, R"({"cycles": 7})");
  writer.finish(RunState::Complete, {{"end", "power-off"}});
  for (const std::string& name : {std::string("mine"), std::string("runs/mine"), path, path + "/"}) {
    const RunReader reader(name);
    CHECK(reader.state() == RunState::Complete);
    CHECK(reader.stats()["cycles"] == 7);
    CHECK(reader.run()["end"] == "power-off");
    CHECK(reader.run()["command"][1] == "b");
  }
  CHECK_THROWS_AS(RunReader("other"), RunMissing);
}

// Catches a cell whose name, as it is printed, cannot be used.
TEST_CASE("a cell is found by its run's name and its own") {
  const Here here("cells");
  RunWriter run(
      "two", {{"cells",
               {{{"cell", "on=true,file=a/b"}, {"folder", "on=true,file=a_b"}, {"settings", Json::object()}},
                {{"cell", "on=false"}, {"folder", "cell-2"}, {"settings", Json::object()}}}}});
  RunWriter one((run.path() / "on=true,file=a_b").string() + "/", {{"number", 1}});
  RunWriter other((run.path() / "cell-2").string() + "/", {{"number", 2}});
  for (RunWriter* each : {&one, &other, &run}) each->finish(RunState::Complete, {});
  for (const std::string& name : {std::string("two"), std::string("runs/two"), run.path().string()}) {
    CAPTURE(name);
    CHECK(RunReader(name + "/on=true,file=a/b").run()["number"] == 1);
    CHECK(RunReader(name + "/on=true,file=a_b").run()["number"] == 1);
    CHECK(RunReader(name + "/on=false").run()["number"] == 2);
    CHECK_THROWS_WITH(RunReader(name + "/on=maybe"),
                      Catch::Contains("the cells of ") && Catch::Contains("on=true,file=a/b, on=false"));
  }
  CHECK_THROWS_WITH(RunReader("two/on=false/on=true"), Catch::Contains("there is no run"));
  std::ofstream(run.path() / "run.json") << R"({"schema": "hvlab.run/1", "cells": [3]})";
  CHECK_THROWS_AS(RunReader("two/on=false"), UserError);
}

// Catches two runs in one directory.
TEST_CASE("runs at the same time have directories of their own; a directory holds one run") {
  const Here here("two-runs");
  RunWriter first("mine", {}), second("mine", {}), third("mine", {});
  CHECK(first.path() != second.path());
  CHECK(second.path() != third.path());
  RunWriter given("./there", {});
  CHECK_THROWS_AS(RunWriter("./there", Json()), UserError);
  CHECK(RunReader("./there").state() == RunState::Running);
  first.finish(RunState::Complete, {});
  second.finish(RunState::Partial, {});
  CHECK(fs::canonical("runs/mine/latest") == fs::canonical(second.path()));
}

// Catches a killed run that is waited for for ever, or taken for a whole one.
TEST_CASE("a killed run is known to be killed; what it recorded is read") {
  const Here here("killed");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    RunWriter writer("./run", {});
    test::write_sample(writer.streamed(kTraceFile), test::sample_records());
    std::raise(SIGKILL);
  }
  waitpid(child, nullptr, 0);
  const RunReader reader("./run");
  CHECK(reader.state() == RunState::Killed);
  CHECK(reader.trace().records() > 0);
  CHECK_THROWS_WITH(reader.stats(), Catch::Contains("was killed"));
}

// Catches a run that ends by an error and looks as if it had not.
TEST_CASE("a run that nobody finishes is partial, and so is one that could not be written") {
  const Here here("partial");
  {
    const RunWriter writer("./left", {});
  }
  CHECK(RunReader("./left").state() == RunState::Partial);
  RunWriter writer("./full", {});
  writer.note_problem("trace.hvt: No space left on device");
  writer.finish(RunState::Complete, {});
  const RunReader reader("./full");
  CHECK(reader.state() == RunState::Partial);
  CHECK(reader.run()["problem"] == "trace.hvt: No space left on device");
}

// Catches a run that simulates for minutes before it finds that it cannot write.
TEST_CASE("where nothing can be written, it is said at once and in one line") {
  const Here here("read-only");
  here.folder.file("file", {});
  CHECK_THROWS_WITH(RunWriter("file/run", Json()), Catch::Contains("Not a directory"));
  CHECK_THROWS_WITH(RunWriter("/proc/run/", Json()), Catch::Contains("cannot make the run directory"));
}

// Catches readers that fail on files of others.
TEST_CASE("a damaged run.json is a clear message") {
  const Here here("damaged");
  fs::create_directory("run");
  for (const char* text : {"", "{", "[1]", "{\"schema\": 3}", "{\"schema\": \"hvlab.run/9\"}"}) {
    std::ofstream("run/run.json") << text;
    CAPTURE(text);
    CHECK_THROWS_AS(RunReader("run"), UserError);
  }
  std::ofstream("run/run.json") << R"({"schema": "hvlab.run/1", "state": 5, "process": {"host": 7}})";
  CHECK(RunReader("run").state() == RunState::Killed);
}

// Catches numbers that cannot be told apart in the table.
TEST_CASE("the table names each number by its path") {
  const Json stats = {{"seconds", 0.5},
                      {"ledger", {{"idle", 3}}},
                      {"exits", {{{"vm", 1}, {"vcpu", 0}, {"reason", "hlt"}, {"count", 4}}}},
                      {"devices", {{{"name", "uart, 1"}, {"port_reads", 2}}}}};
  CHECK(flat_csv(stats) ==
        "metric,value\nseconds,0.5\nledger.idle,3\nexits.vm1.vcpu0.hlt.vm,1\nexits.vm1.vcpu0.hlt.vcpu,0\n"
        "exits.vm1.vcpu0.hlt.count,4\n\"devices.uart, 1.port_reads\",2\n");
}

// Catches text that is no XML.
TEST_CASE("JUnit's XML escapes what it has to") {
  const std::string xml = junit_xml("a<b", {{.name = "one", .time = 1'500'000 * kMicrosecond, .failure = ""},
                                            {.name = "two", .failure = "\"x\"\n\x01&"}});
  CHECK(xml ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuite name=\"a&lt;b\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"1.500000\">\n"
        "  <testcase classname=\"a&lt;b\" name=\"one\" time=\"1.500000\"/>\n"
        "  <testcase classname=\"a&lt;b\" name=\"two\" time=\"0.000000\">\n"
        "    <failure message=\"&quot;x&quot;&#10;?&amp;\"/>\n  </testcase>\n</testsuite>\n");
}
