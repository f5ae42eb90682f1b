#include "sim/scenario/entitlement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace hvlab::scenario {

namespace {

constexpr double kUsualWeight = 100, kMostWeight = 10'000, kTolerance = 1e-9;

bool reserves(const Vm& vm) { return vm.reservation > 0; }

/// Takes a number off the front of `text`.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

/// Whether each gets its reservation by these weights, but for a hundredth of a processor.
bool keeps(const std::vector<Vm>& vms, const std::vector<u64>& weights, unsigned cores) {
  constexpr double kClose = 0.01;
  const double sum = static_cast<double>(std::accumulate(weights.begin(), weights.end(), u64{0}));
  for (size_t i = 0; i < vms.size(); ++i)
    if (static_cast<double>(weights[i]) / sum * cores < vms[i].reservation - kClose) return false;
  return true;
}

u64 own_cores(const Vm& vm, unsigned cores) {
  return vm.cores.empty() ? (u64{1} << cores) - 1 : cores_of(vm.cores, cores).value_or(0);
}

}  // namespace

std::optional<u64> cores_of(const std::string& list, unsigned cores) {
  u64 mask = 0;
  std::string_view text = list;
  do {
    if (mask != 0) text.remove_prefix(1);  // the comma
    const auto first = take_number(text);
    auto last = first;
    if (first && text.starts_with('-')) {
      text.remove_prefix(1);
      last = take_number(text);
    }
    if (!first || !last || *last < *first || *last >= cores) return std::nullopt;
    for (unsigned core = *first; core <= *last; ++core) mask |= u64{1} << core;
  } while (text.starts_with(','));
  return text.empty() ? std::optional(mask) : std::nullopt;
}

std::optional<Refusal> refusal_of(const std::vector<Vm>& vms, unsigned cores) {
  double sum = 0;
  const u64 all = (u64{1} << cores) - 1;
  const bool placed = std::ranges::any_of(vms, [&](const Vm& vm) { return own_cores(vm, cores) != all; });
  for (size_t i = 0; i < vms.size(); ++i) {
    const Vm& vm = vms[i];
    if (!reserves(vm)) continue;
    sum += vm.reservation;
    if (vm.reservation > vm.vcpus)
      return Refusal{i, fmt::format("a vm of {} vcpus cannot use {:g} processors", vm.vcpus, vm.reservation)};
    if (vm.limit != 0 && vm.reservation > vm.limit)
      return Refusal{
          i, fmt::format("{:g} processors are reserved, but the limit is {:g}", vm.reservation, vm.limit)};
    if (sum > cores + kTolerance)
      return Refusal{i, fmt::format("the vms reserve {:g} processors; the machine has {}", sum, cores)};
    if (!placed) continue;
    // Weights count among those that share a core; how they spread over cores is then nobody's promise.
    const u64 own = own_cores(vm, cores);
    for (size_t other = 0; other < vms.size(); ++other) {
      if (other != i && (own_cores(vms[other], cores) & own) != 0)
        return Refusal{i,
                       fmt::format("Linux keeps no reservation on cores that are shared by placement: vm {} "
                                   "may run on them too",
                                   other + 1)};
    }
    if (vm.reservation > __builtin_popcountll(own))
      return Refusal{i, fmt::format("{:g} processors are reserved on {} cores", vm.reservation,
                                    __builtin_popcountll(own))};
  }
  return std::nullopt;
}

std::vector<u64> weights_of(const std::vector<Vm>& vms, unsigned cores) {
  std::vector<u64> weights;
  weights.reserve(vms.size());
  if (std::ranges::none_of(vms, reserves)) {
    for (const Vm& vm : vms) weights.push_back(vm.shares);
    return weights;
  }
  double reserved = 0, shares = 0;
  for (const Vm& vm : vms) reserved += vm.reservation, shares += static_cast<double>(vm.shares);
  std::vector<double> parts;
  parts.reserve(vms.size());
  for (const Vm& vm : vms)
    parts.push_back(vm.reservation +
                    std::max(0.0, cores - reserved) * static_cast<double>(vm.shares) / shares);
  // As heavy as groups of the usual weight together, so that the host's own threads fare as they do beside
  // those; heavier only where whole numbers would be too coarse.
  for (double unit = kUsualWeight * static_cast<double>(vms.size()) / cores;; unit *= 2) {
    weights.clear();
    for (const double part : parts)
      weights.push_back(static_cast<u64>(std::clamp(std::round(part * unit), 1.0, kMostWeight)));
    if (keeps(vms, weights, cores) || std::ranges::max(parts) * unit >= kMostWeight) return weights;
  }
}

void apply(const TimedEvent& event, std::vector<Vm>& vms) {
  if (event.what != "change" || event.vm == 0 || event.vm > vms.size()) return;
  Vm& vm = vms[event.vm - 1];
  vm.shares = event.shares.value_or(vm.shares);
  vm.limit = event.limit.value_or(vm.limit);
  vm.reservation = event.reservation.value_or(vm.reservation);
  if (!event.cores.empty()) vm.cores = event.cores;
}

}  // namespace hvlab::scenario
