// H5. Two halves. Whether firmware that partitions takes processor time is asked of each phase: its part of
// the processor time that is used then. What it strands shows beside a neighbour that has nothing to do:
// phases that take longer than under the hypervisor of the same series, while more of the processors' time is
// idle.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

// Up to this part of the processor time that is used, firmware takes none.
constexpr double kNoTime = 0.01;
// Idle time is stranded if it is this much of all processors' time more than under the hypervisor.
constexpr double kStranded = 0.05;

double account(const PhaseTime& phase, const char* name) {
  const auto found = phase.ledger.find(name);
  return found == phase.ledger.end() ? 0 : found->second;
}

double all_accounts(const PhaseTime& phase) {
  double sum = 0;
  for (const auto& [name, seconds] : phase.ledger) sum += seconds;
  return sum;
}

double used(const PhaseTime& phase) { return all_accounts(phase) - account(phase, "idle"); }

/// What the layer below the systems took.
double layer(const PhaseTime& phase) { return account(phase, "hypervisor") + account(phase, "world-switch"); }

double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// A phase in a partition and under the hypervisor, each beside a neighbour with nothing to do.
struct Pair {
  const Measurement *partition = nullptr, *hypervisor = nullptr;
};

struct Halves {
  std::set<std::string> taken;     // phases in which the firmware takes time, with some number of processors
  std::vector<std::string> free;   // the others
  std::vector<std::string> takes;  // with their figures
  std::vector<std::string> stranded;  // likewise
  double most = 0;                    // of the firmware's shares that count as none
};

std::string processors(const Pair& pair) {
  const unsigned count = pair.partition->processors;
  return fmt::format("{} processor{}", count, count == 1 ? "" : "s");
}

void look_at_firmware(const PhaseTime& phase, const Pair& pair, Halves& halves) {
  const double part = share(layer(phase), used(phase));
  if (part <= kNoTime) {
    halves.most = std::max(halves.most, part);
    if (std::ranges::count(halves.free, phase.name) == 0) halves.free.push_back(phase.name);
    return;
  }
  halves.taken.insert(phase.name);
  halves.takes.push_back(fmt::format("{} ({}, {})", phase.name, percent(part), processors(pair)));
}

void look_at_capacity(const PhaseTime& phase, const PhaseTime& other, const Pair& pair, Halves& halves,
                      Verdict& verdict) {
  const double idle = share(account(phase, "idle"), all_accounts(phase)),
               other_idle = share(account(other, "idle"), all_accounts(other));
  if (compare(phase.seconds, other.seconds) <= 0 || idle - other_idle <= kStranded) return;
  const double ratio = phase.seconds / other.seconds;
  halves.stranded.push_back(fmt::format("{} (x{:.2f}, {} idle and not {}, {})", phase.name, ratio,
                                        percent(idle), percent(other_idle), processors(pair)));
  verdict.figures.push_back(
      {fmt::format("{} in a partition against {}, {}", phase.name, pair.hypervisor->way, processors(pair)),
       ratio, ""});
}

/// The phases of a pair; its sentence about all of them together.
std::string look_at(const Pair& pair, Halves& halves, Verdict& verdict) {
  double firmware = 0, firmware_used = 0, hypervisor = 0, hypervisor_used = 0;
  for (const PhaseTime& phase : pair.partition->phases) {
    const auto other = std::ranges::find(pair.hypervisor->phases, phase.name, &PhaseTime::name);
    if (other == pair.hypervisor->phases.end() || phase.ledger.empty() || other->ledger.empty()) continue;
    look_at_firmware(phase, pair, halves);
    look_at_capacity(phase, *other, pair, halves, verdict);
    firmware += layer(phase), firmware_used += used(phase);
    hypervisor += layer(*other), hypervisor_used += used(*other);
  }
  if (firmware_used == 0) return "";
  firmware = share(firmware, firmware_used), hypervisor = share(hypervisor, hypervisor_used);
  const std::string with = processors(pair);
  verdict.figures.push_back({"firmware's part of the processor time used, " + with, firmware, ""});
  verdict.figures.push_back({pair.hypervisor->way + "'s part, " + with, hypervisor, ""});
  return fmt::format(" Of all phases together it is {} with {} ({}: {}).", percent(firmware), with,
                     pair.hypervisor->way, percent(hypervisor));
}

/// Of each number of processors, partition and the hypervisor that it is compared with, with two instances or
/// more.
std::vector<Pair> pairs_of(Measurements all) {
  std::vector<Pair> pairs;
  for (const Series& series : series()) {
    if (*series.partition == '\0') continue;
    for (const Measurement& m : all) {
      const Measurement* hypervisor = find(all, series.hypervisor, m.processors, m.instances);
      if (m.way != series.partition || m.instances < 2 || hypervisor == nullptr) continue;
      if (std::ranges::none_of(pairs, [&](const Pair& known) { return known.partition == &m; }))
        pairs.push_back({&m, hypervisor});
    }
  }
  return pairs;
}

Word word_of(const Halves& halves) {
  if (halves.free.empty() || halves.stranded.empty()) return Word::DoesNotHold;
  return halves.takes.empty() ? Word::Holds : Word::HoldsIf;
}

std::string sentences(const Halves& halves, const std::string& together) {
  std::string text;
  if (halves.free.empty()) {
    text = "the firmware takes processor time in every phase: " + list(halves.takes) + "." + together;
  } else {
    text =
        (word_of(halves) == Word::HoldsIf ? "the work is " : "in ") + list(halves.free) +
        (word_of(halves) == Word::HoldsIf ? ": in these" : "") +
        fmt::format(" the firmware's part of the processor time used is at most {}.", percent(halves.most));
    if (!halves.takes.empty()) text += " It takes more in " + list(halves.takes) + ".";
    text += together;
  }
  if (halves.stranded.empty()) return text + " No phase waits for processors that idle.";
  return text + " Beside a neighbour with nothing to do, capacity is stranded in " + list(halves.stranded) +
         ".";
}

}  // namespace

Verdict judge_partitioning(Measurements all) {
  Verdict verdict{
      "H5",
      "firmware partitioning uses no processor time, but strands capacity",
      Word::CannotBeTested,
      {},
      {},
      {"the neighbour leaves all of its part; one that leaves less strands less",
       "commands between a partition's processors leave it, to be checked; hardware that checks them "
       "would save that"}};
  Halves halves;
  std::string together;
  for (const Pair& pair : pairs_of(all)) together += look_at(pair, halves, verdict);
  std::erase_if(halves.free, [&](const std::string& phase) { return halves.taken.contains(phase); });
  if (together.empty()) {
    verdict.text =
        "it takes a partition and the hypervisor that it is compared with, each with two machines of which "
        "one "
        "runs phases";
    return verdict;
  }
  verdict.word = word_of(halves);
  verdict.text = sentences(halves, together);
  return verdict;
}

}  // namespace hvlab::analysis
