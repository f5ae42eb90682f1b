// The tables and the JSON of runs side by side say what the runs left, and a wrong hash never goes unnoticed.
#include "sim/lab/measured_run.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/comparison.hpp"
#include "sim/lab/comparison_table.hpp"
#include "sim/lab/progress_line.hpp"

using namespace hvlab::lab;

namespace {

MeasuredRun run_of(const std::string& way, unsigned processors, hvlab::u64 nanoseconds) {
  MeasuredRun run;
  run.way = way;
  run.processors = processors;
  run.log.size = "full";
  run.log.done = true;
  run.log.start_nanoseconds = 2'000'000'000;
  run.log.phases = {{"cpu", 0xabc, nanoseconds}, {"file", 0xdef, 500}};
  run.cycles = 1000;
  run.ledger = {{"guest-user", 0}, {"host-kernel", 250}, {"idle", 750}};
  run.work = {0.01 / processors, 1000, run.ledger, {}, {}, {}};
  return run;
}

std::vector<MeasuredRun> four_runs() {
  return {run_of("bare", 1, 10'000'000), run_of("container", 1, 15'000'000), run_of("bare", 4, 4'000'000),
          run_of("container", 4, 5'000'000)};
}

}  // namespace

// Catches a ratio taken against the wrong run: each is compared with bare on as many processors.
TEST_CASE("the tables show times, ratios and the ledger of the phases") {
  const std::string text = format_runs(four_runs(), 100);
  CHECK(text.find("== 1 processor ==\nphase                  bare        container\n"
                  "cpu                10.00 ms  15.00 ms  x1.50\n") != std::string::npos);
  CHECK(text.find("cpu                4.00 ms  5.00 ms  x1.25\n") > text.find("== 4 processors =="));
  CHECK(text.find("file                 0.5 us    0.5 us  x1.00\n") != std::string::npos);
  CHECK(text.find("idle                   7.50       7.50\n") != std::string::npos);
  CHECK(text.find("all                   10.00      10.00\n") != std::string::npos);
  CHECK(text.find("guest-user") == std::string::npos);  // nothing was charged to it anywhere
  CHECK(text.find("Exits") == std::string::npos);
}

// Catches a way on one vendor's processor taken against the bare machine of the other's, and processors
// alone, one way on each, that no longer stand side by side.
TEST_CASE("several ways on several processors are compared on each") {
  std::vector<MeasuredRun> runs = {run_of("bare", 1, 10'000'000), run_of("kvm", 1, 15'000'000),
                                   run_of("bare", 1, 20'000'000), run_of("kvm", 1, 22'000'000)};
  for (size_t i = 0; i < runs.size(); ++i) {
    runs[i].processor = i < 2 ? "amd-zen2" : "intel-skylake,-ept";
    runs[i].variant = i < 2 ? "processor=amd-zen2" : "processor=intel-skylake";
  }
  const std::string text = format_runs(runs, 100);
  CHECK(text.starts_with("== 1 processor, amd-zen2 ==\n"));
  CHECK(text.find("15.00 ms  x1.50\n") < text.find("== 1 processor, intel-skylake =="));
  CHECK(text.find("processor=") == std::string::npos);
  CHECK(text.find("20.00 ms  22.00 ms  x1.10\n") > text.find("== 1 processor, intel-skylake =="));
  CHECK(&baseline(runs, runs[3]) == &runs[2]);
  runs.erase(runs.begin() + 3);
  CHECK(format_runs(runs, 100).find("== 1 processor ==\n") != std::string::npos);
}

// Catches lines that a terminal would break.
TEST_CASE("no line is wider than asked") {
  std::istringstream lines(format_runs(four_runs(), 40));
  for (std::string line; std::getline(lines, line);) {
    if (line.find(' ') != std::string::npos && line.find("Where") != 0) CHECK(line.size() <= 40);
  }
}

// Catches silent corruption of a result in one way of running.
TEST_CASE("a different hash is a failure of that run") {
  std::vector<MeasuredRun> runs = four_runs();
  runs[3].log.phases[1].hash ^= 1;
  check_runs(runs);
  CHECK(runs[0].failure.empty());
  CHECK(runs[3].failure.find("phase file: 0000000000000dee, not 0000000000000def") == 0);
  CHECK(format_runs(runs, 100).find("failed") != std::string::npos);
}

// Catches a workload that stopped half way being compared as if it had finished.
TEST_CASE("an unfinished workload or a missing phase is a failure") {
  std::vector<MeasuredRun> runs = four_runs();
  runs[1].log.done = false;
  runs[2].log = WorkloadLog{};
  runs[3].log.phases.pop_back();
  check_runs(runs);
  CHECK(runs[1].failure == "the workload did not finish");
  CHECK(runs[2].failure == "the workload did not start");
  CHECK(runs[3].failure.find("phase file is missing") == 0);
}

