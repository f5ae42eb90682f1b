// H6 and H7: what the processor's mode for guests changes. H6 compares techniques on one processor at a time,
// each by its overhead over the bare machine; H7 asks which of them run at all on processors with that mode
// and without.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/analysis/techniques.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

bool finished(const Measurement& m) {
  return !m.each.empty() && std::ranges::all_of(m.each, [](const InstanceResult& each) { return each.done; });
}

/// As many words as `m` and the runs beside it need to be told apart.
std::string named(const Measurement& m) {
  if (m.assistance == Assistance::None || virtualizer(m.way)->technique != Technique::Assisted)
    return fmt::format("{} on {}", m.way, m.processor);
  return fmt::format("{} on {} ({})", m.way, m.processor,
                     m.assistance == Assistance::NestedPaging ? "nested paging" : "shadow paging");
}

/// The bare machine that `m` is compared with.
const Measurement* bare_of(Measurements all, const Measurement& m) {
  const auto found = std::ranges::find_if(all, [&](const Measurement& each) {
    return each.way == "bare" && each.processor == m.processor && each.processors == m.processors &&
           finished(each);
  });
  return found == all.end() ? nullptr : &*found;
}

struct Overhead {
  const Measurement* of;
  Technique technique;
  double ratio;  // of all phases' time to the bare machine's
};

std::vector<Overhead> overheads(Measurements all) {
  std::vector<Overhead> found;
  for (const Measurement& m : all) {
    const Virtualizer* how = virtualizer(m.way);
    const Measurement* bare = bare_of(all, m);
    if (how == nullptr || !how->system || bare == nullptr || !finished(m)) continue;
    found.push_back({&m, how->technique, total_seconds(m) / total_seconds(*bare)});
  }
  return found;
}

/// What H6 compares: one assisted way with one that is not, on the same processor.
struct Steps {
  std::vector<std::string> lowered, left_nothing, not_lowered;
  bool by_paging = true;  // what is left is told by whether the processor has nested paging
};

Steps steps_of(const std::vector<Overhead>& some) {
  Steps steps;
  for (const Overhead& after : some) {
    if (after.technique != Technique::Assisted) continue;
    for (const Overhead& before : some) {
      if (before.technique == Technique::Assisted || before.of->processor != after.of->processor ||
          before.of->processors != after.of->processors)
        continue;
      const std::string step = fmt::format("{} and not {} (x{:.2f}, not x{:.2f})", named(*after.of),
                                           before.of->way, after.ratio, before.ratio);
      if (compare(after.ratio, before.ratio) >= 0)
        steps.not_lowered.push_back(step);
      else if (compare(after.ratio, 1) <= 0)
        steps.left_nothing.push_back(step);
      else
        steps.lowered.push_back(step);
      const bool nested = after.of->assistance == Assistance::NestedPaging;
      steps.by_paging = steps.by_paging && nested == (compare(after.ratio, 1) <= 0);
    }
  }
  return steps;
}

std::string sentence(const char* begin, const std::vector<std::string>& steps) {
  return steps.empty() ? "" : fmt::format(" {}: {}.", begin, list(steps));
}

/// A family of H7, and what became of its guests.
struct Family {
  std::set<std::string> ran[2][2], refused[2][2];  // by [assisted processor][unmodified guest]: ways
};

Family family_of(Measurements all, const std::string& name) {
  Family family;
  for (const Measurement& m : all) {
    const Virtualizer* how = virtualizer(m.way);
    if (how == nullptr || how->family != name) continue;
    auto& list = finished(m) ? family.ran : family.refused;
    list[m.assistance != Assistance::None][how->unmodified].insert(
        fmt::format("{} on {}", m.way, m.processor));
  }
  return family;
}

std::string told(const char* what, const std::set<std::string>& ways) {
  if (ways.empty()) return "";
  return fmt::format(" {}: {}.", what, list({ways.begin(), ways.end()}));
}

}  // namespace

