// Catches runs compared with the wrong ones, and conditions that do not say when something holds.
#include "sim/analysis/cluster_run.hpp"

#include <catch2/catch.hpp>

#include "cluster_samples.hpp"

namespace hvlab::analysis {

using test::many_hosts;

TEST_CASE("runs are paired by the settings that both kinds have") {
  const std::vector<Measurement> all = {many_hosts({{"kind", "old"}, {"peak", "1"}}, {{"hosts", 10}}),
                                        many_hosts({{"kind", "old"}, {"peak", "2"}}, {{"hosts", 10}}),
                                        many_hosts({{"kind", "new"}, {"peak", "1"}}, {{"hosts", 2}}),
                                        many_hosts({{"kind", "new"}, {"peak", "2"}}, {{"hosts", 2}}),
                                        many_hosts({{"kind", "new"}, {"peak", "3"}}, {{"hosts", 2}}),
                                        many_hosts({}, {{"other", 1}})};
  const ClusterRuns runs = cluster_runs(all, {"hosts"});
  CHECK(runs.size() == 5);
  const auto is_new = [](const ClusterRun& run) { return value(run, "hosts") == 2; };
  const auto is_old = [](const ClusterRun& run) { return value(run, "hosts") == 10; };
  const std::vector<RunPair> found = pairs(runs, is_new, is_old);
  REQUIRE(found.size() == 2);
  CHECK(found[1].one->settings.at("peak") == "2");
  CHECK(found[1].other->settings.at("peak") == "2");
  CHECK(found[1].other->settings.at("kind") == "old");
  CHECK(pairs(runs, is_new, is_new).empty());
  CHECK(value(*runs[0], "none") == 0);
}

TEST_CASE("a kind without variants is compared with each of the other") {
  const std::vector<Measurement> all = {many_hosts({{"cell", "before"}}, {{"hosts", 10}}),
                                        many_hosts({{"cell", "after, small"}}, {{"hosts", 2}}),
                                        many_hosts({{"cell", "after, large"}}, {{"hosts", 2}})};
  const auto found = pairs(
      cluster_runs(all, {"hosts"}), [](const ClusterRun& run) { return value(run, "hosts") == 2; },
      [](const ClusterRun& run) { return value(run, "hosts") == 10; });
  CHECK(found.size() == 2);
  CHECK(in_brackets(found[0].settings) == " (cell=after, small)");
}

TEST_CASE("a condition names the values under which all holds, and inside others what else it takes") {
  std::vector<Outcome> cases;
  for (const char* peak : {"0.1", "0.3", "0.5", "0.7"})
    for (const char* servers : {"8", "10"})
      cases.push_back(
          {{{"peak", peak}, {"servers", servers}},
           std::string(peak) < "0.5" || (std::string(peak) == "0.5" && std::string(servers) == "8")});
  CHECK(word_of(cases) == Word::HoldsIf);
  CHECK(condition(cases) == "peak=0.1 or 0.3; or peak=0.5 and servers=8");
  for (Outcome& each : cases) each.holds = each.settings["servers"] == "8";
  CHECK(condition(cases) == "servers=8");
  for (Outcome& each : cases) each.holds = true;
  CHECK(condition(cases).empty());
  CHECK(word_of(cases) == Word::Holds);
  for (Outcome& each : cases) each.holds = false;
  CHECK(word_of(cases) == Word::DoesNotHold);
  CHECK(word_of({}) == Word::CannotBeTested);
  CHECK(condition({{{}, true}, {{}, false}}).empty());
}

// Catches a ratio to nothing, and sentences that run together or begin with a blank.
TEST_CASE("sentences say under what something is so, and how far figures go") {
  const std::vector<Outcome> small = {{{{"size", "1"}}, true}, {{{"size", "2"}}, false}};
  const std::vector<Outcome> all = {small[0]}, none = {small[1]};
  CHECK(under(small, " It is so.") == "size=1. It is so.");
  CHECK(under(all, " It is so.") == "It is so.");
  CHECK(under(none, "").empty());
  CHECK(said("it fits", small) == " It fits: if size=1.");
  CHECK(said("it fits", all) == " It fits.");
  CHECK(said("it fits", none) == " It is not so that it fits.");
  CHECK(range_text({0.7, 0.634, 1}) == "x0.63 to x1.00");
  CHECK(times(3, 2) == 1.5);
  CHECK(times(3, 0) == 0);
}

}  // namespace hvlab::analysis
