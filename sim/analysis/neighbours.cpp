// H12. An application (the first instance) beside a neighbour (the second, /bin/neighbour WHAT): does it
// finish, with the results that it has beside an idle one, and how much longer does it take? With a system of
// its own, in a virtual machine, it should fare better than beside the neighbour on one system. Containers
// are told beside them.
#include <fmt/format.h>

#include <algorithm>

#include "sim/analysis/architectures.hpp"
#include "sim/analysis/verdict.hpp"

namespace hvlab::analysis {

namespace {

constexpr const char* kIdle = "idle";
// Schedulers share out time in pieces of milliseconds: factors that are less apart than this are alike.
constexpr double kAlike = 1.25;

struct Neighbour {
  const char* kind;
  const char* does;  // completes "a neighbour that ..."
};
constexpr Neighbour kNeighbours[] = {{"crash", "crashes"},
                                     {"compute", "computes"},
                                     {"memory", "takes all memory"},
                                     {"processes", "makes processes without end"},
                                     {"kernel", "brings its kernel down"}};

/// What became of the application beside a neighbour.
struct Outcome {
  bool known = false, finished = false;
  double factor = 0;  // of the time beside an idle one; finished alone
};

/// The run of `way` with that neighbour beside the application, or null.
const Measurement* beside(Measurements all, const std::string& way, const std::string& kind) {
  const std::string program = "/bin/neighbour " + kind;
  const auto found = std::ranges::find_if(all, [&](const Measurement& m) {
    if (m.way != way || m.each.size() < 2) return false;
    const std::string& other = m.each[1].program;
    return other == program || other.starts_with(program + " ");
  });
  return found == all.end() ? nullptr : &*found;
}

Outcome outcome_of(Measurements all, const std::string& way, const std::string& kind) {
  const Measurement *idle = beside(all, way, kIdle), *run = beside(all, way, kind);
  if (idle == nullptr || run == nullptr || !idle->each[0].done || idle->each[0].seconds <= 0) return {};
  const InstanceResult &alone = idle->each[0], &application = run->each[0];
  Outcome outcome{.known = true, .finished = application.done && application.hashes == alone.hashes};
  if (outcome.finished) outcome.factor = application.seconds / alone.seconds;
  return outcome;
}

/// -1, 0, 1: the application fares worse, as well, better in `a` than in `b`.
int fares(const Outcome& a, const Outcome& b) {
  if (a.finished != b.finished) return a.finished ? 1 : -1;
  if (!a.finished) return 0;
  return a.factor * kAlike < b.factor ? 1 : b.factor * kAlike < a.factor ? -1 : 0;
}

bool is_machine(Layer layer) { return is_isolated(layer) && layer != Layer::OperatingSystem; }

std::vector<std::string> ways_of(Measurements all, bool (*wanted)(Layer)) {
  std::vector<std::string> ways;
  for (const Architecture& row : architectures()) {
    if (wanted(row.layer) && beside(all, row.way, kIdle) != nullptr) ways.emplace_back(row.way);
  }
  return ways;
}

std::string told(const std::string& way, const Outcome& outcome) {
  return outcome.finished ? fmt::format("{} x{:.2f}", way, outcome.factor) : way + " does not finish";
}

/// "a, b or c".
std::string either(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return text;
}

struct Sides {
  std::string apps, container;  // empty: not measured
  std::vector<std::string> machines;
};

struct Cases {
  std::vector<std::string> better, alike, worse;        // with a system of its own
  std::vector<std::string> container_alike, container;  // as good there as in a virtual machine; not
  std::string told;
};

/// One kind of neighbour in all architectures; the virtual machine in which the application fares worst
/// counts.
void look_at(Measurements all, const Neighbour& neighbour, const Sides& sides, Cases& cases,
             Verdict& verdict) {
  const Outcome apps = outcome_of(all, sides.apps, neighbour.kind);
  Outcome worst;
  std::vector<std::string> words = {told(sides.apps, apps)};
  const Outcome contained = outcome_of(all, sides.container, neighbour.kind);
  if (contained.known) words.push_back(told(sides.container, contained));
  for (const std::string& way : sides.machines) {
    const Outcome outcome = outcome_of(all, way, neighbour.kind);
    if (!outcome.known) continue;
    words.push_back(told(way, outcome));
    if (!worst.known || fares(outcome, worst) < 0) worst = outcome;
    if (outcome.finished)
      verdict.figures.push_back(
          {fmt::format("{} beside one that {}", way, neighbour.does), outcome.factor, ""});
  }
  if (!apps.known || !worst.known) return;
  const int sense = fares(worst, apps);
  (sense > 0 ? cases.better : sense < 0 ? cases.worse : cases.alike).emplace_back(neighbour.does);
  if (contained.known)
    (fares(contained, worst) >= 0 ? cases.container_alike : cases.container).emplace_back(neighbour.does);
  cases.told += fmt::format(" Beside one that {}: {}.", neighbour.does, list(words));
}

std::string sentences(const Cases& cases) {
  std::string text;
  if (!cases.better.empty() && cases.alike.size() + cases.worse.size() > 0)
    text = "the neighbour " + either(cases.better) + ".";
  if (!cases.alike.empty()) text += " It is all the same if it " + either(cases.alike) + ".";
  if (!cases.worse.empty()) text += " The other way round if it " + either(cases.worse) + ".";
  text += cases.told;
  if (!cases.container_alike.empty())
    text += " A container is as good as a virtual machine if it " + either(cases.container_alike) + ".";
  if (!cases.container.empty()) text += " It is not if it " + either(cases.container) + ".";
  return text.starts_with(' ') ? text.substr(1) : text;
}

}  // namespace

Verdict judge_neighbours(Measurements all) {
  Verdict verdict{
      "H12",
      "one application per server is more stable",
      Word::CannotBeTested,
      {},
      {},
      {"the fault of the kernel is made: a call that brings it down stands for one that a program can "
       "reach",
       "faults of the hypervisor, which all machines share, are not among the neighbours"}};
  const auto apps = ways_of(all, [](Layer layer) { return layer == Layer::Processes; });
  const auto containers = ways_of(all, [](Layer layer) { return layer == Layer::OperatingSystem; });
  const Sides sides{apps.empty() ? "" : apps.front(), containers.empty() ? "" : containers.front(),
                    ways_of(all, is_machine)};
  Cases cases;
  for (const Neighbour& neighbour : kNeighbours) look_at(all, neighbour, sides, cases, verdict);
  if (cases.told.empty()) {
    verdict.text =
        "it takes an application beside neighbours of several kinds, one of them idle, as processes of one "
        "system "
        "and in virtual machines";
    return verdict;
  }
  verdict.word = cases.better.empty()                           ? Word::DoesNotHold
                 : cases.alike.size() + cases.worse.size() == 0 ? Word::Holds
                                                                : Word::HoldsIf;
  verdict.text = sentences(cases);
  return verdict;
}

}  // namespace hvlab::analysis
