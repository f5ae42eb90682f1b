// Catches points on the wrong curve or at the wrong place, and bars of what another metric does.
#include "sim/views/sweep_curves.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "sim/record/run_writer.hpp"
#include "sim/views/run_set.hpp"

namespace hvlab::views {
namespace {

record::Json cell(int id, const std::string& cost, const std::string& model, double time) {
  record::Json one = {{"id", id},
                      {"kind", "grid"},
                      {"run", "runs/" + std::to_string(id)},
                      {"settings", {{"machine.costs.vm_exit", cost}, {"software.model", model}}},
                      {"metrics", record::Json::object()}};
  if (time > 0) one["metrics"]["time"] = time;
  return one;
}

record::Json document() {
  record::Json moved = cell(9, "400", "hosted", 99);
  moved["kind"] = "cost";
  return {{"axes",
           {{{"path", "machine.costs.vm_exit"}, {"values", {"400", "1600"}}},
            {{"path", "software.model"}, {"values", {"monolithic", "hosted"}}}}},
          {"metrics", {"time"}},
          {"units", {{"time", "s"}}},
          {"unfinished", 1},
          {"cells",
           {cell(0, "1600", "monolithic", 12), cell(1, "400", "monolithic", 10), cell(2, "400", "hosted", 20),
            cell(3, "1600", "hosted", 0), moved}},
          {"influences",
           {{{"metric", "time"},
             {"path", "software.model"},
             {"range", 0.6},
             {"values", {"monolithic", "hosted"}},
             {"means", {10, 20}}},
            {{"metric", "exits"},
             {"path", "software.model"},
             {"range", 2},
             {"values", {"a", "b"}},
             {"means", {1, 9}}},
            {{"metric", "time"},
             {"path", "machine.costs.vm_exit"},
             {"range", 0.1},
             {"elasticity", 0.13},
             {"values", {"400", "1600"}},
             {"means", {10, 12}}}}},
          {"cost_influences",
           {{{"metric", "time"},
             {"path", "machine.costs.cost.load"},
             {"base", 10},
             {"at_75_percent", 9.5},
             {"at_125_percent", 11}},
            {{"metric", "time"}, {"path", "machine.costs.msr"}, {"base", 10}, {"at_75_percent", 10}}}}};
}

}  // namespace

TEST_CASE("a curve for each combination of the other axes, in the order of x, of the grid alone") {
  const SweepCurves curves = sweep_curves(document(), "time", "machine.costs.vm_exit");
  CHECK(curves.numeric);
  CHECK(curves.unit == "s");
  REQUIRE(curves.curves.size() == 2);
  CHECK(curves.curves[0].name == "model monolithic");
  REQUIRE(curves.curves[0].points.size() == 2);
  CHECK(curves.curves[0].points[0].x == 400);
  CHECK(curves.curves[0].points[0].y == 10);
  CHECK(curves.curves[0].points[1].run == "runs/0");
  REQUIRE(curves.curves[1].points.size() == 1);  // one has no result
  CHECK(curves.curves[1].points[0].y == 20);
}

TEST_CASE("an axis of names has its values beside each other, in the order in which they were given") {
  const SweepCurves curves = sweep_curves(document(), "time", "software.model");
  CHECK(!curves.numeric);
  CHECK(curves.labels == std::vector<std::string>{"monolithic", "hosted"});
  REQUIRE(curves.curves.size() == 2);
  CHECK(curves.curves[1].name == "vm_exit 400");
  CHECK(curves.curves[1].points[1].x == 1);
  CHECK(sweep_curves(document(), "exits", "software.model").curves.empty());
}

TEST_CASE("more combinations than can be told apart become a curve of means") {
  record::Json many = document();
  many["cells"] = record::Json::array();
  for (int i = 0; i < 10; ++i) {
    many["cells"].push_back(cell(i, "400", "m" + std::to_string(i), i + 1));
    many["cells"].push_back(cell(i, "1600", "m" + std::to_string(i), 10));
  }
  const SweepCurves curves = sweep_curves(many, "time", "machine.costs.vm_exit");
  CHECK(curves.means);
  REQUIRE(curves.curves.size() == 1);
  CHECK(curves.curves[0].points[0].y == Approx(5.5));
  CHECK(!curves.curves[0].points[0].cell);
}

TEST_CASE("sensitivities are of the metric, as shares, the largest first") {
  const auto all = sensitivities(document(), "time");
  REQUIRE(all.size() == 3);
  CHECK(all[0].path == "software.model");
  CHECK(all[0].lower == Approx(-1.0 / 3));
  CHECK(all[0].lower_at == "monolithic");
  CHECK(all[0].higher == Approx(1.0 / 3));
  CHECK(all[1].path == "machine.costs.vm_exit");
  CHECK(*all[1].elasticity == 0.13);
  CHECK(all[2].assumed);  // the one that moves nothing is not there
  CHECK(all[2].lower == Approx(-0.05));
  CHECK(all[2].higher == Approx(0.1));
  CHECK(all[2].higher_at == "125%");
}

TEST_CASE("choices are what the sweep has") {
  const SweepChoices choices = sweep_choices(document());
  CHECK(choices.axes == std::vector<std::string>{"machine.costs.vm_exit", "software.model"});
  CHECK(choices.metrics == std::vector<std::string>{"time"});
  CHECK(choices.unfinished == 1);
  CHECK_THROWS_AS(sweep_choices(record::Json::object()), nlohmann::json::exception);
}

// Catches cells that are all called like their scenario, and a sweep's folder that is taken for a run.
TEST_CASE("a sweep's folder opens its cells, by their numbers") {
  std::string folder = (std::filesystem::temp_directory_path() / "hvlab-sweep-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  std::ofstream(folder + "/sweep.sqlite") << "x";
  for (const char* cell : {"0", "3"}) {
    record::RunWriter writer(folder + "/runs/" + cell + "/scenario", record::Json::object());
    writer.finish(record::RunState::Complete, record::Json::object());
  }
  const RunSet set = open_runs({folder});
  REQUIRE(set.runs.size() == 2);
  CHECK(set.runs[0]->name() == "cell 0");
  CHECK(set.runs[1]->name() == "cell 3");
  std::filesystem::remove_all(folder);
}

TEST_CASE("a run knows the sweep that it is of") {
  std::string folder = (std::filesystem::temp_directory_path() / "hvlab-sweep-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  std::filesystem::create_directories(folder + "/s/runs/0");
  CHECK(sweep_folder_of(folder + "/s/runs/0").empty());
  std::ofstream(folder + "/s/sweep.sqlite") << "x";
  CHECK(sweep_folder_of(folder + "/s/runs/0") == folder + "/s");
  CHECK(sweep_folder_of(folder + "/s") == folder + "/s");
  CHECK(is_sweep(folder + "/s"));
  CHECK(!is_sweep(folder + "/s/runs"));
  CHECK(cell_run(folder + "/s", "runs/0") == folder + "/s/runs/0");
  std::filesystem::create_directories(folder + "/s/runs/0/scenario");
  CHECK(cell_run(folder + "/s", "runs/0") == folder + "/s/runs/0/scenario");
  std::filesystem::remove_all(folder);
}

}  // namespace hvlab::views
