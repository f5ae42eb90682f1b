// Teaching systems stand beside their counterparts.
#include "sim/lab/comparison_beside.hpp"

#include <catch2/catch.hpp>

using namespace hvlab::lab;

namespace {

MeasuredRun run_of(bool teaching, const char* way, hvlab::u64 nanoseconds, unsigned processors = 1) {
  MeasuredRun run;
  run.teaching = teaching;
  run.way = way;
  run.processors = processors;
  run.log.phases = {{"cpu", 1, nanoseconds}};
  return run;
}

}  // namespace

// Catches a ratio to the other side's bare system, a model beside the wrong way, and a row without a partner.
TEST_CASE("each teaching system stands beside its counterpart, both against their own bare system") {
  Comparison comparison;
  comparison.runs = {run_of(true, "bare", 1'000'000),          run_of(true, "monolithic-pv", 1'500'000),
                     run_of(true, "driver-domain", 9'000'000), run_of(false, "bare", 4'000'000),
                     run_of(false, "kvm", 8'000'000),          run_of(false, "kvm-shadow", 9'000'000)};
  REQUIRE(has_counterparts(comparison));
  const auto pairs = beside_json(comparison)["pairs"];
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0]["model"] == "bare");
  CHECK(pairs[0]["phases"][0]["teaching"].get<double>() == Approx(0.001));
  CHECK(pairs[0]["phases"][0]["real"].get<double>() == Approx(0.004));
  CHECK(pairs[1]["model"] == "monolithic-pv");
  CHECK(pairs[1]["way"] == "kvm");
  CHECK(pairs[1]["phases"][0]["teaching"].get<double>() == Approx(1.5));
  CHECK(pairs[1]["phases"][0]["real"].get<double>() == Approx(2.0));
  const std::string text = beside_text(comparison, 100);
  CHECK(text.find("our monolithic-pv") != std::string::npos);
  CHECK(text.find("Debian's kvm") != std::string::npos);
  CHECK(text.find("driver-domain") == std::string::npos);
}

// Catches a figure of another name, unit, side or order, the carrier's requests taken for a guest's, and what
// was not measured shown as nothing at all.
TEST_CASE("what was measured stands beside each other in its unit") {
  Comparison comparison;
  comparison.runs = {run_of(true, "bare", 1'000'000), run_of(true, "hosted", 2'000'000),
                     run_of(false, "bare", 1'000'000), run_of(false, "hosted", 2'000'000)};
  MeasuredRun& ours = comparison.runs[1];
  ours.launched = 0.25;
  ours.started = {0.5, 1.5};
  ours.log.memory = 3 << 20;
  ours.work.exits = {{"npf", 40, 40, 4000}, {"hlt", 2, 2, 100}};
  ours.io = nlohmann::ordered_json::parse(R"([
      {"system": 0, "operation": "write", "requests": 1, "picoseconds": 1000000},
      {"system": 1, "operation": "write", "parts": 2, "requests": 2, "picoseconds": 30000000},
      {"system": 1, "operation": "round-trip", "requests": 4, "picoseconds": 100000000}])");
  const auto figures = beside_json(comparison)["pairs"][1]["figures"];
  struct Expected {
    const char *name, *unit;
    double teaching;
  };
  const Expected expected[] = {
      {"power-on to start", "ms", 1000}, {"launch to start", "ms", 750}, {"memory each", "MiB", 3},
      {"exits in phases", "", 42},       {"a write", "us", 15},          {"a round trip", "us", 25}};
  REQUIRE(figures.size() == std::size(expected));
  for (size_t i = 0; i < figures.size(); ++i) {
    CAPTURE(figures[i].dump());
    CHECK(figures[i]["name"] == expected[i].name);
    CHECK(figures[i]["unit"] == expected[i].unit);
    REQUIRE(figures[i]["teaching"].is_number());
    CHECK(figures[i]["teaching"].get<double>() == Approx(expected[i].teaching));
    CHECK(figures[i]["real"].is_null());
  }
  const std::string text = beside_text(comparison, 200);
  for (const char* cell : {"1000.0 ms", "750.0 ms", "3.0 MiB", " 42 ", "15.0 us", "25.0 us"})
    CHECK(text.find(cell) != std::string::npos);
}

// Catches pairs across numbers of processors, and of runs that failed or were varied in something else.
TEST_CASE("without a bare system of each side with as many processors there is no pair") {
  Comparison comparison;
  comparison.runs = {run_of(true, "bare", 1), run_of(true, "hosted", 2), run_of(false, "bare", 1, 2),
                     run_of(false, "hosted", 2, 2)};
  CHECK_FALSE(has_counterparts(comparison));
  comparison.runs[2].processors = comparison.runs[3].processors = 1;
  CHECK(beside_json(comparison)["pairs"].size() == 2);
  comparison.runs[3].failure = "ended early";
  CHECK(beside_json(comparison)["pairs"].size() == 1);
  comparison.runs[1].variant = "paging=shadow";
  comparison.runs[3].failure.clear();
  CHECK(beside_json(comparison)["pairs"].size() == 1);
}