TEST_CASE("a table of failed runs only does not break") {
  std::vector<MeasuredRun> runs(2);
  runs[0].failure = runs[1].failure = "no";
  CHECK_FALSE(format_runs(runs, 100).empty());
  CHECK(format_runs({}, 100).empty());
}

// Catches a change of the documented shape.
TEST_CASE("JSON has the documented members") {
  const auto json = comparison_json({four_runs(), {}, {}});
  CHECK(json["schema"] == "hvlab.comparison/1");
  REQUIRE(json["ways"].size() == 4);
  const auto& way = json["ways"][3];
  CHECK(way["name"] == "container");
  CHECK(way["processors"] == 4);
  CHECK(way["phases"][0]["name"] == "cpu");
  CHECK(way["phases"][0]["seconds"].get<double>() == Approx(0.005));
  CHECK(way["phases"][0]["ratio"].get<double>() == Approx(1.25));
  CHECK(way["ledger"]["idle"] == 750);
  CHECK(way["exits"].is_array());
}

TEST_CASE("statistics are read, and refused when they are not such") {
  MeasuredRun run;
  read_statistics(
      R"({"instructions": 5, "cycles": 7, "seconds": 0.25, "ledger": {"idle": 3, "host-user": 4}, "exits": []})",
      run);
  CHECK(run.instructions == 5);
  CHECK(run.cycles == 7);
  CHECK(run.ledger == std::vector<std::pair<std::string, hvlab::u64>>{{"idle", 3}, {"host-user", 4}});
  CHECK_THROWS_AS(read_statistics("{}", run), hvlab::UserError);
  CHECK_THROWS_AS(read_statistics("nonsense", run), hvlab::UserError);
}

// Catches columns of one name for cells that differ in something else than the way.
TEST_CASE("what else a cell has of its own stands in its column's heading") {
  std::vector<MeasuredRun> runs = {run_of("bare", 1, 10'000'000), run_of("bare", 1, 15'000'000)};
  runs[1].variant = "vm_exit=400";
  CHECK(format_runs(runs, 100).find("bare  bare vm_exit=400\n") != std::string::npos);
}

// Catches a run whose instance the scenario killed, or whose program is another one, called unfinished.
TEST_CASE("only the workload has to be done, and only where nobody ends it") {
  std::vector<MeasuredRun> runs = {run_of("bare", 1, 1), run_of("kvm", 1, 1), run_of("kvm", 1, 1)};
  runs[1].others = {WorkloadLog{}};
  runs[1].killed = {1};
  runs[2].log.done = false;
  runs[2].whole_workload = false;
  check_runs(runs);
  for (const MeasuredRun& run : runs) CHECK(run.failure.empty());
  runs[1].killed.clear();
  check_runs(runs);
  CHECK(runs[1].failure == "the workload did not start");
}

// Catches a mean that counts an instance without phases as one that took no time, and one that is held
// against it.
TEST_CASE("an instance whose program has no phases is not averaged") {
  std::vector<MeasuredRun> runs = {run_of("monolithic", 1, 10'000'000)};
  runs[0].others = {WorkloadLog{}};
  const double alone = workload_seconds(run_of("monolithic", 1, 10'000'000));
  CHECK(phase_seconds(runs[0], "cpu") == Approx(0.01));
  CHECK(workload_seconds(runs[0]) == Approx(alone));
  runs[0].whole_workload = false;
  check_runs(runs);
  CHECK(runs[0].failure.empty());
}

// Catches a program without phases that the workload beside it, or of the next run, is held to.
TEST_CASE("another program is nothing to compare with") {
  MeasuredRun first = run_of("monolithic", 1, 1);
  first.whole_workload = false;
  first.others = {first.log};
  first.log = WorkloadLog{};
  std::vector<MeasuredRun> runs = {first, run_of("monolithic", 2, 1)};
  check_runs(runs);
  for (const MeasuredRun& run : runs) CHECK(run.failure.empty());
  runs[1].log.phases[0].hash ^= 1;
  check_runs(runs);
  CHECK(runs[1].failure.find("phase cpu: 0000000000000abd, not 0000000000000abc") == 0);
}

// Catches machines of different sizes, each with as many threads, that are held to one another's results; and
// results that nothing is held to as soon as it has a command line.
TEST_CASE("each program is held to its own results") {
  MeasuredRun first = run_of("monolithic", 4, 1);
  first.whole_workload = false;
  first.programs = {"/bin/smp --threads 4", "/bin/smp --threads 2"};
  first.others = {first.log};
  first.others[0].phases[0].hash ^= 1;
  std::vector<MeasuredRun> runs = {first, first};
  check_runs(runs);
  for (const MeasuredRun& run : runs) CHECK(run.failure.empty());
  runs[1].others[0].phases[0].hash ^= 1;
  check_runs(runs);
  CHECK(runs[0].failure.empty());
  CHECK(runs[1].failure.find("phase cpu: 0000000000000abc, not 0000000000000abd") == 0);
}

