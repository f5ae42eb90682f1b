// H13, H14, H15 and H25 follow made-up runs of servers and hosts.
#include <catch2/catch.hpp>

#include "cluster_samples.hpp"

using namespace hvlab::analysis;
using test::has;
using test::many_hosts;

namespace {

Measurement servers(const Settings& settings, double cost, double machines = 10) {
  return many_hosts(settings, {{"hosts.count", machines},
                               {"machines.count", machines},
                               {"machines.bare", machines},
                               {"machines.wanted.most.ghz", 8},
                               {"cost.total", cost}});
}

Measurement two_hosts(const Settings& settings, const test::Metrics& more = {}) {
  return many_hosts(settings,
                    {{"hosts.count", 2},
                     {"machines.count", 10},
                     {"machines.running", 10},
                     {"machines.bare", 0},
                     {"machines.wanted.most.ghz", 8},
                     {"cost.total", 60},
                     {"cost.purchase", 20},
                     {"window.survivor.machines.served", 1},
                     {"window.survivor.machines.downtime", 0},
                     {"window.survivor.hosts.used", 0.8},
                     {"window.survivor.hosts.on.mean", 1},
                     {"window.survivor.machines.wanted.ghz", 7.5}},
                    more);
}

Word consolidation(const test::Metrics& more, double cost_of_servers = 100) {
  return judge_consolidation(std::vector{servers({}, cost_of_servers), two_hosts({}, more)}).word;
}

}  // namespace

// Catches a survivor that gives less, machines that are not there, or costs that are as high, taken for
// success.
TEST_CASE("H14 asks what the survivor gives at the peak, and what it costs") {
  CHECK(consolidation({}) == Word::Holds);
  CHECK(consolidation({{"window.survivor.machines.served", 0.991}}) == Word::Holds);
  CHECK(consolidation({{"window.survivor.machines.served", 0.989}}) == Word::DoesNotHold);
  CHECK(consolidation({{"window.survivor.machines.downtime", 1}}) == Word::DoesNotHold);
  CHECK(consolidation({{"machines.running", 9}}) == Word::DoesNotHold);
  CHECK(consolidation({{"cost.total", 95}}) == Word::Holds);
  CHECK(consolidation({{"cost.total", 96}}) == Word::DoesNotHold);
}

// Catches a survivor of a quiet night, and two hosts that both were there.
TEST_CASE("H14 is not tested by a host that is away at night, or not away") {
  CHECK(consolidation({{"window.survivor.machines.wanted.ghz", 7.1}}) == Word::CannotBeTested);
  CHECK(consolidation({{"window.survivor.hosts.on.mean", 1.1}}) == Word::CannotBeTested);
  CHECK(consolidation({{"hosts.count", 3}}) == Word::CannotBeTested);
  CHECK(judge_consolidation(std::vector{two_hosts({})}).word == Word::CannotBeTested);
  CHECK(judge_consolidation({}).word == Word::CannotBeTested);
}

TEST_CASE("H14 says under which settings it holds, and what growth is left") {
  std::vector<Measurement> all;
  for (const char* peak : {"0.2", "0.4"}) {
    all.push_back(servers({{"peak", peak}}, 100));
    all.push_back(
        two_hosts({{"peak", peak}}, {{"window.survivor.machines.served", peak[2] == '2' ? 1 : 0.7}}));
  }
  const Verdict verdict = judge_consolidation(all);
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(verdict.text.starts_with("peak=0.2. One of the two hosts gives"));
  CHECK(has(verdict.text, "The total cost is lower in all 2 cases. It is x0.60 to x0.60"));
  REQUIRE(verdict.figures.size() == 7);  // growth for the one that fits
  CHECK(verdict.figures[1].value == Approx(0.25));
  CHECK(verdict.figures[3].value == Approx(3));  // 20 of purchases could be 60
}

namespace {

Measurement on_one_host(const std::string& apart, double machines, double together, double short_of,
                        double used) {
  return many_hosts({{"apart", apart}, {"count", std::to_string(machines)}},
                    {{"machines.peaks.together", together},
                     {"machines.count", machines},
                     {"window.day.machines.served", short_of > 0 ? 0.9 : 1},
                     {"window.day.hosts.overloaded", short_of},
                     {"window.day.hosts.used", used},
                     {"refused", 0}});
}

std::vector<Measurement> four_and_eight(double short_at_once, double used_apart, double short_apart = 0) {
  return {on_one_host("0s", 4, 1, 0, 0.4), on_one_host("0s", 8, 1, short_at_once, 0.7),
          on_one_host("3h", 4, 0.6, 0, 0.4), on_one_host("3h", 8, 0.6, short_apart, used_apart)};
}

}  // namespace

