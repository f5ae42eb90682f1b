// Catches a doctor that calls a host healthy that lacks something, or says nothing of what to do.
#include "sim/lab/doctor.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

using namespace hvlab::lab;

namespace {

class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old, had_ = true;
    setenv(name, value, 1);
  }
  ~Environment() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::string old_;
  bool had_ = false;
};

HostCheck check_of(const std::string& subject) {
  const std::vector<HostCheck> checks = examine_host();
  const auto found = std::ranges::find(checks, subject, &HostCheck::subject);
  REQUIRE(found != checks.end());
  return *found;
}

}  // namespace

TEST_CASE("whatever is not fine comes with advice") {
  const Environment path("PATH", "/nowhere");
  for (const HostCheck& check : examine_host()) {
    INFO(check.subject);
    CHECK((check.finding == Finding::Fine) == check.advice.empty());
    CHECK(!check.found.empty());
  }
}

TEST_CASE("a program that is not in PATH is not there") {
  const Environment path("PATH", "/nowhere");
  CHECK(check_of("gnuplot").finding == Finding::Optional);
}

TEST_CASE("missing data files make it unfit") {
  const Environment data("HVLAB_DATA", "/nowhere");
  CHECK(check_of("data files").finding == Finding::Missing);
}

TEST_CASE("a cache that cannot be written is told") {
  const Environment cache("XDG_CACHE_HOME", "/proc/nowhere");
  CHECK(check_of("cache").finding == Finding::Optional);
}
