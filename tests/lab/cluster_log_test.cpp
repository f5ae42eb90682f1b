// Would catch: an occurrence that is counted though it is another's, at another time, or counted from the
// wrong beginning; words that lose a part of the line.
#include "sim/lab/cluster_log.hpp"

#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"

using namespace hvlab;
using namespace hvlab::lab;

namespace {

constexpr const char* kLog =
    R"({"ns": 0, "what": "power-on", "machine": "web-1", "host": "a"}
{"ns": 5000000000, "what": "fault", "host": "a", "of": "host"}
{"ns": 8000000000, "what": "serves", "machine": "web-1", "host": "b"}
{"ns": 9000000000, "what": "fault", "card": "b/0", "of": "card"}
{"ns": 12000000000, "what": "serves", "machine": "web-2", "host": "b"}
{"ns": 13500000000, "what": "moved", "machine": "web-2", "host": "b", "to": "c", "downtime_ns": 312000000}
{"ns": 14000000000, "what": "refused", "machine": "web-3", "why": "not enough memory"}
)";

scenario::Expectation expected(const char* what) {
  scenario::Expectation expectation;
  expectation.subject = scenario::Subject::Log;
  expectation.name = what;
  return expectation;
}

size_t count(const scenario::Expectation& expectation) {
  return count_lines(read_log(kLog), expectation).count;
}

}  // namespace

TEST_CASE("occurrences are counted by whom they are of") {
  scenario::Expectation serves = expected("serves");
  CHECK(count(serves) == 2);
  serves.log.machines = {"web-2", "web-3"};
  CHECK(count(serves) == 1);
  serves.log.hosts = {"a"};
  CHECK(count(serves) == 0);
  scenario::Expectation moved = expected("moved");
  moved.log.hosts = {"c"};
  CHECK(count(moved) == 1);  // where it came to
  scenario::Expectation refused = expected("refused");
  refused.log.reason = "not enough memory";
  CHECK(count(refused) == 1);
  scenario::Expectation fault = expected("fault");
  fault.log.reason = "card";
  CHECK(count(fault) == 1);
}

TEST_CASE("occurrences are counted by when they are") {
  scenario::Expectation serves = expected("serves");
  serves.log.at = 8 * kSecond;
  CHECK(count(serves) == 1);
  serves.log.at = 9 * kSecond;
  CHECK(count(serves) == 0);
  CHECK(count_lines(read_log(kLog), serves).seen == "at 8s, 12s");
  serves.log.within = kSecond;
  CHECK(count(serves) == 1);
  serves.log.within = 3 * kSecond;
  CHECK(count(serves) == 2);
  serves.log.at = 3 * kSecond;
  serves.log.within = 0;
  serves.log.since = "fault";
  CHECK(count(serves) == 2);  // each since the last fault before it
  serves.log.since = "moved";
  CHECK(count(serves) == 0);  // there was none before
}

TEST_CASE("a line is told in words") {
  const auto log = read_log(kLog);
  CHECK(text_of(log[1]) == "fault          a (host)");
  CHECK(text_of(log[5]) == "moved          web-2 on b to c, stood still for 312 ms");
  CHECK(text_of(log[6]) == "refused        web-3: not enough memory");
  CHECK(text_of(read_log_line(
            R"({"ns": 0, "what": "refused", "machine": "x", "host": "a", "why": "not enough memory", )"
            R"("lacks_mib": 512})")) == "refused        x on a: not enough memory (lacks 512 MiB)");
  const LogLine nowhere = read_log_line(
      R"({"ns": 0, "what": "refused", "machine": "x", "why": "no host takes it", "hosts": [{"why": "not enough memory", )"
      R"("hosts": 3, "host": "a", "lacks_mib": 512}, {"why": "it is to be apart", "hosts": 1, "host": "b", "with": )"
      R"("y"}]})");
  CHECK(text_of(nowhere) ==
        "refused        x: no host takes it (3 hosts: not enough memory, a lacks 512 MiB; 1 host: it is to "
        "be apart, "
        "y on b)");
  scenario::Expectation refused;
  refused.name = "refused";
  for (const char* reason : {"no host takes it", "not enough memory", "it is to be apart"}) {
    refused.log.reason = reason;
    CHECK(count_lines({nowhere}, refused).count == 1);
  }
  refused.log.reason = "the host is not on";
  CHECK(count_lines({nowhere}, refused).count == 0);
  CHECK(clock_text(13'500 * cluster::kMilliseconds) == "0:00:13.500");
  CHECK(clock_text(2 * cluster::kDays + cluster::kHours) == "2 d 1:00:00");
  CHECK_THROWS_AS(read_log("nonsense\n"), UserError);
}
