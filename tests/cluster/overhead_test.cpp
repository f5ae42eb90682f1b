// Catches a profile of a way whose figures do not say where they come from.
#include "sim/cluster/overhead.hpp"

#include <catch2/catch.hpp>

namespace hvlab::cluster {

TEST_CASE("every profile can be read, and every figure is measured, sourced or assumed") {
  const std::vector<std::string> names = media::profile_names("overhead");
  REQUIRE(names.size() >= 4);
  for (const std::string& name : names) {
    const Overhead overhead = load_overhead(name);
    CAPTURE(name);
    CHECK(overhead.name == name);
    CHECK(overhead.figures.size() == 6);
    for (const media::Figure& figure : overhead.figures) CHECK(figure.source.size() > 6);
  }
}

TEST_CASE("an origin is told from the source's first word") {
  CHECK(std::string("assumed") == origin_of({"x", 1, "assumed: as kvm"}));
  CHECK(std::string("measured") == origin_of({"x", 1, "measured: scenarios/claims/h3_instances.yaml"}));
  CHECK(std::string("sourced") == origin_of({"x", 1, "Firecracker SPECIFICATION.md"}));
}

}  // namespace hvlab::cluster
