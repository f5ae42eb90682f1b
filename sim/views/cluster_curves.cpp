#include "sim/views/cluster_curves.hpp"

#include <algorithm>

namespace hvlab::views {

using record::ClusterOverview;
using record::ClusterReader;
using record::ClusterState;
using record::ClusterTime;

namespace {

/// Adds constant stretches up to columns' sums.
struct Columns {
  ClusterTime from, until;
  u32 count;

  double width() const { return static_cast<double>(until - from) / count; }
  // Calls add(column, share of the column) for what of [a, b) is in sight.
  template <class Add>
  void spread(ClusterTime a, ClusterTime b, const Add& add) const {
    const ClusterTime begin = std::max(a, from), end = std::min(b, until);
    if (begin >= end) return;
    const double first = static_cast<double>(begin - from) / width(),
                 last = static_cast<double>(end - from) / width();
    for (u32 column = static_cast<u32>(first); column < count && column < last; ++column)
      add(column, std::min(last, column + 1.0) - std::max(first, double{static_cast<double>(column)}));
  }
};

void resize(ClusterCurves& curves, size_t hosts, size_t stores) {
  for (auto* one : {&curves.wanted, &curves.used, &curves.memory, &curves.power})
    one->assign(hosts * curves.columns, 0);
  for (auto* one : {&curves.busy, &curves.response}) one->assign(stores * curves.columns, 0);
  for (auto* one :
       {&curves.all_wanted, &curves.all_used, &curves.all_memory, &curves.all_power, &curves.hosts_on})
    one->assign(curves.columns, 0);
}

struct HostPart {
  double wanted, used, memory, power, on;
};

void add_host(ClusterCurves& curves, const record::HostFacts& facts, size_t host, u32 column, double share,
              const HostPart& part) {
  const size_t place = host * curves.columns + column;
  const auto add = [&](std::vector<float>& to, size_t at, double value) {
    to[at] += static_cast<float>(value * share);
  };
  add(curves.all_power, column, part.power);
  add(curves.hosts_on, column, part.on);
  // Made shares of what is on when all is there.
  add(curves.all_wanted, column, part.wanted);
  add(curves.all_used, column, part.used);
  add(curves.all_memory, column, part.memory);
  if (curves.wanted.empty()) return;
  add(curves.wanted, place, part.wanted / std::max(1u, facts.capacity()));
  add(curves.used, place, part.used / std::max(1u, facts.capacity()));
  add(curves.memory, place, part.memory / std::max(1u, facts.memory));
  add(curves.power, place, part.power);
}

void from_overview(ClusterCurves& curves, const ClusterReader& reader, std::vector<double>& mhz,
                   std::vector<double>& mib) {
  const ClusterOverview& overview = reader.overview();
  const Columns columns{curves.from, curves.until, curves.columns};
  const u32 first = static_cast<u32>(std::min<u64>(curves.from / overview.width, overview.spans));
  for (u32 span = first; span < overview.spans && span * overview.width < curves.until; ++span) {
    const ClusterTime begin = span * overview.width, end = std::min(begin + overview.width, reader.end());
    columns.spread(begin, end, [&](u32 column, double share) {
      for (size_t host = 0; host < reader.facts().hosts.size(); ++host) {
        const auto& means = overview.hosts[host * overview.spans + span];
        const double on = means.on / 1000.0;
        const auto& facts = reader.facts().hosts[host];
        add_host(
            curves, facts, host, column, share,
            {double(means.wanted), double(means.given), double(means.committed), means.power / 1000.0, on});
        mhz[column] += facts.capacity() * on * share;
        mib[column] += facts.memory * on * share;
      }
      for (size_t store = 0; store < curves.busy.size() / curves.columns; ++store) {
        const auto& means = overview.stores[store * overview.spans + span];
        curves.busy[store * curves.columns + column] += static_cast<float>(means.busy / 1000.0 * share);
        curves.response[store * curves.columns + column] +=
            static_cast<float>(means.response / 1000.0 * share);
      }
    });
  }
}

void from_states(ClusterCurves& curves, ClusterReader& reader, std::vector<double>& mhz,
                 std::vector<double>& mib) {
  const Columns columns{curves.from, curves.until, curves.columns};
  ClusterTime since = curves.from;
  std::vector<record::HostSample> hosts;
  std::vector<record::StoreSample> stores;
  const auto add = [&](ClusterTime until) {
    columns.spread(since, until, [&](u32 column, double share) {
      for (size_t host = 0; host < hosts.size(); ++host) {
        const auto& sample = hosts[host];
        const auto& facts = reader.facts().hosts[host];
        const double on = sample.condition <= 1 ? 1 : 0;
        add_host(curves, facts, host, column, share,
                 {double(sample.wanted), double(sample.given()) + sample.served, double(sample.committed),
                  sample.power / 1000.0, on});
        mhz[column] += facts.capacity() * on * share;
        mib[column] += facts.memory * on * share;
      }
      for (size_t store = 0; store < curves.busy.size() / curves.columns && store < stores.size(); ++store) {
        curves.busy[store * curves.columns + column] +=
            static_cast<float>(stores[store].busy / 1000.0 * share);
        curves.response[store * curves.columns + column] +=
            static_cast<float>(stores[store].response / 1000.0 * share);
      }
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
                             size_t most_blocks, CurvesOf of) {
  ClusterCurves curves;
  curves.from = from;
  curves.until = std::max(until, from + 1);
  curves.columns = std::max(columns, 1u);
  const bool each = of == CurvesOf::Each;
  resize(curves, each ? reader.facts().hosts.size() : 0, each ? reader.facts().stores.size() : 0);
  std::vector<double> mhz(curves.columns), mib(curves.columns);
  const bool narrow = (curves.until - curves.from) / curves.columns < reader.overview().width;
  if (narrow && reader.blocks_between(curves.from, curves.until) <= most_blocks) {
    from_states(curves, reader, mhz, mib);
  } else {
    from_overview(curves, reader, mhz, mib);
  }
  for (u32 column = 0; column < curves.columns; ++column) {
    if (mhz[column] > 0) {
      curves.all_wanted[column] /= static_cast<float>(mhz[column]);
      curves.all_used[column] /= static_cast<float>(mhz[column]);
    }
    if (mib[column] > 0) curves.all_memory[column] /= static_cast<float>(mib[column]);
  }
  return curves;
}

}  // namespace hvlab::views
