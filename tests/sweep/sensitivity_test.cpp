// Catches a ranking that does not follow the numbers. The expected values are worked out by hand.
#include <catch2/catch.hpp>

#include "sim/sweep/sensitivity.hpp"

using namespace hvlab;
using namespace hvlab::sweep;

namespace {

// time = 10 * cores; `way` changes nothing.
Question question() {
  Question asked{"s.yaml", "", {parse_axis("cores=1,2,4"), parse_axis("way=bare,kvm")}, {}};
  for (const Combination& combination : combinations(asked.axes)) {
    asked.cells.push_back(
        {static_cast<u32>(asked.cells.size()), "grid", {{"cores", combination[0]}, {"way", combination[1]}}});
  }
  return asked;
}

Results results(const Question& asked) {
  Results all;
  for (const Cell& cell : asked.cells)
    all[cell.id] = {0, "", {{"time", 10 * *number_of(cell.settings[0].second), "s"}}};
  return all;
}

}  // namespace

TEST_CASE("the axis that moves a metric comes first, with its elasticity") {
  const Question asked = question();
  const std::vector<Influence> found = influences(asked, results(asked));
  REQUIRE(found.size() == 2);
  CHECK(found[0].path == "cores");
  CHECK(found[0].means == std::vector<double>{10, 20, 40});
  CHECK(found[0].range == Approx(30 / (70.0 / 3)));
  REQUIRE(found[0].elasticity);
  CHECK(*found[0].elasticity == Approx(1));  // proportional
  CHECK(found[1].path == "way");
  CHECK(found[1].range == 0);
  CHECK(!found[1].elasticity);  // names have no logarithm
}

TEST_CASE("a missing cell is left out, not counted as zero") {
  const Question asked = question();
  Results some = results(asked);
  some.erase(0);
  CHECK(influences(asked, some)[0].means == std::vector<double>{10, 20, 40});
}

TEST_CASE("each assumed cost is moved by a quarter both ways; sourced ones are not") {
  const Cell base{0, "grid", {{"cores", "2"}}};
  const std::vector<Cost> costs = {{"vm_exit", 800, "paper", false},
                                   {"msr", 150, "assumed", true},
                                   {"load", 1, "assumed", true, 0},
                                   {"nothing", 0, "assumed", true, 0},
                                   {"stack", 1, "assumed", true, 1}};
  const std::vector<Cell> cells = cost_cells(base, costs, 6);
  REQUIRE(cells.size() == 5);
  CHECK(cells[0].id == 6);
  CHECK(cells[0].settings ==
        std::vector<std::pair<std::string, std::string>>{{"cores", "2"}, {"machine.costs.msr", "112"}});
  CHECK(cells[1].settings.back().second == "188");
  CHECK(cells[2].settings.back() == std::pair<std::string, std::string>{"machine.costs.load", "0"});
  CHECK(cells[3].settings.back().second == "2");
  CHECK(cells[4].settings.back() ==
        std::pair<std::string, std::string>{"machine.costs.stack", "2"});  // never 0
}

TEST_CASE("a cost that the sweep varies itself is not varied again") {
  const Cell base{0, "grid", {{"machine.costs.msr", "100"}}};
  CHECK(cost_cells(base, {{"msr", 150, "assumed", true}}, 1).empty());
}

TEST_CASE("how far an answer moves with an assumed cost") {
  Question asked{"s.yaml", "", {}, {{0, "grid", {}}}};
  const std::vector<Cost> costs = {{"msr", 100, "assumed", true}};
  for (const Cell& cell : cost_cells(asked.cells[0], costs, 1)) asked.cells.push_back(cell);
  const Results found = {{0, {0, "", {{"time", 200, "s"}}}},
                         {1, {0, "", {{"time", 190, "s"}}}},
                         {2, {0, "", {{"time", 220, "s"}}}}};
  const std::vector<CostInfluence> moved = cost_influences(asked, found, costs);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].lower == 190.0);
  CHECK(moved[0].higher == 220.0);
  CHECK(moved[0].range == Approx(0.1));
}
