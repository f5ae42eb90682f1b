// Any bytes as a scenario: read, or refused with a report; what was read resolves to a file that is valid and
// resolves to itself. Start it with scenarios/ and tests/scenario/mistakes/ as corpus.
#include "fuzz.hpp"
#include "scenario/sample.hpp"
#include "sim/base/check.hpp"
#include "sim/scenario/print.hpp"

using namespace hvlab;
using namespace hvlab::scenario;

extern "C" int LLVMFuzzerTestOneInput(const u8* data, size_t size) {
  static const Vocabulary words = test::words();
  Problems problems;
  const auto scenario =
      read_scenario("f.yaml", {reinterpret_cast<const char*>(data), size}, {}, words, problems);
  HVLAB_CHECK(scenario.has_value() == problems.report().empty());
  if (!scenario) return 0;
  const std::string once = print_cell(*scenario, scenario->cells.back(), true);
  Problems none;
  const auto again = read_scenario("f.yaml", once, {}, words, none);
  HVLAB_CHECK(again && print_cell(*again, again->cells.front(), false) ==
                           print_cell(*scenario, scenario->cells.back(), false));
  return 0;
}
