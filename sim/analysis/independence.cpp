// H17. A host fails and loads are uneven, with high availability and balancing, one of them, the other,
// neither: does each do its work whether or not the other is there?
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "sim/analysis/cluster_run.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kHa = "ha.on";
constexpr const char* kDrs = "drs.on";
constexpr const char* kDied = "machines.died";
constexpr const char* kRestarts = "restarts";
constexpr const char* kMoves = "moves.done";
constexpr const char* kUneven = "window.end.imbalance.mean";
constexpr const char* kUnevenBefore = "window.begin.imbalance.mean";
constexpr const char* kDown = "machines.downtime.longest";

bool ha(const ClusterRun& run) { return value(run, kHa) != 0; }
bool drs(const ClusterRun& run) { return value(run, kDrs) != 0; }

// All that died run again.
bool restarts(const ClusterRun& run) {
  return value(run, kRestarts) >= value(run, kDied) &&
         value(run, "machines.running") == value(run, "machines.count");
}
// Machines are moved, and the loads are evener than before.
bool balances(const ClusterRun& run) {
  return value(run, kMoves) > 0 && compare(value(run, kUneven), value(run, kUnevenBefore)) < 0;
}

const char* cell_name(bool with_ha, bool with_drs) {
  return with_ha ? with_drs ? "both" : "high availability alone" : with_drs ? "balancing alone" : "neither";
}

// The four cells of one group of settings.
struct Square {
  Settings settings;
  const ClusterRun* cells[2][2] = {};  // by high availability, then balancing

  bool is_whole() const { return cells[0][0] && cells[0][1] && cells[1][0] && cells[1][1]; }
  bool is_independent() const {
    for (const bool with_ha : {false, true})
      for (const bool with_drs : {false, true})
        if (restarts(*cells[with_ha][with_drs]) != with_ha || balances(*cells[with_ha][with_drs]) != with_drs)
          return false;
    return true;
  }
};

// Settings that come with what is on have no value in common between cells, and tell none apart.
std::vector<Square> squares_of(const ClusterRuns& runs) {
  std::set<std::string> keys;
  const std::set<std::string> by_drs = shared_keys(those(runs, drs), those(runs, std::not_fn(drs)));
  for (const std::string& key : shared_keys(those(runs, ha), those(runs, std::not_fn(ha))))
    if (by_drs.contains(key)) keys.insert(key);
  std::vector<Square> squares;
  for (const ClusterRun* run : runs) {
    const Settings settings = only(run->settings, keys);
    auto found = std::ranges::find(squares, settings, &Square::settings);
    if (found == squares.end()) found = squares.insert(squares.end(), {.settings = settings, .cells = {}});
    found->cells[ha(*run)][drs(*run)] = run;
  }
  std::erase_if(squares, [](const Square& square) { return !square.is_whole(); });
  return squares;
}

std::string against(const char* what, const ClusterRun& with, const ClusterRun& alone, const char* metric,
                    const char* other) {
  const double one = value(with, metric), two = value(alone, metric);
  const int order = compare(one, two);
  return fmt::format(" {} {} with {} too: {:.3g} against {:.3g}.", what,
                     order == 0  ? "is the same"
                     : order < 0 ? "is less"
                                 : "is more",
                     other, one, two);
}

void note_figures(const Square& square, Verdict& verdict) {
  for (const bool with_ha : {true, false}) {
    for (const bool with_drs : {true, false}) {
      const ClusterRun& run = *square.cells[with_ha][with_drs];
      const std::string with =
          fmt::format(", {}{}", cell_name(with_ha, with_drs), in_brackets(square.settings));
      verdict.figures.push_back({"machines started again" + with, value(run, kRestarts), ""});
      verdict.figures.push_back({"moves" + with, value(run, kMoves), ""});
      verdict.figures.push_back({"imbalance at the end" + with, value(run, kUneven), ""});
      verdict.figures.push_back({"longest outage of a machine" + with, value(run, kDown), "s"});
    }
  }
}

}  // namespace

Verdict judge_independence(Measurements all) {
  Verdict verdict{"H17",
                  "high availability and balancing are independent",
                  Word::CannotBeTested,
                  "it takes four runs, with high availability, balancing, both and neither, in which loads "
                  "are uneven (windows "
                  "begin and end) and a host fails",
                  {},
                  {"products join them in places: balancing may move machines away to make room for a "
                   "restart that found none, "
                   "which is not modelled"}};
  const ClusterRuns runs = cluster_runs(all, {kHa, kDrs, kDied, kRestarts, kMoves, kUneven, kUnevenBefore,
                                              kDown, "machines.running", "machines.count"});
  const ClusterRuns with_failure = those(runs, [](const ClusterRun& run) { return value(run, kDied) > 0; });
  std::vector<Outcome> outcomes;
  const std::vector<Square> squares = squares_of(with_failure);
  for (const Square& square : squares) {
    outcomes.push_back({square.settings, square.is_independent()});
    note_figures(square, verdict);
  }
  if (outcomes.empty()) return verdict;
  verdict.word = word_of(outcomes);
  std::string text = verdict.word == Word::DoesNotHold
                         ? " One does not do its work, or does the other's."
                         : " Each does its work with the other and without, and not the other's.";
  const Square& first = squares.front();
  text +=
      against("The longest outage in seconds", *first.cells[1][1], *first.cells[1][0], kDown, "balancing");
  text += against("The imbalance at the end", *first.cells[1][1], *first.cells[0][1], kUneven,
                  "high availability");
  verdict.text = under(outcomes, text);
  return verdict;
}

}  // namespace hvlab::analysis
