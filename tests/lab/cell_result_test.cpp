// Would catch: an ending taken for another, an expectation that holds though it should not, a ratio to the
// wrong cell, a status that hides a graver one, words for the guest that say something else than the file.
#include "sim/lab/cell_result.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "sim/lab/cell_boot.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/models.hpp"
#include "sim/lab/result_files.hpp"
#include "sim/lab/scenario_files.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::lab;

namespace {

constexpr const char* kTwo = R"(title: Two
software: {way: bare}
vary: {software.way: [bare, kvm]}
expect:
)";

/// The scenario with two cells, both run well: the second takes twice as long as the first's 1 s.
ScenarioResult result_of(const std::string& expect) {
  scenario::Problems problems;
  auto scenario = scenario::read_scenario("two.yaml", kTwo + expect, {}, scenario_vocabulary(), problems);
  INFO(problems.report());
  REQUIRE(scenario);
  ScenarioResult result;
  result.scenario = std::move(*scenario);
  result.cells.resize(2);
  for (size_t i = 0; i < 2; ++i) {
    CellResult& cell = result.cells[i];
    cell.ending = "power-off";
    cell.console = "one two two";
    cell.metrics = {{"time", 1e12 * static_cast<double>(i + 1)}, {"exits", 10.0 * static_cast<double>(i)}};
    cell.run.log.size = "quick";
    cell.run.log.phases = {{"cpu", 5, 1}};
    cell.run.log.done = true;
  }
  return result;
}

int status_of(const std::string& expect) {
  ScenarioResult result = result_of(expect);
  judge(result);
  return result.status;
}

scenario::TimedEvent event_at(Picoseconds at, const char* what, unsigned vm) {
  scenario::TimedEvent event;
  event.at = at;
  event.what = what;
  event.vm = vm;
  return event;
}

scenario::Vm vm_of(unsigned vcpus, u64 megabytes, u64 shares) {
  scenario::Vm vm;
  vm.vcpus = vcpus;
  vm.memory = megabytes << 20;
  vm.shares = shares;
  return vm;
}

}  // namespace

TEST_CASE("endings are told by what the boot said, else by its status") {
  CHECK(ending_of(0, "") == "power-off");
  CHECK(ending_of(124, "\nhvlab: ended by time-limit\nhvlab: processor 0 was at") == "time-limit");
  CHECK(ending_of(124, "hvlab: ended by instruction-limit\n") == "instruction-limit");
  CHECK(ending_of(3, "hvlab: ended by debug-exit (value 0x1)\n") == "debug-exit");
  CHECK(ending_of(2, "hvlab: no such file\n") == "refused");
  CHECK(ending_of(134, "hvlab: internal error") == "crashed");
  CHECK(ending_of(139, "") == "crashed");
}

TEST_CASE("bounds hold or not") {
  namespace status = exit_status;
  CHECK(status_of("  - {metric: time, at_most: 2s}\n") == 0);
  CHECK(status_of("  - {metric: time, at_most: 1.9s}\n") == status::kNotAsExpected);
  CHECK(status_of("  - {metric: time, in: {software.way: bare}, at_most: 1s, at_least: 1s, equals: 1s}\n") ==
        0);
  CHECK(status_of("  - {metric: exits, in: {software.way: kvm}, equals: 11}\n") == status::kNotAsExpected);
  CHECK(status_of("  - {metric: busy, at_least: 0}\n") == status::kNotAsExpected);  // not measured
}

TEST_CASE("a ratio is to the cell with the other setting") {
  const std::string start = "  - {metric: time, in: {software.way: kvm}, against: {software.way: bare}, ";
  CHECK(status_of(start + "at_least: 2, at_most: 2}\n") == 0);
  CHECK(status_of(start + "at_most: 1.99}\n") == exit_status::kNotAsExpected);
  CHECK(status_of(
            "  - {metric: exits, in: {software.way: kvm}, against: {software.way: bare}, at_least: 1}\n") ==
        exit_status::kNotAsExpected);  // by zero
}

TEST_CASE("a published figure may be missed by so much") {
  const std::string start =
      "  - {metric: time, in: {software.way: kvm}, against: {software.way: bare}, reference: {";
  CHECK(status_of(start + "value: 2.2, within: 0.1, source: x}}\n") == 0);
  CHECK(status_of(start + "value: 2.3, within: 0.1, source: x}}\n") == exit_status::kNotAsExpected);
}

TEST_CASE("texts on the console are counted") {
  CHECK(status_of("  - {console: one}\n") == 0);
  CHECK(status_of("  - {console: two, equals: 2}\n") == 0);
  CHECK(status_of("  - {console: three, at_most: 0}\n") == 0);
  CHECK(status_of("  - {console: three}\n") == exit_status::kNotAsExpected);
}

