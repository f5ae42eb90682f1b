// H9 and H22: what it means for a guest that it is made for something else than the machine. H9 compares
// interfaces made for guests with emulated hardware, in time and in where one image runs; H22 asks whether a
// translated program computes the same, and at which cost.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/techniques.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

using Hashes = std::vector<std::pair<std::string, std::uint64_t>>;

const Hashes* hashes_of(const Measurement& m) {
  return m.each.empty() || !m.each.front().done ? nullptr : &m.each.front().hashes;
}

/// Every phase that both have was computed alike, and there is one.
bool agree(const Hashes& one, const Hashes& other) {
  size_t common = 0;
  for (const auto& [phase, hash] : one) {
    const auto found = std::ranges::find(other, phase, &Hashes::value_type::first);
    if (found == other.end()) continue;
    ++common;
    if (found->second != hash) return false;
  }
  return common != 0;
}

bool runs_under_something(const Measurement& m) {
  const Architecture* row = architecture(m.way);
  return virtualizer(m.way) != nullptr ||
         (row != nullptr && (row->layer == Layer::Hypervisor || row->layer == Layer::Hosted));
}

/// Phases in which the second measurement is faster, equal or slower than the first.
struct Speed {
  std::vector<std::string> names;  // of those in which it is faster
  std::vector<std::string> faster, equal, slower;
};

void compare_phases(const Measurement& emulated, const Measurement& paravirtual, Speed& speed) {
  for (const PhaseTime& phase : emulated.phases) {
    const double other = phase_seconds(paravirtual, phase.name);
    if (other == 0) continue;
    const int order = compare(other, phase.seconds);
    auto& list = order < 0 ? speed.faster : order > 0 ? speed.slower : speed.equal;
    list.push_back(fmt::format("{} (x{:.2f})", phase.name, other / phase.seconds));
    if (order < 0) speed.names.push_back(phase.name);
  }
}

std::string phases(const char* word, const std::vector<std::string>& names) {
  return names.empty() ? "" : fmt::format(" {} in {}.", word, list(names));
}

}  // namespace

Verdict judge_portability(Measurements all) {
  Verdict verdict{"H9",
                  "paravirtual is faster but not portable",
                  Word::CannotBeTested,
                  {},
                  {},
                  {"the image knows several interfaces and chooses among them when it starts; one that knows "
                   "only one cannot run elsewhere, which needs no run"}};
  bool faster = true;
  std::vector<std::string> where;  // phases
  size_t pairs = 0;
  std::string told;
  for (const Interfaces& each : interfaces()) {
    for (const Measurement& m : all) {
      const Measurement* other = find(all, each.paravirtual, m.processors, m.instances);
      if (m.way != each.emulated || other == nullptr || hashes_of(m) == nullptr ||
          hashes_of(*other) == nullptr)
        continue;
      ++pairs;
      const double ratio = total_seconds(*other) / total_seconds(m);
      faster = faster && compare(ratio, 1) < 0;
      verdict.figures.push_back({fmt::format("{} against {}, all phases, {} processor{}", each.paravirtual,
                                             each.emulated, m.processors, m.processors == 1 ? "" : "s"),
                                 ratio, ""});
      Speed speed;
      compare_phases(m, *other, speed);
      for (const std::string& phase : speed.names)
        if (std::ranges::count(where, phase) == 0) where.push_back(phase);
      told +=
          fmt::format(" With paravirtual {} {} takes x{:.2f} of {}'s time ({} processor{}).", each.what,
                      each.paravirtual, ratio, each.emulated, m.processors, m.processors == 1 ? "" : "s") +
          phases("Faster", speed.faster) + phases("As fast", speed.equal) + phases("Slower", speed.slower);
    }
  }
  std::vector<std::string> ran, failed;
  const Hashes* expected = nullptr;
  for (const Measurement& m : all) {
    if (!runs_under_something(m)) continue;
    const Hashes* own = hashes_of(m);
    if (expected == nullptr) expected = own;
    const bool well = own != nullptr && agree(*expected, *own);
    auto& list = well ? ran : failed;
    if (std::ranges::count(list, m.way) == 0) list.push_back(m.way);
  }
  if (pairs == 0 || ran.size() + failed.size() < 3) {
    verdict.text =
        "it takes a hypervisor with emulated and with paravirtual devices, and a third one that runs the "
        "same "
        "image";
    return verdict;
  }
  const bool portable = failed.empty(), somewhere = !where.empty();
  verdict.word = !portable && faster      ? Word::Holds
                 : !portable || somewhere ? Word::HoldsIf
                                          : Word::DoesNotHold;
  const std::string work = faster ? "all phases together are faster" : "the work is " + list(where);
  verdict.text =
      !portable && faster ? "it is faster, and the image does not run everywhere."
      : !portable && !somewhere
          ? "nothing is said of speed: the image does not run everywhere, but is not faster."
      : !portable ? work + "; the image does not run everywhere."
      : somewhere
          ? work + ", and an image has one interface only. This one has several, and is as portable as any."
          : "it is not faster, and the image runs everywhere.";
  verdict.text += fmt::format(" The same image computes the same under {}.", list(ran));
  if (!failed.empty()) verdict.text += fmt::format(" It does not under {}.", list(failed));
  verdict.text += told;
  return verdict;
}

Verdict judge_translation(Measurements all) {
  Verdict verdict{
      "H22",
      "a program of another instruction set runs by translation",
      Word::CannotBeTested,
      {},
      {},
      {"the phases' program is of the machine's own instruction set, so that its time can be compared; "
       "the translator treats it as any other"}};
  std::vector<std::string> same, other;
  for (const Measurement& m : all) {
    const Virtualizer* how = virtualizer(m.way);
    const Measurement* bare = find(all, "bare", m.processors, m.instances);
    if (how == nullptr || how->technique != Technique::Translation || bare == nullptr) continue;
    const Hashes *own = hashes_of(m), *expected = hashes_of(*bare);
    const bool well = own != nullptr && expected != nullptr && agree(*expected, *own);
    (well ? same : other).push_back(m.way);
    if (!well) continue;
    double translated = 0, native = 0;
    for (const PhaseTime& phase : m.phases) {
      const double own_time = phase.seconds, time = phase_seconds(*bare, phase.name);
      if (time == 0) continue;
      translated += own_time, native += time;
      verdict.figures.push_back({fmt::format("{} against bare, {}", m.way, phase.name), own_time / time, ""});
    }
    verdict.figures.push_back({fmt::format("{} against bare, all phases", m.way), translated / native, ""});
    verdict.text += fmt::format(" {} takes x{:.1f} of the time.", m.way, translated / native);
  }
  if (same.empty() && other.empty()) {
    verdict.text = "it takes bare and a way that translates (qemu-user, qemu-tcg)";
    return verdict;
  }
  verdict.word = other.empty() ? Word::Holds : same.empty() ? Word::DoesNotHold : Word::HoldsIf;
  verdict.text = (same.empty()    ? "no translated program computes what it should."
                  : other.empty() ? "translated programs compute the same: " + list(same) + "."
                                  : "it is done by " + list(same) + ", not by " + list(other) + ".") +
                 verdict.text;
  return verdict;
}

}  // namespace hvlab::analysis
