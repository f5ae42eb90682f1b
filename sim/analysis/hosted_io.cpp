// H2. The gap is what the phases take longer in hosted than under the hypervisor of the same series: the
// processor's share is done alike in both, so that it is the devices' and their path's. "Because of its I/O"
// means: the phases that use devices make up most of the gap, and what the host's software takes longer in
// them is most of their gap.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

// Phases whose work crosses devices, and accounts of whatever runs outside the guest.
constexpr std::array<const char*, 4> kDevicePhases = {"disk", "link", "ping", "link-bulk"};
constexpr std::array<const char*, 5> kHostSide = {"hypervisor", "host-kernel", "host-user", "vmm-process",
                                                  "world-switch"};

bool uses_devices(const std::string& phase) { return std::ranges::count(kDevicePhases, phase) != 0; }

double host_side(const PhaseTime& phase) {
  double sum = 0;
  for (const char* account : kHostSide) {
    if (const auto found = phase.ledger.find(account); found != phase.ledger.end()) sum += found->second;
  }
  return sum;
}

struct Gap {
  unsigned processors = 1;
  double kvm = 0, hosted = 0;                // all phases
  double device_kvm = 0, device_hosted = 0;  // those that use devices
  double host_side = 0;  // hosted's processor time outside the guest in these, above kvm's
  bool ledger = false;   // that is known

  double all() const { return hosted - kvm; }
  double devices() const { return device_hosted - device_kvm; }
  double share() const { return devices() / all(); }
  double crossing() const { return host_side / devices(); }
  // In all phases or in these alone: how much arithmetic stands beside them is the workload's choice.
  bool slower() const {
    return all() > 0 && (compare(hosted, kvm) > 0 || compare(device_hosted, device_kvm) > 0);
  }
  bool by_io() const { return slower() && share() >= kMostPart && (!ledger || crossing() >= kMostPart); }
};

Gap gap_of(const Measurement& kvm, const Measurement& hosted) {
  Gap gap{kvm.processors, total_seconds(kvm), total_seconds(hosted)};
  for (const PhaseTime& phase : hosted.phases) {
    const auto other = std::ranges::find(kvm.phases, phase.name, &PhaseTime::name);
    if (other == kvm.phases.end() || !uses_devices(phase.name)) continue;
    gap.device_hosted += phase.seconds;
    gap.device_kvm += other->seconds;
    gap.host_side += host_side(phase) - host_side(*other);
    gap.ledger = gap.ledger || !phase.ledger.empty();
  }
  return gap;
}

std::string processors(unsigned count) { return fmt::format("{} processor{}", count, count == 1 ? "" : "s"); }

std::string pair(const Measurement& kvm, const Measurement& hosted) {
  return fmt::format("{} to {}, {}", hosted.way, kvm.way, processors(kvm.processors));
}

/// A hypervisor and hosted of one series, with as many processors, both with phases that use devices.
using Pair = std::pair<const Measurement*, const Measurement*>;

std::vector<Pair> pairs_of(Measurements all) {
  std::vector<Pair> pairs;
  for (const Series& series : series()) {
    for (const unsigned count : common_processors(all, {series.hypervisor, series.hosted})) {
      const Measurement* hosted = find(all, series.hosted, count);
      if (std::ranges::any_of(hosted->phases, [](const PhaseTime& one) { return uses_devices(one.name); }))
        pairs.emplace_back(find(all, series.hypervisor, count), hosted);
    }
  }
  return pairs;
}

/// The phases other than those with devices that the gap is largest in.
std::string elsewhere(const Measurement& kvm, const Measurement& hosted) {
  std::vector<PhaseTime> gaps;
  for (const PhaseTime& phase : hosted.phases) {
    if (!uses_devices(phase.name))
      gaps.push_back({phase.name, phase.seconds - phase_seconds(kvm, phase.name), {}});
  }
  std::ranges::stable_sort(gaps, std::ranges::greater(), &PhaseTime::seconds);
  std::vector<std::string> names;
  for (size_t i = 0; i < gaps.size() && i < 2 && gaps[i].seconds > 0; ++i)
    names.push_back(fmt::format("{} ({:.1f} ms)", gaps[i].name, gaps[i].seconds * 1e3));
  return list(names);
}