TEST_CASE("cells are alike or not") {
  CHECK(status_of("  - same: results\n") == 0);
  CHECK(status_of("  - same: everything\n") == 0);
  ScenarioResult result = result_of("  - same: results\n");
  result.cells[1].run.log.phases[0].hash = 6;
  judge(result);
  CHECK(result.status == exit_status::kNotAsExpected);
  result = result_of("  - same: everything\n");
  result.cells[1].statistics = "a\nb";
  judge(result);
  CHECK(result.status == exit_status::kNotAsExpected);
}

TEST_CASE("text on the console of a virtual machine is that machine's alone") {
  const test::TemporaryFolder folder("vm-console");
  std::filesystem::create_directories(folder.path / "console");
  for (const auto& [name, text] :
       {std::pair{"vm1-com1", "a a"}, {"vm1-com2", "a"}, {"vm2-com1", "b"}, {"com1", "a"}})
    std::ofstream(folder.path / "console" / (std::string(name) + ".txt")) << text;
  const auto status = [&](const std::string& expect) {
    ScenarioResult result = result_of("  - {in: {software.way: kvm}, vm: 1, console: " + expect + "}\n");
    result.cells[1].directory = folder.path.string();
    judge(result);
    return result.status;
  };
  CHECK(status("a") == 0);
  CHECK(status("a, equals: 3") == 0);
  CHECK(status("b") == exit_status::kNotAsExpected);
  CHECK(status("two") == exit_status::kNotAsExpected);  // that is on the machine's
}

TEST_CASE("another ending than the expected has its own status") {
  const std::pair<const char*, int> kEndings[] = {
      {"hang", exit_status::kGuestFailed},  {"time-limit", exit_status::kLimitReached},
      {"refused", exit_status::kInvalid},   {"crashed", exit_status::kOurFault},
      {"", exit_status::kInterrupted},      {"interrupted", exit_status::kInterrupted},
      {"reset", exit_status::kGuestFailed}, {"power-off", 0}};
  for (const auto& [ending, status] : kEndings) {
    ScenarioResult result = result_of("  - {console: one}\n");
    result.cells[1].ending = ending;
    judge(result);
    CHECK(result.status == status);
  }
}

TEST_CASE("a workload that is not done is the guest's failure, unless it was to be killed") {
  ScenarioResult result = result_of("  - {console: one}\n");
  result.cells[1].run.log.done = false;
  judge(result);
  CHECK(result.status == exit_status::kGuestFailed);
  result = result_of("  - {console: one}\n");
  result.cells[1].run.log.done = false;
  result.scenario.cells[1].events = {event_at(1, "kill", 1)};
  judge(result);
  CHECK(result.status == 0);
}

TEST_CASE("a program in the workload's place need not say that it is done") {
  ScenarioResult result = result_of("  - {console: one}\n");
  result.cells[1].run.log.done = false;
  result.scenario.cells[1].vms = {vm_of(1, 128, 100)};
  result.scenario.cells[1].vms[0].program = "/bin/probe spin 1";
  judge(result);
  CHECK(result.status == 0);
}

TEST_CASE("the graver status is kept") {
  CHECK(graver(0, 1) == 1);
  CHECK(graver(exit_status::kLimitReached, exit_status::kGuestFailed) == exit_status::kLimitReached);
  CHECK(graver(exit_status::kInterrupted, exit_status::kOurFault) == exit_status::kInterrupted);
}

TEST_CASE("the guest is told what is particular about its virtual machines, and nothing else") {
  scenario::Cell cell;
  cell.machine.cores = 2;
  cell.vms = {vm_of(2, 128, 100)};
  CHECK(machine_words(cell).empty());
  cell.vms.push_back(vm_of(1, 256, 50));
  cell.vms[1].limit = 0.5;
  cell.vms[1].cores = "0-1,3";
  cell.events = {event_at(500 * kMillisecond, "pause", 1), event_at(1500 * kMillisecond, "resume", 2)};
  CHECK(machine_words(cell) ==
        " hvlab.vm2=1:256:50:50000:0-1,3:0 hvlab.events=0.500000:pause:1,1.000000:resume:2");
}

TEST_CASE("phases that are named run alone, without the devices of the others") {
  scenario::Cell cell;
  cell.phases = {"cpu", "link"};
  CHECK(machine_words(cell) == " hvlab.phases=cpu+link");
  cell.workload = "full";
  cell.machine.nics.push_back({"e1000", "peer", "ethernet-1g"});
  CHECK(model_command_line(*find_model("bare"), cell) == "run=/bin/workload --link 10.0.2.2 cpu link");
  cell.phases.clear();
  CHECK(model_command_line(*find_model("bare"), cell) ==
        "run=/bin/workload --disk /dev/disk0 --link 10.0.2.2 --link-bulk 10.0.2.2");
}

