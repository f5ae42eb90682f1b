// Hops of requests in several ways stand side by side.
#include "sim/lab/comparison_hops.hpp"

#include <catch2/catch.hpp>

using namespace hvlab::lab;

namespace {

MeasuredRun run_of(const char* way, const char* groups) {
  MeasuredRun run;
  run.way = way;
  run.io = nlohmann::ordered_json::parse(groups);
  return run;
}

}  // namespace

// Catches a hop in another's row, a mean over the wrong count, and a hop that only one way has getting lost.
TEST_CASE("hops of all ways are rows in the order of the longest way") {
  const MeasuredRun bare =
      run_of("bare", R"([{"system": 0, "operation": "write", "requests": 2, "picoseconds": 8000000,
    "exits": {}, "hops": [{"label": "call", "picoseconds": 2000000}, {"label": "medium", "picoseconds": 6000000}]}])");
  const MeasuredRun kvm =
      run_of("kvm", R"([{"system": 1, "operation": "write", "requests": 1, "picoseconds": 10000000,
    "exits": {"npf": 3}, "hops": [{"label": "call", "picoseconds": 1000000}, {"label": "exit", "picoseconds": 4000000},
    {"label": "medium", "picoseconds": 5000000}]}])");
  const MeasuredRun none = run_of("apps", "[]");
  CHECK(format_text_table(io_hops({&bare, &none, &kvm}, "write"), 100) ==
        "us of each             bare           kvm\n"
        "call            1.00  25.0%   1.00  10.0%\n"
        "exit               -          4.00  40.0%\n"
        "medium          3.00  75.0%   5.00  50.0%\n"
        "the request     4.00 100.0%  10.00 100.0%\n"
        "exits for each   0.0           3.0\n");
  CHECK(io_hops({&none}, "write").columns.empty());
  CHECK(io_hops({&bare}, "read").columns.empty());
}
