#include "sim/views/cluster_curves.hpp"

#include <algorithm>

#include "sim/views/cluster_columns.hpp"

namespace hvlab::views {

using record::ClusterOverview;
using record::ClusterReader;
using record::ClusterState;
using record::ClusterTime;

namespace {

void add_to(std::vector<float>& values, size_t place, double value) {
  values[place] += static_cast<float>(value);
}

void add_host(ClusterCurves& curves, const record::HostFacts& facts, size_t place, double wanted,
              double memory, double power, double share) {
  add_to(curves.wanted, place, wanted / std::max(1u, facts.capacity()) * share);
  add_to(curves.memory, place, memory / std::max(1u, facts.memory) * share);
  add_to(curves.power, place, power / 1000.0 * share);
}

void from_overview(ClusterCurves& curves, const ClusterReader& reader) {
  const ClusterOverview& overview = reader.overview();
  const auto& hosts = reader.facts().hosts;
  const size_t stores = reader.facts().stores.size();
  const ClusterColumns columns{curves.from, curves.until, curves.columns};
  const u32 first = static_cast<u32>(std::min<u64>(curves.from / overview.width, overview.spans));
  for (u32 span = first; span < overview.spans && span * overview.width < curves.until; ++span) {
    const ClusterTime begin = span * overview.width, end = std::min(begin + overview.width, reader.end());
    columns.spread(begin, end, [&](u32 column, double share) {
      for (size_t host = 0; host < hosts.size(); ++host) {
        const auto& means = overview.hosts[host * overview.spans + span];
        add_host(curves, hosts[host], host * curves.columns + column, means.wanted, means.committed,
                 means.power, share);
      }
      for (size_t store = 0; store < stores; ++store)
        add_to(curves.busy, store * curves.columns + column,
               overview.stores[store * overview.spans + span].busy / 1000.0 * share);
    });
  }
}

void from_states(ClusterCurves& curves, ClusterReader& reader) {
  const ClusterColumns columns{curves.from, curves.until, curves.columns};
  ClusterTime since = curves.from;
  std::vector<record::HostSample> hosts;
  std::vector<record::StoreSample> stores;
  const auto add = [&](ClusterTime until) {
    columns.spread(since, until, [&](u32 column, double share) {
      for (size_t host = 0; host < hosts.size(); ++host)
        add_host(curves, reader.facts().hosts[host], host * curves.columns + column, hosts[host].wanted,
                 hosts[host].committed, hosts[host].power, share);
      for (size_t store = 0; store < stores.size(); ++store)
        add_to(curves.busy, store * curves.columns + column, stores[store].busy / 1000.0 * share);
    });
    since = until;
  };
  reader.each(curves.from, curves.until, [&](ClusterTime at, const ClusterState& state) {
    add(at);
    hosts = state.hosts;
    stores = state.stores;
    return true;
  });
  add(std::min(curves.until, reader.end()));
}

}  // namespace

ClusterCurves cluster_curves(ClusterReader& reader, ClusterTime from, ClusterTime until, u32 columns,
                             size_t most_blocks) {
  ClusterCurves curves;
  curves.from = from;
  curves.until = std::max(until, from + 1);
  curves.columns = std::max(columns, 1u);
  for (auto* one : {&curves.wanted, &curves.memory, &curves.power})
    one->assign(reader.facts().hosts.size() * curves.columns, 0);
  curves.busy.assign(reader.facts().stores.size() * curves.columns, 0);
  const bool narrow = (curves.until - curves.from) / curves.columns < reader.overview().width;
  if (narrow && reader.blocks_between(curves.from, curves.until) <= most_blocks) {
    from_states(curves, reader);
  } else {
    from_overview(curves, reader);
  }
  return curves;
}

}  // namespace hvlab::views
