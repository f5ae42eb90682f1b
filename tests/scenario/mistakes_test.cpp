// Would catch: a mistake in a scenario that goes unnoticed, or whose message changes, says another place, or
// comes with others that only follow from it. Each file of mistakes/ has beside it what is said about it;
// HVLAB_BLESS=1 in the environment writes those anew.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sample.hpp"

using namespace hvlab;
using namespace hvlab::scenario;
namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("each mistake is told with its place, and no others") {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(HVLAB_MISTAKES)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  REQUIRE(files.size() >= 15);
  for (const fs::path& file : files) {
    CAPTURE(file.filename().string());
    Problems problems;
    const auto scenario = read_scenario(file.filename().string(), content(file), {}, test::words(), problems);
    CHECK_FALSE(scenario);
    const fs::path expected = fs::path(file).replace_extension(".txt");
    if (std::getenv("HVLAB_BLESS") != nullptr) std::ofstream(expected, std::ios::binary) << problems.report();
    CHECK(problems.report() == content(expected));
  }
}

TEST_CASE("what the command line sets is wrong at its own place") {
  std::string report;
  CHECK_FALSE(test::read(test::kGood, report, {{"machine.memory", "12"}}));
  CHECK(report.starts_with("--set machine.memory:1:1: '12' has no unit\n"));
  CHECK_FALSE(test::read(test::kGood, report, {{"machine.memroy", "12MiB"}}));
  CHECK(report.starts_with("--set machine.memroy: leads to no key; did you mean 'machine.memory'?\n"));
  CHECK_FALSE(test::read(test::kGood, report, {{"expect.9.metric", "time"}}));
}

TEST_CASE("a problem in all cells is told once") {
  std::string report;
  CHECK_FALSE(test::read(std::string(test::kGood) + "seed: many\n", report));
  CHECK(std::ranges::count(report, '^') == 4);
}
