// H13. More and more machines on one host, whose peaks are at the same time or at different ones: how many
// can be there before one is short of processor time, and how much of the host do they use then?
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

// The most that is wanted at a moment, of the sum of what each wants at its own most: 1 if all peaks are at
// once.
constexpr const char* kTogether = "machines.peaks.together";
constexpr const char* kMachines = "machines.count";
constexpr const char* kServedIn = "window.day.machines.served";
constexpr const char* kShort = "window.day.hosts.overloaded";  // part of the time
constexpr const char* kUsed = "window.day.hosts.used";
constexpr double kAtOnce = 0.999;  // but for rounding
constexpr double kNever = 0.001;   // of the time

bool gets_all(const ClusterRun& run) { return value(run, kShort) <= kNever && value(run, "refused") == 0; }

/// Runs that differ in the number of machines alone, by it.
struct Series {
  Settings settings;
  ClusterRuns runs;

  double together() const { return value(*runs.back(), kTogether); }
  /// The last one in which all get what they want, as in all with fewer machines; null if there is none.
  const ClusterRun* fullest() const {
    const ClusterRun* best = nullptr;
    for (const ClusterRun* run : runs) {
      if (!gets_all(*run)) break;
      best = run;
    }
    return best;
  }
  const ClusterRun* with(double machines) const {
    const auto found =
        std::ranges::find_if(runs, [&](const ClusterRun* run) { return value(*run, kMachines) == machines; });
    return found == runs.end() ? nullptr : *found;
  }
};

// The setting that the number of machines comes from: another for each number.
std::string counting_key(const ClusterRuns& runs) {
  for (const auto& [key, text] : runs.front()->settings) {
    const bool counts = std::ranges::all_of(runs, [&, key = key](const ClusterRun* one) {
      return std::ranges::all_of(runs, [&](const ClusterRun* other) {
        return (value(*one, kMachines) == value(*other, kMachines)) ==
               (one->settings.at(key) == other->settings.at(key));
      });
    });
    if (counts) return key;
  }
  return "";
}

std::vector<Series> series_of(const ClusterRuns& runs) {
  std::vector<Series> all;
  if (runs.empty()) return all;
  const std::string key = counting_key(runs);
  for (const ClusterRun* run : runs) {
    const Settings settings = without(run->settings, key);
    auto found = std::ranges::find(all, settings, &Series::settings);
    if (found == all.end()) found = all.insert(all.end(), {settings, {}});
    found->runs.push_back(run);
  }
  for (Series& series : all)
    std::ranges::stable_sort(series.runs, {}, [](const ClusterRun* run) { return value(*run, kMachines); });
  return all;
}

// How many settings two series have in common.
long in_common(const Series& one, const Series& other) {
  return std::ranges::count_if(one.settings, [&](const auto& setting) {
    const auto found = other.settings.find(setting.first);
    return found != other.settings.end() && found->second == setting.second;
  });
}

// The series with peaks at once that is likest to this one.
const Series* at_once_beside(const std::vector<Series>& all, const Series& apart) {
  const Series* best = nullptr;
  for (const Series& series : all) {
    if (series.together() < kAtOnce) continue;
    if (best == nullptr || in_common(series, apart) > in_common(*best, apart)) best = &series;
  }
  return best;
}

struct Judged {
  bool raises = false, overloads = false;
  double times = 0;  // as much used as with peaks at once
};

Judged judge(const Series& apart, const Series& at_once, Verdict& verdict) {
  const ClusterRun *many = apart.fullest(), *few = at_once.fullest();
  if (many == nullptr) return {};
  const double used = value(*many, kUsed), used_at_once = few == nullptr ? 0 : value(*few, kUsed);
  const ClusterRun* as_many = at_once.with(value(*many, kMachines));
  Judged judged{.raises = compare(used, used_at_once) > 0,
                .overloads = as_many != nullptr && !gets_all(*as_many),
                .times = used_at_once == 0 ? 0 : used / used_at_once};
  const std::string with = in_brackets(apart.settings);
  verdict.figures.push_back({"machines that get all they want" + with, value(*many, kMachines), ""});
  verdict.figures.push_back({"of the host's processor time that they use" + with, used, ""});
  verdict.figures.push_back({"the same with peaks at once" + with, used_at_once, ""});
  if (as_many != nullptr)
    verdict.figures.push_back({"part of the day in which so many are short with peaks at once" + with,
                               value(*as_many, kShort), ""});
  return judged;
}

std::string text_of(const std::vector<Outcome>& raised, const std::vector<Outcome>& overloaded,
                    const std::vector<Outcome>& both) {
  const auto said = [](const char* what, const std::vector<Outcome>& outcomes) {
    const Word word = word_of(outcomes);
    return word == Word::Holds         ? fmt::format(" {}.", capital(what))
           : word == Word::DoesNotHold ? fmt::format(" It is not so that {}.", what)
                                       : fmt::format(" {}: if {}.", capital(what), condition(outcomes));
  };
  std::string text = condition(both);
  if (!text.empty()) text += '.';
  text += said("with peaks at different times a host that still gives everybody what he wants is used more",
               raised);
  return text + said("as many machines with peaks at once are short", overloaded);
}

}  // namespace

Verdict judge_peaks(Measurements all) {
  Verdict verdict{
      "H13",
      "differing peaks raise utilisation, simultaneous ones overload",
      Word::CannotBeTested,
      "it takes one host with more and more machines, with peaks at once and at different times (window day)",
      {},
      {"peaks of one shape, as many at each distance: real ones are neither, and some days they fall "
       "together",
       "processor time alone: memory is taken all day"}};
  const std::vector<Series> series =
      series_of(cluster_runs(all, {kTogether, kMachines, kServedIn, kShort, kUsed, "refused"}));
  std::vector<Outcome> raised, overloaded, both;
  std::vector<double> times;
  for (const Series& apart : series) {
    const Series* at_once = at_once_beside(series, apart);
    if (apart.together() >= kAtOnce || at_once == nullptr) continue;
    const Judged judged = judge(apart, *at_once, verdict);
    times.push_back(judged.times);
    raised.push_back({apart.settings, judged.raises});
    overloaded.push_back({apart.settings, judged.overloads});
    both.push_back({apart.settings, judged.raises && judged.overloads});
  }
  if (both.empty()) return verdict;
  verdict.word = word_of(both);
  const auto [least, most] = std::ranges::minmax(times);
  verdict.text =
      text_of(raised, overloaded, both) + fmt::format(" It is used x{:.2f} to x{:.2f} as much.", least, most);
  if (verdict.text.starts_with(' ')) verdict.text.erase(0, 1);
  return verdict;
}

}  // namespace hvlab::analysis
