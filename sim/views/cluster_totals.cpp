#include "sim/views/cluster_totals.hpp"

#include <algorithm>
#include <tuple>

#include "sim/views/cluster_columns.hpp"

namespace hvlab::views {

using record::ClusterReader;
using record::ClusterState;
using record::ClusterTime;

void ClusterTotals::take_overview(const ClusterReader& reader) {
  const record::ClusterOverview& overview = reader.overview();
  const auto& hosts = reader.facts().hosts;
  spans_.resize(overview.spans);
  for (u32 span = 0; span < overview.spans; ++span) {
    Sum& sum = spans_[span];
    sum.since = span * overview.width;
    for (size_t host = 0; host < hosts.size(); ++host) {
      const auto& means = overview.hosts[host * overview.spans + span];
      const double on = means.on / 1000.0;
      sum.wanted += means.wanted, sum.mhz += hosts[host].capacity() * on;
      sum.committed += means.committed, sum.mib += hosts[host].memory * on;
      sum.power += means.power / 1000.0;
    }
  }
}

void ClusterTotals::take_states(ClusterReader& reader, ClusterTime from, ClusterTime until) {
  changes_.clear();
  std::tie(taken_from_, taken_until_) = reader.blocks_of(from, until);
  const auto& hosts = reader.facts().hosts;
  reader.each(taken_from_, taken_until_, [&](ClusterTime at, const ClusterState& state) {
    Sum sum{.since = at};
    for (size_t host = 0; host < hosts.size(); ++host) {
      const record::HostSample& sample = state.hosts[host];
      sum.wanted += sample.wanted, sum.committed += sample.committed;
      sum.power += sample.power / 1000.0;
      if (sample.is() != record::HostCondition::On && sample.is() != record::HostCondition::Maintenance)
        continue;
      sum.mhz += hosts[host].capacity(), sum.mib += hosts[host].memory;
    }
    changes_.push_back(sum);
    return true;
  });
}

TotalCurves ClusterTotals::curves(ClusterReader& reader, ClusterTime from, ClusterTime until, u32 columns,
                                  size_t most_blocks) {
  TotalCurves curves{from, std::max(until, from + 1), std::max(columns, 1u), {}, {}, {}};
  const ClusterColumns at{curves.from, curves.until, curves.columns};
  std::vector<Sum> sums(curves.columns);
  const bool narrow = (curves.until - curves.from) / curves.columns < reader.overview().width;
  const bool exact = narrow && reader.blocks_between(curves.from, curves.until) <= most_blocks;
  if (exact && (curves.from < taken_from_ || curves.until > taken_until_))
    take_states(reader, curves.from, curves.until);
  if (!exact && spans_.size() != reader.overview().spans) take_overview(reader);
  const std::vector<Sum>& stretches = exact ? changes_ : spans_;
  auto one = std::ranges::upper_bound(stretches, curves.from, {}, &Sum::since);
  if (one != stretches.begin()) --one;
  for (; one != stretches.end() && one->since < curves.until; ++one) {
    const ClusterTime ends = one + 1 == stretches.end() ? reader.end() : (one + 1)->since;
    at.spread(one->since, ends, [&](u32 column, double share) {
      Sum& sum = sums[column];
      sum.wanted += one->wanted * share, sum.mhz += one->mhz * share;
      sum.committed += one->committed * share, sum.mib += one->mib * share;
      sum.power += one->power * share;
    });
  }
  for (const Sum& sum : sums) {
    curves.wanted.push_back(static_cast<float>(sum.mhz > 0 ? sum.wanted / sum.mhz : sum.wanted));
    curves.memory.push_back(static_cast<float>(sum.mib > 0 ? sum.committed / sum.mib : sum.committed));
    curves.power.push_back(static_cast<float>(sum.power));
  }
  return curves;
}

}  // namespace hvlab::views
