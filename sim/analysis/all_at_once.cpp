// H8. Whoever needs all of a machine's virtual processors at once leaves one that could run waiting while a
// processor is free, and never runs a part of them. Both are told as parts of the time in which a machine has
// something to run. Strict co-scheduling, whose rule it is, shows whether this can be seen; relaxed
// co-scheduling stands for ESXi.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/techniques.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char *kKvm = "kvm", *kStrict = "strict", *kRelaxed = "relaxed";
// More than this part of its time is more than a processor needs to take up what has become ready.
constexpr double kSeldom = 0.05;

double part(double seconds, const MachineWaits& of) { return of.runnable > 0 ? seconds / of.runnable : 0; }
double beside_idle(const MachineWaits& machine) { return part(machine.beside_idle, machine); }
double partly(const MachineWaits& machine) { return part(machine.partly_running, machine); }

const MachineWaits& most(const Measurement& m, double (*figure)(const MachineWaits&)) {
  return *std::ranges::max_element(m.waits, {}, figure);
}

bool hands_out_free(const Measurement& m) { return beside_idle(most(m, beside_idle)) <= kSeldom; }

bool all_at_once(const Measurement& m) { return !hands_out_free(m) && partly(most(m, partly)) <= kSeldom; }

/// The run by KVM, or under a policy of the teaching hypervisors; null if there is none, or with one machine
/// alone.
const Measurement* run_under(Measurements all, const std::string& policy) {
  const auto found = std::ranges::find_if(all, [&](const Measurement& m) {
    return (policy == kKvm ? m.way == kKvm : m.scheduler == policy) && m.waits.size() >= 2;
  });
  return found == all.end() ? nullptr : &*found;
}

/// Runs by Xen, of which the claim says nothing; they are told beside the others.
std::vector<const Measurement*> runs_by_xen(Measurements all) {
  std::vector<const Measurement*> runs;
  for (const Measurement& m : all) {
    const Virtualizer* how = virtualizer(m.way);
    if (how != nullptr && how->family == std::string("Xen") && m.waits.size() >= 2) runs.push_back(&m);
  }
  return runs;
}

std::string sentence(const Measurement& m, const std::string& name) {
  const MachineWaits &waits = most(m, beside_idle), &runs = most(m, partly);
  return fmt::format(
      " {}: machine {} waits in {} of its time while a processor is free; machine {} runs with a part of its "
      "virtual processors, others waiting, in {}.",
      name, waits.vm, percent(beside_idle(waits)), runs.vm, percent(partly(runs)));
}

void add_figures(const Measurement& m, const std::string& name, Verdict& verdict) {
  for (const MachineWaits& machine : m.waits) {
    const std::string which = fmt::format("{}, machine {}", name, machine.vm);
    verdict.figures.push_back({which + ", waits beside a free processor", beside_idle(machine), ""});
    verdict.figures.push_back({which + ", runs partly", partly(machine), ""});
  }
}

}  // namespace

Verdict judge_all_at_once(Measurements all) {
  Verdict verdict{"H8",
                  "KVM needs all of a machine's virtual processors at once, ESXi hands out free processors",
                  Word::CannotBeTested,
                  {},
                  {},
                  {"ESXi is not run: its half rests on relaxed co-scheduling as it is modelled here",
                   "virtual processors that compute without waiting for each other"}};
  const Measurement *kvm = run_under(all, kKvm), *strict = run_under(all, kStrict),
                    *relaxed = run_under(all, kRelaxed);
  if (kvm == nullptr || strict == nullptr || relaxed == nullptr) {
    verdict.text =
        "it takes two machines with several virtual processors under kvm, and under strict and relaxed "
        "co-scheduling of the teaching hypervisor";
    return verdict;
  }
  std::string told = sentence(*kvm, kKvm) + sentence(*strict, kStrict) + sentence(*relaxed, kRelaxed);
  for (const auto& [m, name] :
       {std::pair(kvm, kKvm), std::pair(strict, kStrict), std::pair(relaxed, kRelaxed)})
    add_figures(*m, name, verdict);
  for (const Measurement* m : runs_by_xen(all)) {
    told += sentence(*m, m->way);
    add_figures(*m, m->way, verdict);
  }
  if (!all_at_once(*strict)) {
    verdict.text =
        "strict co-scheduling does not show what the claim says of KVM, so that it cannot be seen in "
        "these runs." +
        told;
    return verdict;
  }
  const bool first = all_at_once(*kvm), second = hands_out_free(*relaxed);
  verdict.word = first && second ? Word::Holds : first ? Word::HoldsIf : Word::DoesNotHold;
  verdict.text = first && second ? "KVM waits for all, relaxed co-scheduling for none."
                 : first ? "nothing is said of ESXi: relaxed co-scheduling leaves processors free too."
                 : hands_out_free(*kvm)
                     ? "KVM hands out free processors, and runs a part of a machine's virtual processors."
                     : "KVM leaves processors free, but runs a part of a machine's virtual processors.";
  verdict.text += told;
  return verdict;
}

}  // namespace hvlab::analysis