// Catches a start that is earlier the more instances never had one.
TEST_CASE("the start is the mean of those instances that started") {
  MeasuredRun run = run_of("kvm", 1, 1);
  CHECK(start_seconds(run) == Approx(2));
  run.others = {WorkloadLog{}, run.log};
  run.others[1].start_nanoseconds = 3'000'000'000;
  CHECK(start_seconds(run) == Approx(2.5));
  CHECK(start_seconds(MeasuredRun{}) == 0);
}

// Catches several instances in the tables of one, a level of each way's own, and a number that is no crossing
// of the level.
TEST_CASE("density is on a straight line between numbers of instances") {
  std::vector<MeasuredRun> runs;
  for (const auto& [way, alone, together] :
       {std::tuple("container", 10u, 14u), std::tuple("monolithic", 12u, 18u)}) {
    runs.push_back(run_of(way, 2, alone * 1'000'000));
    runs.push_back(run_of(way, 2, together * 1'000'000));
    runs.back().others = {runs.back().log};
  }
  const std::string text = format_runs(runs, 100);
  CAPTURE(text);
  CHECK(text.find("*2") == std::string::npos);
  CHECK(text.find("mean of all phases         container  monolithic\n"
                  "1 instance                  10.00 ms    12.00 ms\n"
                  "2 instances                 14.00 ms    18.00 ms\n"
                  "fit in 15.00 ms     at least 2.00        1.50\n"
                  "fit in memory                      -           -\n") != std::string::npos);
}

// Catches a comparison of several instances by the time or the hash of one of them.
TEST_CASE("instances are averaged, and all are checked") {
  MeasuredRun run = run_of("apps", 1, 10'000'000);
  run.others = {run_of("apps", 1, 20'000'000).log};
  run.log.memory = 4 << 20;
  run.others[0].memory = 6 << 20;
  CHECK(instances(run) == 2);
  CHECK(phase_seconds(run, "cpu") == Approx(0.015));
  CHECK(instance_memory(run) == Approx(5 << 20));
  std::vector<MeasuredRun> runs = {run_of("bare", 1, 10'000'000), run};
  CHECK(format_runs(runs, 100).find("apps *2") != std::string::npos);
  CHECK(format_runs(runs, 100).find("5.0 MiB") != std::string::npos);
  runs[1].others[0].phases[0].hash ^= 1;
  check_runs(runs);
  CHECK(runs[0].failure.empty());
  CHECK(runs[1].failure.find("phase cpu: 0000000000000abd, not 0000000000000abc") == 0);
}

// Catches a start that is counted from power-on, or to the lines of the guest's own first process.
TEST_CASE("from launch to start is the machine's time between two lines of the console") {
  MeasuredRun run;
  read_statistics(R"({"instructions": 5, "cycles": 7, "seconds": 1, "ledger": {}, "exits": [], "marks": [
    {"seconds": 0.5, "line": "HVLAB way=kvm"}, {"seconds": 0.625, "line": "HVLAB launch"},
    {"seconds": 0.75, "line": "HVLAB instance=2 HVLAB way=bare"},
    {"seconds": 0.875, "line": "HVLAB instance=2 HVLAB start size=quick processors=1 at=1"},
    {"seconds": 1, "line": "HVLAB instance=1 HVLAB start size=quick processors=1 at=1"}]})",
                  run);
  CHECK(run.launched == Approx(0.625));
  CHECK(launch_seconds(run) == Approx(0.3125));
}

// Catches exits of one reason listed once for each virtual processor, machines mixed, and means over exits
// that nothing is known of.
TEST_CASE("all exits of a machine are told by reason, the dearest first") {
  MeasuredRun run = run_of("kvm", 1, 1);
  run.vcpus =
      nlohmann::ordered_json::parse(R"([{"vm": 1, "vcpu": 0}, {"vm": 1, "vcpu": 1}, {"vm": 2, "vcpu": 0}])");
  run.exits = nlohmann::ordered_json::parse(R"([
    {"vm": 1, "vcpu": 0, "reason": "hlt", "count": 2, "handled": 1, "cycles": 100, "least": 100, "most": 100},
    {"vm": 1, "vcpu": 0, "reason": "npf", "count": 3, "handled": 3, "cycles": 600, "least": 100, "most": 300},
    {"vm": 1, "vcpu": 1, "reason": "npf", "count": 5, "handled": 5, "cycles": 200, "least": 20, "most": 90},
    {"vm": 2, "vcpu": 0, "reason": "hlt", "count": 1, "handled": 0, "cycles": 0, "least": 0, "most": 0}])");
  const std::string text = format_machine_exits(run, 100);
  CHECK(text.find("npf         8   80.00     800    88.89     20   100   300\n") != std::string::npos);
  CHECK(text.find("npf") < text.find("hlt"));
  CHECK(text.find("all        10  100.00     900   100.00\n") != std::string::npos);
  CHECK(text.find("virtual machine 2\nreason  exits") != std::string::npos);
  CHECK(format_machine_exits(run_of("bare", 1, 1), 100).empty());
}

