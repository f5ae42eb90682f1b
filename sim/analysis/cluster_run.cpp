#include "sim/analysis/cluster_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace hvlab::analysis {

namespace {

std::string setting(const ClusterRun& run, const std::string& key) {
  const auto found = run.settings.find(key);
  return found == run.settings.end() ? "" : found->second;
}

using Cases = std::vector<Outcome>;

bool all_hold(const Cases& cases) { return std::ranges::all_of(cases, &Outcome::holds); }
bool none_holds(const Cases& cases) { return std::ranges::none_of(cases, &Outcome::holds); }

// The cases by the value of a setting, in the order in which the values come.
std::vector<std::pair<std::string, Cases>> by_value(const Cases& cases, const std::string& key) {
  std::vector<std::pair<std::string, Cases>> groups;
  for (const Outcome& each : cases) {
    const auto at = each.settings.find(key);
    const std::string text = at == each.settings.end() ? "" : at->second;
    auto found = std::ranges::find(groups, text, &std::pair<std::string, Cases>::first);
    if (found == groups.end()) found = groups.insert(groups.end(), {text, {}});
    found->second.push_back({without(each.settings, key), each.holds});
  }
  return groups;
}

size_t undecided(const Cases& cases, const std::string& key) {
  return static_cast<size_t>(std::ranges::count_if(by_value(cases, key), [](const auto& group) {
    return !all_hold(group.second) && !none_holds(group.second);
  }));
}

// The setting that decides most: by which fewest values leave it open.
std::string deciding(const Cases& cases) {
  std::string best;
  size_t fewest = ~size_t{0};
  for (const auto& [key, text] : cases.front().settings) {
    if (by_value(cases, key).size() < 2) continue;
    const size_t open = undecided(cases, key);
    if (open < fewest) fewest = open, best = key;
  }
  return best;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  return fmt::format("{}", fmt::join(words, between));
}

}  // namespace

double value(const ClusterRun& run, const std::string& metric) {
  const auto found = run.metrics.find(metric);
  return found == run.metrics.end() ? 0 : found->second;
}

bool all_bare(const ClusterRun& run) { return value(run, "machines.bare") == value(run, "machines.count"); }
bool none_bare(const ClusterRun& run) { return value(run, "machines.bare") == 0; }

double times(double one, double other) { return other == 0 ? 0 : one / other; }

ClusterRuns cluster_runs(Measurements all, std::initializer_list<const char*> metrics) {
  ClusterRuns runs;
  for (const Measurement& m : all) {
    if (m.cluster &&
        std::ranges::all_of(metrics, [&](const char* name) { return m.cluster->metrics.contains(name); }))
      runs.push_back(&*m.cluster);
  }
  return runs;
}

ClusterRuns those(const ClusterRuns& runs, const IsOne& is) {
  ClusterRuns some;
  for (const ClusterRun* run : runs)
    if (is(*run)) some.push_back(run);
  return some;
}

std::set<std::string> shared_keys(const ClusterRuns& ones, const ClusterRuns& others) {
  std::set<std::string> shared;
  for (const ClusterRun* one : ones)
    for (const ClusterRun* other : others)
      for (const auto& [key, text] : one->settings)
        if (setting(*other, key) == text) shared.insert(key);
  return shared;
}

Settings only(const Settings& settings, const std::set<std::string>& keys) {
  Settings some;
  for (const auto& [key, text] : settings)
    if (keys.contains(key)) some[key] = text;
  return some;
}

std::vector<RunPair> pairs(const ClusterRuns& runs, const IsOne& one, const IsOne& other) {
  const ClusterRuns ones = those(runs, [&](const ClusterRun& run) { return one(run) && !other(run); });
  const ClusterRuns others = those(runs, [&](const ClusterRun& run) { return other(run) && !one(run); });
  const std::set<std::string> shared = shared_keys(ones, others);
  std::vector<RunPair> found;
  for (const ClusterRun* run : ones) {
    const Settings settings = only(run->settings, shared);
    const auto beside = std::ranges::find_if(
        others, [&](const ClusterRun* each) { return only(each->settings, shared) == settings; });
    if (beside != others.end()) found.push_back({run, *beside, run->settings});
  }
  return found;
}

Word word_of(const std::vector<Outcome>& outcomes) {
  if (outcomes.empty()) return Word::CannotBeTested;
  return all_hold(outcomes) ? Word::Holds : none_holds(outcomes) ? Word::DoesNotHold : Word::HoldsIf;
}

std::string condition(const std::vector<Outcome>& outcomes) {
  if (outcomes.empty() || all_hold(outcomes) || none_holds(outcomes)) return "";
  const std::string key = deciding(outcomes);
  if (key.empty()) return "";  // the same settings came out differently
  std::vector<std::string> always, sometimes;
  for (const auto& [text, cases] : by_value(outcomes, key)) {
    if (all_hold(cases)) always.push_back(text);
    const std::string inner = condition(cases);
    if (!inner.empty()) sometimes.push_back(fmt::format("{}={} and {}", key, text, inner));
  }
  if (!always.empty()) sometimes.insert(sometimes.begin(), fmt::format("{}={}", key, joined(always, " or ")));
  return joined(sometimes, "; or ");
}

std::string under(const std::vector<Outcome>& outcomes, const std::string& sentences) {
  const std::string when = condition(outcomes);
  return when.empty() ? sentences.substr(sentences.starts_with(' ') ? 1 : 0) : when + "." + sentences;
}

std::string said(const std::string& what, const std::vector<Outcome>& outcomes) {
  const Word word = word_of(outcomes);
  return word == Word::Holds         ? fmt::format(" {}.", capital(what))
         : word == Word::DoesNotHold ? fmt::format(" It is not so that {}.", what)
                                     : fmt::format(" {}: if {}.", capital(what), condition(outcomes));
}

std::string range_text(const std::vector<double>& figures) {
  const auto [least, most] = std::ranges::minmax(figures);
  return fmt::format("x{:.2f} to x{:.2f}", least, most);
}

std::string label(const Settings& settings) {
  std::vector<std::string> words;
  for (const auto& [key, text] : settings) words.push_back(fmt::format("{}={}", key, text));
  return list(words);
}

std::string in_brackets(const Settings& settings) {
  return settings.empty() ? "" : fmt::format(" ({})", label(settings));
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

Settings without(Settings settings, const std::string& key) {
  settings.erase(key);
  return settings;
}

}  // namespace hvlab::analysis
