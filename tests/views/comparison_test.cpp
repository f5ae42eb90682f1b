// Catches figures of another phase or run than the one that is shown, and rates over the wrong time.
#include "sim/views/comparison.hpp"

#include <catch2/catch.hpp>

#include "sim/views/messages.hpp"

namespace hvlab::views {
namespace {

record::Json window(double seconds, double guest, double idle, int exits) {
  return {{"seconds", seconds},
          {"cycles", guest + idle},
          {"ledger", {{"guest-user", guest}, {"host-user", 0}, {"idle", idle}}},
          {"exits", {{{"reason", "io"}, {"count", exits}, {"handled", exits}, {"cycles", 1}}}}};
}

record::Json document() {
  const record::Json phases = {{{"name", "disk"}, {"seconds", 2.0}, {"bytes_per_second", 500}},
                               {{"name", "link"}, {"seconds", 0.5}, {"step_seconds", 0.005}}};
  record::Json way = {{"title", "hosted"},
                      {"place", 3},
                      {"processors", 2},
                      {"phases", phases},
                      {"work", window(2.5, 300, 100, 50)},
                      {"phase_work", {window(2, 100, 300, 10), window(0.5, 200, 0, 40)}},
                      {"memory_per_instance", 0},
                      {"power_on_seconds", 0.25}};
  const auto difference = [](const char* what, const char* subject, int place) -> record::Json {
    return {{"what", what},
            {"subject", subject},
            {"run", "hosted"},
            {"baseline", "bare"},
            {"processors", 1},
            {"place", place},
            {"value", 1},
            {"reference", 0},
            {"unit", "s"},
            {"ratio", nullptr},
            {"why", {{"en", "because"}, {"ja", "なぜなら"}}},
            {"explain", {"io"}}};
  };
  return {{"schema", "hvlab.comparison/1"},
          {"ways", {way}},
          {"differences",
           {difference("exits.rate", "", 3), difference("phase.time", "link", 3),
            difference("phase.time", "disk", 4)}}};
}

}  // namespace

TEST_CASE("figures are of all phases, or of the one that is chosen") {
  CHECK(compared_phases(document()) == std::vector<std::string>{"disk", "link"});
  const auto all = compare_columns(document(), "");
  REQUIRE(all.size() == 1);
  REQUIRE(column_at(all, 3) == all.data());
  CHECK(column_at(all, 0) == nullptr);
  CHECK(*all[0].figure(Figure::Time) == 2.5);
  CHECK(*all[0].figure(Figure::Exits) == 20);
  CHECK(!all[0].figure(Figure::Throughput));
  CHECK(!all[0].figure(Figure::Memory));  // 0: nobody counted
  CHECK(*all[0].figure(Figure::Start) == 0.25);
  using Rows = std::vector<std::pair<std::string, double>>;
  CHECK(all[0].ledger == Rows{{"guest-user", 3.75}, {"idle", 1.25}});  // of two processors

  const auto disk = compare_columns(document(), "disk"), link = compare_columns(document(), "link");
  CHECK(*disk[0].figure(Figure::Throughput) == 500);
  CHECK(!disk[0].figure(Figure::Latency));
  CHECK(*link[0].figure(Figure::Latency) == 0.005);
  CHECK(*link[0].figure(Figure::Exits) == 80);
  CHECK(link[0].ledger == Rows{{"guest-user", 1.0}});
  CHECK(!compare_columns(document(), "ping")[0].figure(Figure::Time));
}

TEST_CASE("differences are those of the runs that are shown, and of the phase") {
  CHECK(told_differences(document(), {3, 4}, "", "en").size() == 3);
  const auto shown = told_differences(document(), {3}, "", "ja");
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].what == "exits.rate");
  CHECK(shown[0].why == "なぜなら");
  CHECK(!shown[0].ratio);
  const auto link = told_differences(document(), {3}, "link", "en");
  REQUIRE(link.size() == 1);
  CHECK(link[0].subject == "link");
}

TEST_CASE("one subject does not hide the others") {
  record::Json twice = document();
  twice["differences"].insert(twice["differences"].begin() + 1, twice["differences"][0]);
  const auto shown = told_differences(twice, {3}, "", "en");
  REQUIRE(shown.size() == 3);
  CHECK(shown[0].what == "exits.rate");
  CHECK(shown[1].what == "phase.time");
  CHECK(shown[2].what == "exits.rate");
}

TEST_CASE("every figure has words in both languages") {
  for (const std::string& language : languages())
    for (size_t i = 0; i < static_cast<size_t>(Figure::Count); ++i)
      CHECK(Messages::load(language).has(std::string("compare.figure.") + name(static_cast<Figure>(i))));
}

}  // namespace hvlab::views