// Catches ways whose exits do not stand in the rows of their reasons.
TEST_CASE("exits of several ways stand side by side") {
  std::vector<MeasuredRun> runs = {run_of("bare", 1, 1), run_of("kvm", 1, 1), run_of("hosted", 1, 1)};
  runs[1].work.exits = {{"npf", 4, 4, 400}};
  runs[2].work.exits = {{"npf", 1, 1, 100}, {"io", 3, 2, 300}};
  const std::string text = format_runs(runs, 100);
  CHECK(text.find("npf          4 100.0%      100       1  25.0%      100\n") != std::string::npos);
  CHECK(text.find("io           -                       3  75.0%      150\n") != std::string::npos);
}

// Catches runs on two vendors' processors without a row in common, exits of one reason and two classes that
// are told as one class or lost from their reason, and older runs, which have no classes.
TEST_CASE("exits on two vendors' processors stand side by side by class") {
  const auto read = [](const std::string& way, const std::string& exits) {
    MeasuredRun run = run_of(way, 1, 1);
    const std::string window = R"({"seconds": 0.01, "cycles": 1000, "ledger": {}, "exits": [)" + exits + "]}";
    read_statistics(
        R"({"instructions": 5, "cycles": 1000, "seconds": 1, "ledger": {}, "exits": [], "work": )" + window +
            "}",
        run);
    return run;
  };
  const MeasuredRun amd = read("kvm", R"(
    {"reason": "npf", "class": "mmio", "count": 3, "handled": 3, "cycles": 300},
    {"reason": "npf", "class": "nested-page-fault", "count": 1, "handled": 1, "cycles": 100})");
  const MeasuredRun intel = read("hosted", R"(
    {"reason": "EPT_MISCONFIG", "class": "mmio", "count": 4, "handled": 4, "cycles": 200},
    {"reason": "HLT", "count": 1, "handled": 1, "cycles": 200})");
  REQUIRE(amd.work.exits.size() == 1);
  CHECK(amd.work.exits[0].exits == 4);
  CHECK(amd.work.exit_classes.size() == 2);
  CHECK(intel.work.exit_classes[1].reason == "hlt");
  const std::string text = format_runs({run_of("bare", 1, 1), amd, intel}, 100);
  CHECK(text.find("mmio                    3  75.0%      100       4  50.0%       50\n") !=
        std::string::npos);
  CHECK(format_runs({run_of("bare", 1, 1), amd}, 100).find("mmio") == std::string::npos);
}

// Catches a change of what `hvlab boot --progress` prints that the progress line would not follow.
TEST_CASE("the latest progress is what follows the last return") {
  CHECK(last_progress("warning\n\r\033[K0.10 s simulated, 5 million instructions, 240 million a second"
                      "\r\033[K0.26 s simulated, 321 million instructions, 251 million a second") ==
        "0.26 s simulated at 251 MIPS");
  CHECK(last_progress("warning\n").empty());
  CHECK(last_progress("\r\033[K").empty());
}

// Catches a teaching system held to phases that only the other scenario has, and a sum that is another one.
TEST_CASE("runs of both families are held to the phases that both have") {
  const auto run_of = [](bool teaching, std::vector<PhaseResult> phases) {
    MeasuredRun run;
    run.teaching = teaching;
    run.log.size = "full";
    run.log.done = true;
    run.log.phases = std::move(phases);
    return run;
  };
  std::vector<MeasuredRun> runs = {run_of(true, {{"cpu", 1, 5}, {"ping", 2, 5}}),
                                   run_of(false, {{"cpu", 1, 6}}), run_of(false, {{"cpu", 1, 7}})};
  check_runs(runs);
  for (const MeasuredRun& run : runs) CHECK(run.failure.empty());
  runs[1].log.phases[0].hash = 3;
  check_runs(runs);
  CHECK(runs[1].failure.find("phase cpu: 0000000000000003, not 0000000000000001") == 0);
  runs = {run_of(true, {{"cpu", 1, 5}, {"ping", 2, 5}}), run_of(true, {{"cpu", 1, 5}})};
  check_runs(runs);
  CHECK_FALSE(runs[1].failure.empty());
}
