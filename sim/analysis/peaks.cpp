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
  for (const auto& setting : runs.front()->settings) {
    const std::string& key = setting.first;
    const bool counts = std::ranges::all_of(runs, [&](const ClusterRun* one) {
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
                .times = times(used, used_at_once)};
  const std::string with = in_brackets(apart.settings);
  verdict.figures.push_back({"machines that get all they want" + with, value(*many, kMachines), ""});
  verdict.figures.push_back({"of the host's processor time that they use" + with, used, ""});
  verdict.figures.push_back({"the same with peaks at once" + with, used_at_once, ""});
  if (as_many != nullptr)
    verdict.figures.push_back({"part of the day in which so many are short with peaks at once" + with,
                               value(*as_many, kShort), ""});
  return judged;
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
      series_of(cluster_runs(all, {kTogether, kMachines, kShort, kUsed, "refused"}));
  std::vector<Outcome> raised, overloaded, both;
  std::vector<double> more_used;
  for (const Series& apart : series) {
    const Series* at_once = at_once_beside(series, apart);
    if (apart.together() >= kAtOnce || at_once == nullptr) continue;
    const Judged judged = judge(apart, *at_once, verdict);
    more_used.push_back(judged.times);
    raised.push_back({apart.settings, judged.raises});
    overloaded.push_back({apart.settings, judged.overloads});
    both.push_back({apart.settings, judged.raises && judged.overloads});
  }
  if (both.empty()) return verdict;
  verdict.word = word_of(both);
  verdict.text = under(
      both, said("with peaks at different times a host that still gives everybody what he wants is used more",
                 raised) +
                said("as many machines with peaks at once are short", overloaded) +
                fmt::format(" It is used {} as much.", range_text(more_used)));
  return verdict;
}

}  // namespace hvlab::analysis