Verdict judge_assistance(Measurements all) {
  Verdict verdict{"H6",
                  "hardware assistance lowered overhead somewhat",
                  Word::CannotBeTested,
                  {},
                  {},
                  {"phases without devices show the processor's part alone; with them, the devices' too",
                   "binary translation is QEMU's, which translates all code; translators that let a guest's "
                   "programs run as they are cost less"}};
  const std::vector<Overhead> some = overheads(all);
  for (const Overhead& each : some)
    verdict.figures.push_back({named(*each.of) + " against bare, all phases", each.ratio, ""});
  const Steps steps = steps_of(some);
  if (steps.lowered.empty() && steps.left_nothing.empty() && steps.not_lowered.empty()) {
    verdict.text =
        "it takes bare, a way with assistance and one without (xen-pv, qemu-tcg) on the same processor";
    return verdict;
  }
  const bool all_so = steps.not_lowered.empty() && steps.left_nothing.empty();
  verdict.word = all_so                                                ? Word::Holds
                 : steps.lowered.empty() && steps.left_nothing.empty() ? Word::DoesNotHold
                                                                       : Word::HoldsIf;
  verdict.text = verdict.word == Word::Holds ? "it is lower with assistance, and still there."
                 : verdict.word == Word::HoldsIf && steps.by_paging && steps.not_lowered.empty()
                     ? "the processor has no nested paging; with it next to nothing is left."
                 : verdict.word == Word::HoldsIf ? "it depends on what is compared."
                                                 : "it is lower nowhere.";
  verdict.text += sentence("Lower, and still there", steps.lowered) +
                  sentence("Lower, with at most 5 % left", steps.left_nothing) +
                  sentence("Not lower", steps.not_lowered);
  return verdict;
}

Verdict judge_need_of_assistance(Measurements all) {
  Verdict verdict{"H7",
                  "KVM needs assistance; Xen uses it for unmodified guests",
                  Word::CannotBeTested,
                  {},
                  {},
                  {"processors without it are profiles that lack the feature; all else is the same"}};
  const Family kvm = family_of(all, "KVM"), xen = family_of(all, "Xen");
  const auto asked = [](const Family& f, bool assisted, bool unmodified) {
    return f.ran[assisted][unmodified].size() + f.refused[assisted][unmodified].size() != 0;
  };
  if (!asked(kvm, false, true) || !asked(kvm, true, true) || !asked(xen, false, true) ||
      !asked(xen, false, false) || !asked(xen, true, true)) {
    verdict.text =
        "it takes kvm, xen-pv and xen-hvm on a processor with assistance for virtualization and on one "
        "without";
    return verdict;
  }
  const bool works = !kvm.ran[1][1].empty() && kvm.refused[1][1].empty() && !xen.ran[1][1].empty() &&
                     xen.refused[1][1].empty();
  const bool needs = kvm.ran[0][1].empty();
  const bool modified = xen.refused[0][0].empty(), unmodified = xen.ran[0][1].empty();
  verdict.word = !works                              ? Word::CannotBeTested
                 : needs && modified && unmodified   ? Word::Holds
                 : needs || (modified && unmodified) ? Word::HoldsIf
                                                     : Word::DoesNotHold;
  const char* kBoth = "without assistance KVM runs nothing, and Xen paravirtual guests alone.";
  verdict.text = !works                          ? "not all of them run where there is assistance."
                 : verdict.word == Word::Holds   ? kBoth
                 : needs                         ? "KVM is meant: Xen does otherwise."
                 : verdict.word == Word::HoldsIf ? "Xen is meant: KVM does otherwise."
                                                 : "neither does what is said.";
  for (const bool assisted : {false, true}) {
    std::set<std::string> ran, refused;
    for (const Family* each : {&kvm, &xen}) {
      for (const bool guest : {false, true}) {
        ran.insert(each->ran[assisted][guest].begin(), each->ran[assisted][guest].end());
        refused.insert(each->refused[assisted][guest].begin(), each->refused[assisted][guest].end());
      }
    }
    verdict.text +=
        told(assisted ? "With it run" : "Without it run", ran) +
        told(assisted ? "With it end without a guest" : "Without it end without a guest", refused);
  }
  std::set<std::string> others;
  for (const Measurement& m : all) {
    const Virtualizer* how = virtualizer(m.way);
    if (how != nullptr && how->technique == Technique::Translation && m.assistance == Assistance::None &&
        finished(m))
      others.insert(fmt::format("{} on {}", m.way, m.processor));
  }
  verdict.text += told("So do unmodified guests by translation", others);
  return verdict;
}

}  // namespace hvlab::analysis
