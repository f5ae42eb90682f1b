// Catches sweeps that forget, mix up or invent results: across a restart, a changed question, a broken file.
#include <catch2/catch.hpp>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "sim/sweep/store.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::sweep;

namespace {

Question question() {
  Question asked{"demo.yaml", "ab12", {parse_axis("cores=1,2")}, {}};
  asked.cells = {{0, "grid", {{"cores", "1"}}}, {1, "grid", {{"cores", "2"}}}};
  return asked;
}

}  // namespace

TEST_CASE("what was finished is there after a restart, the rest is unfinished") {
  const test::TemporaryFolder folder("sweep");
  const std::string file = folder.path / "sweep.sqlite";
  {
    Store store = Store::create(file, question());
    CHECK(store.unfinished() == std::vector<u32>{0, 1});
    store.finish(1, {0, "cells/1", {{"time", 2.5, "s"}, {"exits", 7, ""}}});
  }
  Store store = Store::resume(file, question());
  CHECK(store.unfinished() == std::vector<u32>{0});
  const std::optional<Outcome> outcome = store.outcome(1);
  REQUIRE(outcome);
  CHECK(outcome->run == "cells/1");
  REQUIRE(outcome->metrics.size() == 2);
  CHECK(outcome->metrics[1].name == "time");
  CHECK(outcome->metrics[1].value == 2.5);
  CHECK(outcome->metrics[1].unit == "s");
  CHECK(!store.outcome(0));
}

TEST_CASE("a guest that failed is a result; what was stopped runs again") {
  const test::TemporaryFolder folder("sweep");
  Store store = Store::create(folder.path / "sweep.sqlite", question());
  store.finish(0, {4, "", {}});
  store.finish(1, {130, "", {}});
  CHECK(store.unfinished() == std::vector<u32>{1});
}

TEST_CASE("a later result replaces an earlier one whole") {
  const test::TemporaryFolder folder("sweep");
  Store store = Store::create(folder.path / "sweep.sqlite", question());
  store.finish(0, {130, "", {{"a", 1, ""}, {"b", 2, ""}}});
  store.finish(0, {0, "", {{"a", 3, ""}}});
  REQUIRE(store.outcome(0)->metrics.size() == 1);
  CHECK(store.outcome(0)->metrics[0].value == 3);
}

TEST_CASE("the question comes back as it was asked") {
  const test::TemporaryFolder folder("sweep");
  Store store = Store::create(folder.path / "sweep.sqlite", question());
  const Question back = store.question();
  CHECK(back.scenario == "demo.yaml");
  REQUIRE(back.axes.size() == 1);
  CHECK(back.axes[0].values == std::vector<std::string>{"1", "2"});
  REQUIRE(back.cells.size() == 2);
  CHECK(back.cells[1].settings == std::vector<std::pair<std::string, std::string>>{{"cores", "2"}});
}

TEST_CASE("another question, another file, no file: refused") {
  const test::TemporaryFolder folder("sweep");
  const std::string file = folder.path / "sweep.sqlite";
  CHECK_THROWS_AS(Store::resume(file, question()), UserError);
  Store::create(file, question());
  CHECK_THROWS_AS(Store::create(file, question()), UserError);
  Question changed = question();
  changed.content = "cd34";
  CHECK_THROWS_AS(Store::resume(file, changed), UserError);
  changed = question();
  changed.cells[1].settings[0].second = "3";
  CHECK_THROWS_AS(Store::resume(file, changed), UserError);
  const std::string text = folder.path / "text";
  std::ofstream(text) << "not a database, but long enough to be taken for one at first sight";
  CHECK_THROWS_AS(Store::open(text), UserError);
}

TEST_CASE("costs keep their sources and whether they are assumed") {
  const test::TemporaryFolder folder("sweep");
  Store store = Store::create(folder.path / "sweep.sqlite", question());
  store.note_costs({{"vm_exit", 800, "a paper", false}, {"msr", 150, "assumed", true}});
  const std::vector<Cost> costs = store.costs();
  REQUIRE(costs.size() == 2);
  CHECK(costs[0].source == "a paper");
  CHECK(!costs[0].assumed);
  CHECK(costs[1].assumed);
}
