// Metrics of an account: of the whole run, and of each of its windows.
#pragma once

#include <string>
#include <vector>

#include "sim/cluster/account.hpp"
#include "sim/cluster/metrics.hpp"

namespace hvlab::cluster {

/// Of the whole run: "machines.count", "hosts.overloaded", ...; and "window.NAME.METRIC" of every window that
/// has begun. One that has not ended counts until now.
std::vector<Metric> account_metrics(const Simulation& sim);

/// Their names with a star for a window's; the values say nothing.
std::vector<Metric> account_patterns();

}  // namespace hvlab::cluster
