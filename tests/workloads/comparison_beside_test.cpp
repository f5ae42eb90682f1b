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