/// What one write to the disk takes longer, and how much of that outside the guest and the medium.
std::string request_sentence(const Measurement& kvm, const Measurement& hosted, Verdict& verdict) {
  if (kvm.disk_write.empty() || hosted.disk_write.empty()) return "";
  const auto sum = [](const Measurement& m, bool host_only) {
    double seconds = 0;
    for (const auto& [place, time] : m.disk_write) {
      const bool outside = place.starts_with("guest") || place == "medium";
      if (!host_only || !outside) seconds += time;
    }
    return seconds;
  };
  const double longer = sum(hosted, false) - sum(kvm, false), host = sum(hosted, true) - sum(kvm, true);
  verdict.figures.push_back({"a write to the disk longer, " + pair(kvm, hosted), longer, "s"});
  verdict.figures.push_back({"of that in the host's software, " + pair(kvm, hosted), host, "s"});
  if (longer <= 0) return fmt::format(" A write to the disk takes {:.0f} µs less.", -longer * 1e6);
  return fmt::format(" A write to the disk takes {:.0f} µs longer, {:.0f} µs of it in software of the host.",
                     longer * 1e6, host * 1e6);
}

std::string sentence(const Gap& gap, const Measurement& kvm, const Measurement& hosted) {
  if (!gap.slower())
    return fmt::format(" With {} {} is not slower than {}.", processors(gap.processors), hosted.way, kvm.way);
  std::string text = fmt::format(
      " With {}: of {:.1f} ms that {} takes longer than {}, {:.1f} ms ({:.0f} %) are the phases with "
      "devices",
      processors(gap.processors), gap.all() * 1e3, hosted.way, kvm.way, gap.devices() * 1e3,
      gap.share() * 100);
  if (gap.ledger && gap.devices() > 0)
    text += fmt::format(", in which software outside the guest runs {:.1f} ms longer", gap.host_side * 1e3);
  if (!gap.by_io()) {
    if (const std::string where = elsewhere(kvm, hosted); !where.empty()) text += "; most else is " + where;
  }
  return text + ".";
}

}  // namespace

Verdict judge_hosted_io(Measurements all) {
  Verdict verdict{"H2",
                  "hosted is slow because its I/O crosses the host operating system",
                  Word::CannotBeTested,
                  {},
                  {},
                  {"frames of the link phases are told from phases and accounts, not followed one by one"}};
  const std::vector<Pair> pairs = pairs_of(all);
  if (pairs.empty()) {
    verdict.text =
        "it takes a hypervisor and hosted with the same devices and as many processors, and phases that use "
        "them";
    return verdict;
  }
  std::vector<std::string> where;
  std::string text;
  bool slower = false;
  for (const auto& [kvm, hosted] : pairs) {
    const Gap gap = gap_of(*kvm, *hosted);
    const std::string name = pair(*kvm, *hosted);
    slower = slower || gap.slower();
    if (gap.by_io()) where.push_back(name);
    text += sentence(gap, *kvm, *hosted);
    text += request_sentence(*kvm, *hosted, verdict);
    verdict.figures.push_back({"gap of " + name, gap.all(), "s"});
    verdict.figures.push_back({"phases with devices in it, " + name, gap.devices(), "s"});
    verdict.figures.push_back({"software outside the guest in these, " + name, gap.host_side, "s"});
  }
  if (where.size() == pairs.size()) {
    verdict.word = Word::Holds;
    verdict.text = "most of the gap is I/O, and most of that is software of the host." + text;
  } else if (!where.empty()) {
    verdict.word = Word::HoldsIf;
    verdict.text = "compared are " + list(where, "; ") + "." + text;
  } else {
    verdict.word = Word::DoesNotHold;
    verdict.text = (slower ? "I/O through the host is not most of the gap." : "hosted is not slower.") + text;
  }
  return verdict;
}

}  // namespace hvlab::analysis
