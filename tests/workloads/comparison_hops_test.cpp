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

// Catches means over the wrong count, a kind in another's row, copies of requests of which nothing is known,
// and an answer's way that is another frame's.
TEST_CASE("requests of all kinds stand side by side") {
  const MeasuredRun bare = run_of("bare", R"([
    {"system": 0, "operation": "write", "bytes": 512, "requests": 2, "picoseconds": 8000000, "exits": {}, "hops": []},
    {"system": 0, "operation": "send", "bytes": 106, "called": 1, "requests": 1, "picoseconds": 3000000, "exits": {},
     "copies_known": 1, "copied": 64, "hops": []},
    {"system": 0, "operation": "send", "bytes": 1514, "called": 0, "requests": 9, "picoseconds": 9000000, "exits": {}, "hops": []},
    {"system": 0, "operation": "receive", "bytes": 106, "requests": 1, "picoseconds": 2000000, "exits": {}, "hops": []},
    {"system": 0, "operation": "receive", "bytes": 1514, "requests": 9, "picoseconds": 9000000, "exits": {}, "hops": []}])");
  const MeasuredRun kvm = run_of("kvm", R"([
    {"system": 1, "operation": "write", "bytes": 512, "requests": 2, "picoseconds": 20000000, "exits": {"npf": 5, "hlt": 4},
     "copies_known": 1, "copied": 512, "hops": []}])");
  const MeasuredRun none = run_of("apps", "[]");
  CHECK(format_text_table(io_means({&bare, &none, &kvm}), 100) ==
        "mean of one                          bare                    kvm\n"
        "                          us exits copied        us exits copied\n"
        "write, 512 bytes        4.00   0.0      -     10.00   4.5    512\n"
        "send, 106 bytes         3.00   0.0     64         -\n"
        "receive, 106 bytes      2.00   0.0      -         -\n");
  CHECK(io_means({&none}).columns.empty());
  const MeasuredRun larger = run_of("larger", R"([
    {"system": 0, "operation": "write", "bytes": 4096, "requests": 1, "picoseconds": 8000000, "exits": {}, "hops": []}])");
  CHECK(io_means({&bare, &larger}).labels[1] == "write");  // not of one size
}

// Catches hops that are next to nothing everywhere and take a row each, or whose time is lost.
TEST_CASE("the shortest hops share a row") {
  const MeasuredRun bare =
      run_of("bare", R"([{"system": 0, "operation": "read", "requests": 1, "picoseconds": 100000000,
    "exits": {}, "hops": [{"label": "a", "picoseconds": 99800000}, {"label": "b", "picoseconds": 150000},
    {"label": "c", "picoseconds": 50000}]}])");
  CHECK(format_text_table(io_hops({&bare}, "read"), 100) ==
        "us of each               bare\n"
        "a                99.80  99.8%\n"
        "2 shorter hops    0.20   0.2%\n"
        "the request     100.00 100.0%\n"
        "exits for each     0.0\n");
}

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