// Catches a host that is used more only because it is overloaded, and peaks that nobody compares.
TEST_CASE("H13 wants more machines that get all, and the same number short when peaks are at once") {
  CHECK(judge_peaks(four_and_eight(0.1, 0.8)).word == Word::Holds);
  CHECK(judge_peaks(four_and_eight(0, 0.8)).word == Word::DoesNotHold);  // as many fit at once
  CHECK(judge_peaks(four_and_eight(0.1, 0.8, 0.1)).word == Word::DoesNotHold);
  CHECK(judge_peaks(four_and_eight(0.1, 0.41)).word == Word::DoesNotHold);
  CHECK(judge_peaks(four_and_eight(0.1, 0.43)).word == Word::Holds);
  CHECK(judge_peaks(four_and_eight(0.0009, 0.8)).word == Word::DoesNotHold);
  CHECK(judge_peaks({}).word == Word::CannotBeTested);
  std::vector<Measurement> all = four_and_eight(0.1, 0.8);
  all.push_back(on_one_host("1h", 4, 0.95, 0, 0.4));
  all.push_back(on_one_host("1h", 8, 0.95, 0.05, 0.7));
  const Verdict verdict = judge_peaks(all);
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(verdict.text.starts_with("apart=3h. "));
}

namespace {

Measurement refreshed(const char* kind, bool bare, const test::Metrics& more) {
  return many_hosts({{"kind", kind}},
                    {{"machines.count", 10},
                     {"machines.bare", bare ? 10 : 0},
                     {"cost.refresh", 100},
                     {"cost.refresh.moving", bare ? 30 : 1},
                     {"window.refresh.machines.downtime", bare ? 100'000 : 5}},
                    more);
}

Word refresh(const test::Metrics& servers, const test::Metrics& machines) {
  return judge_refresh(
             std::vector{refreshed("servers", true, servers), refreshed("machines", false, machines)})
      .word;
}

}  // namespace

// Catches moving that is as dear or as long, and a refresh of which moving is the greater part.
TEST_CASE("H15 wants easy moves, and a refresh that is more than moving") {
  CHECK(refresh({}, {}) == Word::Holds);
  CHECK(refresh({}, {{"cost.refresh.moving", 29}}) == Word::DoesNotHold);
  CHECK(refresh({}, {{"window.refresh.machines.downtime", 99'000}}) == Word::DoesNotHold);
  CHECK(refresh({{"cost.refresh.moving", 50}}, {}) == Word::Holds);
  CHECK(refresh({{"cost.refresh.moving", 52}}, {}) == Word::DoesNotHold);
  CHECK(judge_refresh(std::vector{refreshed("servers", true, {})}).word == Word::CannotBeTested);
}

namespace {

Measurement powered(const char* kind, bool bare, bool saving, double energy, double served = 1,
                    double work = 1e6) {
  return many_hosts({{"kind", kind}}, {{"machines.count", 10},
                                       {"machines.bare", bare ? 10 : 0},
                                       {"hosts.count", bare ? 10 : 3},
                                       {"power-saving.on", saving},
                                       {"hosts.energy.kwh", energy},
                                       {"machines.work.own.gigacycles", work},
                                       {"machines.served", served}});
}

Word energy(double few, double off, double served = 1, double work = 1e6) {
  return judge_energy(std::vector{powered("servers", true, false, 100), powered("few", false, false, few),
                                  powered("off", false, true, off, served, work)})
      .word;
}

}  // namespace

// Catches energy compared without the work that was done, or saved by not serving.
TEST_CASE("H25 divides energy by work, of fewer servers and of hosts that are off") {
  CHECK(energy(50, 30) == Word::Holds);
  CHECK(energy(50, 48) == Word::HoldsIf);
  CHECK(energy(96, 30) == Word::HoldsIf);
  CHECK(energy(96, 92) == Word::DoesNotHold);
  CHECK(energy(50, 30, 0.98) == Word::HoldsIf);
  CHECK(energy(50, 30, 1, 0.6e6) == Word::HoldsIf);
  CHECK(energy(50, 30, 0.991) == Word::Holds);
  CHECK(energy(50, 0) == Word::HoldsIf);  // not measured: nobody does work for nothing
  CHECK(judge_energy(std::vector{powered("servers", true, false, 100), powered("few", false, false, 50)})
            .word == Word::CannotBeTested);
  // As many hosts as machines, or an unknown number, are no fewer servers.
  for (const bool counted : {false, true}) {
    std::vector all = {powered("servers", true, false, 100), powered("few", false, false, 50),
                       powered("off", false, true, 30)};
    for (Measurement& m : all) {
      m.cluster->metrics["hosts.count"] = 10;
      if (!counted) m.cluster->metrics.erase("hosts.count");
    }
    CHECK(judge_energy(all).word == Word::CannotBeTested);
  }
}
