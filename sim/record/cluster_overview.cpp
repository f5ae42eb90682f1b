#include "sim/record/cluster_overview.hpp"

#include <algorithm>

namespace hvlab::record {

namespace {

// Of all hosts and datastores together: 40 bytes each.
constexpr size_t kMostCells = size_t{1} << 20;
constexpr size_t kMostSpans = 1024, kLeastSpans = 64;

}  // namespace

OverviewBuilder::OverviewBuilder(size_t hosts, size_t stores)
    : hosts_(hosts),
      stores_(stores),
      most_spans_(static_cast<u32>(
          std::clamp(kMostCells / std::max<size_t>(1, hosts + stores), kLeastSpans, kMostSpans))) {}

void OverviewBuilder::widen() {
  width_ *= 2;
  for (auto* tracks : {&hosts_, &stores_}) {
    for (Track& track : *tracks) {
      auto& sums = track.sums;
      for (size_t span = 0; span < sums.size(); ++span) {
        const auto part = sums[span];
        if (span % 2 == 0) sums[span / 2] = {};
        for (size_t i = 0; i < kNumbers; ++i) sums[span / 2][i] += part[i];
      }
      sums.resize((sums.size() + 1) / 2);
    }
  }
}

void OverviewBuilder::settle(Track& track, ClusterTime until) {
  while (track.since < until) {
    while ((until - 1) / width_ >= most_spans_) widen();
    const u64 span = track.since / width_;
    // The last span may end later than there is time for: lengths are compared, not ends.
    const ClusterTime lasts = std::min(until - track.since, width_ - track.since % width_);
    if (track.sums.size() <= span) track.sums.resize(span + 1);
    for (size_t i = 0; i < kNumbers; ++i)
      track.sums[span][i] += static_cast<double>(track.now[i]) * static_cast<double>(lasts);
    track.since += lasts;
  }
}

void OverviewBuilder::set(Track& track, ClusterTime at, const Numbers& now) {
  settle(track, at);
  track.now = now;
}

void OverviewBuilder::host(u32 place, ClusterTime at, const HostSample& sample) {
  const bool on = sample.condition <= static_cast<u32>(HostCondition::Maintenance);
  set(hosts_[place], at,
      {sample.wanted, sample.given() + sample.served, sample.committed, sample.power, on ? 1000u : 0u});
}

void OverviewBuilder::store(u32 place, ClusterTime at, const StoreSample& sample) {
  set(stores_[place], at, {sample.offered, sample.busy, sample.response});
}

OverviewBuilder::Numbers OverviewBuilder::means(const Track& track, u32 span, ClusterTime until) const {
  Numbers numbers{};
  if (span >= track.sums.size()) return numbers;
  const ClusterTime begin = span * width_;
  const auto lasted = static_cast<double>(std::min(until - begin, width_));
  for (size_t i = 0; i < kNumbers; ++i) numbers[i] = static_cast<u32>(track.sums[span][i] / lasted + 0.5);
  return numbers;
}

ClusterOverview OverviewBuilder::finish(ClusterTime until) {
  for (auto* tracks : {&hosts_, &stores_})
    for (Track& track : *tracks) settle(track, until);
  ClusterOverview overview;
  overview.width = width_;
  overview.spans = static_cast<u32>(until / width_ + (until % width_ != 0 ? 1 : 0));
  for (const Track& track : hosts_)
    for (u32 span = 0; span < overview.spans; ++span) {
      const Numbers n = means(track, span, until);
      overview.hosts.push_back({n[0], n[1], n[2], n[3], n[4]});
    }
  for (const Track& track : stores_)
    for (u32 span = 0; span < overview.spans; ++span) {
      const Numbers n = means(track, span, until);
      overview.stores.push_back({n[0], n[1], n[2]});
    }
  return overview;
}

}  // namespace hvlab::record
