#include <algorithm>

#include "sim/cluster/availability.hpp"

namespace hvlab::cluster {

const std::vector<HaTimings>& ha_timings() {
  constexpr Nanoseconds s = kSeconds;
  static const std::vector<HaTimings> kTimings = {
      {"vsphere-4",
       "VMware KB 1003735 on vSphere 4: isolated at 12 s, power-off in the 14th second, failed at 15 s", 0, 0,
       15 * s, 15 * s, 0, 0, 0, 0, 12 * s, 12 * s, 2 * s},
      {"vsphere-5.0",
       "D. Epping, vSphere 5.0 HA, blogs.vmware.com, November 2011; How long does it take before a host is "
       "declared "
       "failed, yellow-bricks.com, January 2021",
       3 * s, 10 * s, 15 * s, 18 * s, 10 * s, 25 * s, 35 * s, 50 * s, 5 * s, 30 * s, 0},
      {"vsphere-5.1",
       "as 5.0; Isolation detection in vSphere 5.1 versus 5.0, yellow-bricks.com, December 2012: the "
       "response comes "
       "30 s later",
       3 * s, 10 * s, 15 * s, 18 * s, 10 * s, 25 * s, 35 * s, 50 * s, 5 * s, 30 * s, 30 * s},
  };
  return kTimings;
}

std::optional<HaTimings> find_ha_timings(std::string_view name) {
  const auto found = std::ranges::find(ha_timings(), name, &HaTimings::name);
  return found == ha_timings().end() ? std::nullopt : std::optional(*found);
}

Availability::Availability() : timings(*find_ha_timings("vsphere-5.1")) {}

}  // namespace hvlab::cluster