TEST_CASE("instances of one system are groups with programs and limits of their own") {
  scenario::Cell cell;
  cell.vms = {vm_of(1, 0, 100), vm_of(1, 32, 10)};
  cell.vms[0].program = "/bin/probe spin 1";
  cell.vms[1].program = "/bin/neighbour idle";
  cell.vms[1].limit = 0.2;
  CHECK(model_command_line(*find_model("apps"), cell) ==
        "run=/bin/launch --each /bin/probe spin 1 --each --weight 102 --quota 20 --pages 8192 /bin/neighbour "
        "idle");
  cell.machine.nics.push_back({"e1000", "peer", "ethernet-1g"});
  CHECK(model_command_line(*find_model("container"), cell)
            .starts_with("run=/bin/launch --contain --address 10.0.2.21 --each /bin/probe"));
  CHECK(model_command_line(*find_model("monolithic"), cell).find(" -- panic=off run=/bin/neighbour idle") !=
        std::string::npos);
}

TEST_CASE("a scenario may allow two endings") {
  ScenarioResult result = result_of("  - {console: one}\n");
  result.cells[1].ending = "hang";
  for (scenario::Cell& cell : result.scenario.cells) cell.ending = "power-off or hang";
  judge(result);
  CHECK(result.status == 0);
  result.cells[1].ending = "reset";
  judge(result);
  CHECK(result.status == exit_status::kGuestFailed);
}

TEST_CASE("a change is told as what is to be done; a reservation is a matter of everybody's weight") {
  scenario::Cell cell;
  cell.machine.cores = 1;
  cell.vms = {vm_of(1, 128, 100), vm_of(1, 128, 100)};
  cell.vms[0].reservation = 0.5;
  cell.vms[0].memory_reservation = u64{64} << 20;
  cell.events = {event_at(1 * kSecond, "change", 2), event_at(3 * kSecond, "change", 1)};
  cell.events[0].limit = 0.25;
  cell.events[0].cores = "0-1,3";
  cell.events[1].reservation = 0.0;
  CHECK(machine_words(cell) ==
        " hvlab.vm1=1:128:150:max:all:64 hvlab.vm2=1:128:50:max:all:0 hvlab.events=1.000000:limit:2:25000,"
        "0.000000:cores:2:0-1+3,2.000000:weight:1:100,0.000000:weight:2:100");
}

TEST_CASE("XML says what it can") {
  ScenarioResult result = result_of("  - {console: \"<a & 'b\\\">\", why: \"\\x01\"}\n");
  judge(result);
  const std::string xml = junit_xml({result});
  CHECK(xml.find("&lt;a &amp; 'b&quot;>") != std::string::npos);
  CHECK(xml.find('\x01') == std::string::npos);
  CHECK(xml.find("tests=\"4\" failures=\"2\" errors=\"0\" time=\"3.000000\"") != std::string::npos);
}

TEST_CASE("values are shown in a unit that suits them") {
  using scenario::MetricUnit;
  CHECK(show_value(MetricUnit::Time, 2.5e12) == "2.5s");
  CHECK(show_value(MetricUnit::Time, 0) == "0s");
  CHECK(show_value(MetricUnit::Size, 0x1p27) == "128MiB");
  CHECK(show_value(MetricUnit::Count, 1234567890123.0) == "1234567890123");
  CHECK(show_value(MetricUnit::Ratio, 0.5) == "0.5");
}

// Catches digits that nobody reads, a unit that sticks to them, and "1e+03 GiB".
TEST_CASE("a table tells values with three digits and a blank before the unit") {
  using scenario::MetricUnit;
  CHECK(tell_value(MetricUnit::Time, 230.038e12) == "230 s");
  CHECK(tell_value(MetricUnit::Time, 37.84e12) == "37.8 s");
  CHECK(tell_value(MetricUnit::Time, 0.2699e12) == "270 ms");
  CHECK(tell_value(MetricUnit::Time, 1800e12) == "30 min");
  CHECK(tell_value(MetricUnit::Time, 100'800e12) == "28 h");
  CHECK(tell_value(MetricUnit::Time, 604'800e12) == "7 d");
  CHECK(tell_value(MetricUnit::Time, 0) == "0 s");
  CHECK(tell_value(MetricUnit::Size, 12.0791 * 0x1p30) == "12.1 GiB");
  CHECK(tell_value(MetricUnit::Size, 1020 * 0x1p30) == "1020 GiB");
  CHECK(tell_value(MetricUnit::Size, 12.0791 * 0x1p30, 6) == "12.0791 GiB");
  CHECK(tell_value(MetricUnit::Count, 12) == "12");
}
