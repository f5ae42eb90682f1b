// Would catch: a combination that is missing or doubled, a value that lands in another place, a cell that is
// compared with the wrong one, a value that a way decides taken from another cell's way.
#include "sim/scenario/cells.hpp"

#include <catch2/catch.hpp>

#include "sample.hpp"

using namespace hvlab;
using namespace hvlab::scenario;

TEST_CASE("every combination is a cell, the last axis fastest") {
  std::string report;
  const auto scenario = test::read(test::kGood, report);
  INFO(report);
  REQUIRE(scenario);
  REQUIRE(scenario->cells.size() == 4);
  CHECK(scenario->cells[0].label == "way=bare,cores=1");
  CHECK(scenario->cells[1].label == "way=bare,cores=2");
  CHECK(scenario->cells[3].label == "way=kvm,cores=2");
  CHECK(scenario->cells[3].machine.cores == 2);
  CHECK(scenario->cells[3].software.way == "kvm");
}

// Would catch: a name that becomes a key of the software, two cells of one name, an expectation that misses
// its cell.
TEST_CASE("values that are maps have names") {
  std::string report;
  const auto scenario = test::read(R"(title: x
software: {model: bare}
vary:
  software:
    - {as: whole, model: bare}
    - {as: split, model: driver-domain, transmit: map}
    - {model: monolithic}
expect:
  - {metric: time, in: {software: split}, against: {software: whole}, at_most: 9}
)",
                                   report);
  INFO(report);
  REQUIRE(scenario);
  REQUIRE(scenario->cells.size() == 3);
  CHECK(scenario->cells[0].label == "software=whole");
  CHECK(scenario->cells[1].label == "software=split");
  CHECK(scenario->cells[1].software.transmit == "map");
  CHECK(scenario->cells[2].label == "software=#3");
  CHECK(counterpart(*scenario, scenario->cells[1], {{"software", "whole"}}) == &scenario->cells[0]);
}

// Would catch: pairs that are multiplied out, a value that lands in the other's place, a path that varies
// twice.
TEST_CASE("what is paired varies together") {
  const std::string begin = "title: x\nsoftware: {way: kvm}\nvary:\n";
  std::string report;
  const auto scenario =
      test::read(begin +
                     "  machine.cores, workload.instances: [[1, 1], [2, 3]]\n"
                     "  machine.memory: [1GiB, 2GiB]\n"
                     "expect:\n"
                     "  - {metric: time, in: {machine.cores: 2}, against: {machine.cores: 1, "
                     "workload.instances: 1}, at_most: 9}\n",
                 report);
  INFO(report);
  REQUIRE(scenario);
  REQUIRE(scenario->cells.size() == 4);
  CHECK(scenario->cells[0].label == "cores=1,instances=1,memory=1GiB");
  CHECK(scenario->cells[3].label == "cores=2,instances=3,memory=2GiB");
  CHECK(scenario->cells[3].machine.cores == 2);
  CHECK(scenario->cells[3].instances == 3);
  CHECK(counterpart(*scenario, scenario->cells[3], {{"machine.cores", "1"}, {"workload.instances", "1"}}) ==
        &scenario->cells[1]);
  CHECK(counterpart(*scenario, scenario->cells[3], {{"machine.cores", "1"}}) == nullptr);
  using Catch::Contains;
  for (const auto& [axes, message] :
       {std::pair{"  machine.cores, workload.instances: [[1, 1], [2]]\n", "not a value for each of"},
        {"  machine.cores, workload.instances: [1, 2]\n", "not a value for each of"},
        {"  machine.cores, workload.instances: [[1, 2], [1, 2]]\n", "takes the value '[1, 2]' twice"},
        {"  machine.cores, machine.cores: [[1, 2]]\n", "'machine.cores' is there twice"},
        {"  machine.cores, workload.size: [[1, quick]]\n  workload.size: [quick]\n",
         "'workload.size' varies already"},
        {"  machine.cores, : [[1, quick]]\n", "'' leads to no key"},
        {"  machine.cores, machine.coers: [[1, 2]]\n", "did you mean 'machine.cores'"},
        {"  machine.cores, title: [[1, x]]\n", "'title' belongs to all cells"}}) {
    CAPTURE(axes);
    CHECK_FALSE(test::read(begin + axes, report));
    CHECK_THAT(report, Contains(message));
  }
  CHECK_FALSE(test::read(begin + "  machine.cores, workload.instances: [[1, 1], [2, 3]]\n", report,
                         {{"workload.instances", "4"}}));
  CHECK_THAT(report, Contains("the scenario varies this itself"));
}

TEST_CASE("what a way decides is decided in each cell") {
  std::string report;
  const auto scenario = test::read(test::kGood, report);
  REQUIRE(scenario);
  CHECK(scenario->cells[0].machine.memory == u64{256} << 20);
  CHECK(scenario->cells[2].machine.memory == u64{768} << 20);
  CHECK(scenario->cells[0].vms.empty());
  REQUIRE(scenario->cells[3].vms.size() == 1);
  CHECK(scenario->cells[3].vms[0].vcpus == 2);
}

TEST_CASE("a cell is compared with the one that differs in the given settings alone") {
  std::string report;
  const auto scenario = test::read(test::kGood, report);
  REQUIRE(scenario);
  CHECK(counterpart(*scenario, scenario->cells[3], {{"software.way", "bare"}}) == &scenario->cells[1]);
  CHECK(counterpart(*scenario, scenario->cells[3], {{"software.way", "xen"}}) == nullptr);
}

TEST_CASE("the command line sets what the file says, and what it does not") {
  std::string report;
  const auto scenario = test::read("title: x\nsoftware: {way: bare}\n", report,
                                   {{"machine.memory", "1GiB"}, {"software.way", "kvm"}});
  INFO(report);
  REQUIRE(scenario);
  CHECK(scenario->cells[0].label.empty());
  CHECK(scenario->cells[0].machine.memory == u64{1} << 30);
  CHECK(scenario->cells[0].software.way == "kvm");
}

TEST_CASE("bounds are in the unit of their metric, ratios without one") {
  std::string report;
  const auto scenario = test::read(test::kGood, report);
  REQUIRE(scenario);
  REQUIRE(scenario->expectations.size() == 4);
  CHECK(scenario->expectations[0].subject == Subject::SameResults);
  CHECK(scenario->expectations[1].at_most == 1.5);
  CHECK(scenario->expectations[2].at_most == 2e12);
  CHECK(scenario->expectations[3].at_least == 1.0);
  CHECK(scenario->expectations[3].in == std::vector<Setting>{{"software.way", "kvm"}});
}

TEST_CASE("a cost with dots in its name is one word of a path") {
  std::string report;
  const auto scenario =
      test::read("title: x\nsoftware: {way: bare}\nvary: {machine.costs.tlb_small.ways: [1, 2]}\n", report);
  INFO(report);
  REQUIRE(scenario);
  CHECK(scenario->cells[1].label == "ways=2");
  CHECK(scenario->cells[1].machine.costs == std::vector<std::pair<std::string, u64>>{{"tlb_small.ways", 2}});
}
