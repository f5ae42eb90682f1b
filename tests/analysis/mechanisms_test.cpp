// H10, H16 to H20 and the clusters' half of H24 follow made-up runs of hosts with mechanisms that do their
// work or not.
#include <catch2/catch.hpp>

#include "cluster_samples.hpp"

using namespace hvlab::analysis;
using test::has;
using test::many_hosts;
using test::Metrics;

namespace {

Measurement disks(const char* kind, const Metrics& more) {
  return many_hosts({{"disk", kind}},
                    {{"disks.files", 0},
                     {"disks.raw.virtual", 0},
                     {"disks.raw.physical", 0},
                     {"window.calm.machines.requests", 1000},
                     {"window.calm.machines.request.cycles", 100'000},
                     {"orders.snapshots.asked", 1},
                     {"orders.snapshots.done", 1},
                     {"orders.disk-moves.asked", 1},
                     {"moves.disks", 1},
                     {"disks.converted", 0}},
                    more);
}

Word mapping(const Metrics& more, const char* kind = "disks.raw.physical") {
  Metrics raw = {{kind, 1},
                 {"window.calm.machines.request.cycles", 90'000},
                 {"orders.snapshots.done", 0},
                 {"moves.disks", 0}};
  for (const auto& [name, number] : more) raw[name] = number;
  return judge_disk_mappings(std::vector{disks("file", {{"disks.files", 1}}), disks("raw", raw)}).word;
}

}  // namespace

// Catches one of the three parts left out.
TEST_CASE("H10 asks for speed, snapshots and moves") {
  CHECK(mapping({}) == Word::Holds);
  CHECK(mapping({{"window.calm.machines.request.cycles", 95'000}}) == Word::Holds);
  CHECK(mapping({{"window.calm.machines.request.cycles", 95'500}}) == Word::DoesNotHold);
  CHECK(mapping({{"window.calm.machines.request.cycles", 100'000},
                 {"window.calm.machines.requests", 1051}}) == Word::Holds);
  CHECK(mapping({{"orders.snapshots.done", 1}}) == Word::DoesNotHold);
  CHECK(mapping({{"moves.disks", 1}}) == Word::DoesNotHold);
  CHECK(mapping({{"moves.disks", 1}, {"disks.converted", 1}}) == Word::Holds);  // it is a file now
  CHECK(mapping({{"orders.snapshots.asked", 0}}) == Word::CannotBeTested);
  CHECK(mapping({{"orders.disk-moves.asked", 0}}) == Word::CannotBeTested);
  CHECK(mapping({}, "disks.raw.virtual") == Word::Holds);
  CHECK(judge_disk_mappings(std::vector{disks("file", {{"disks.files", 1}})}).word == Word::CannotBeTested);
  const std::vector all = {
      disks("file", {{"disks.files", 1}}),
      disks("raw", {{"disks.raw.virtual", 1}, {"moves.disks", 1}, {"disks.converted", 1}}),
      disks("rdmp", {{"disks.raw.physical", 1},
                     {"window.calm.machines.request.cycles", 90'000},
                     {"orders.snapshots.done", 0},
                     {"moves.disks", 0}})};
  CHECK(judge_disk_mappings(all).word == Word::HoldsIf);
  CHECK(judge_disk_mappings(all).text.starts_with("disk=rdmp."));
  CHECK(has(judge_disk_mappings(all).text,
            "snapshots work; to another datastore it goes as a file from then on"));
}

namespace {

Measurement stored(const char* kind, double local, const Metrics& more) {
  return many_hosts({{"storage", kind}},
                    {{"machines.count", 2},
                     {"orders.moves.asked", 1},
                     {"moves.done", 1},
                     {"moves.disks", 0},
                     {"machines.died", 1},
                     {"restarts", 1},
                     {"disks.local", local},
                     {"disks.pooled", 0}},
                    more);
}

const Measurement kArray = stored("array", 0, {});

Word on_own(const Metrics& more) {
  return judge_shared_storage(std::vector{kArray, stored("own", 2, more)}).word;
}

}  // namespace

// Catches a refusal that has another cause, since nothing works with shared storage either, and the copy as a
// rule.
TEST_CASE("H16 holds what works with shared storage against what works without") {
  CHECK(on_own({{"moves.done", 0}, {"restarts", 0}}) == Word::Holds);
  CHECK(on_own({{"moves.done", 0}}) == Word::DoesNotHold);
  CHECK(on_own({{"restarts", 0}}) == Word::DoesNotHold);
  CHECK(judge_shared_storage(std::vector{stored("own", 2, {{"moves.done", 0}, {"restarts", 0}})}).word ==
        Word::CannotBeTested);
  CHECK(judge_shared_storage(std::vector{stored("array", 0, {{"restarts", 0}}), stored("own", 2, {})}).word ==
        Word::CannotBeTested);
  const Verdict verdict =
      judge_shared_storage(std::vector{kArray, stored("pool", 0, {{"disks.pooled", 2}}),
                                       stored("own", 2, {{"moves.done", 0}, {"restarts", 0}}),
                                       stored("own, copied", 2, {{"moves.disks", 1}, {"restarts", 0}})});
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(verdict.text.starts_with(
      "storage=own. Live migration is refused, but for one that copies the disk too."));
  CHECK(has(verdict.text, "The hosts' own disks pooled do for both"));
}

namespace {

Measurement cell(bool ha, bool drs, const Metrics& more = {}) {
  Metrics base = {{"ha.on", ha},
                  {"drs.on", drs},
                  {"machines.died", 3},
                  {"restarts", ha ? 3 : 0},
                  {"machines.count", 9},
                  {"machines.running", ha ? 9 : 6},
                  {"moves.done", drs ? 4 : 0},
                  {"window.begin.imbalance.mean", 0.4},
                  {"window.end.imbalance.mean", drs ? 0.1 : 0.4},
                  {"machines.downtime.longest", ha ? 40 : 20'000}};
  return many_hosts({{"ha", ha ? "on" : "off"}, {"drs", drs ? "on" : "off"}}, base, more);
}

Word square(const Metrics& both, const Metrics& neither = {}) {
  return judge_independence(std::vector{cell(true, true, both), cell(true, false), cell(false, true),
                                        cell(false, false, neither)})
      .word;
}

}  // namespace

// Catches a mechanism that needs the other, or does its work.
TEST_CASE("H17 wants four cells in which each does its own work") {
  CHECK(square({}) == Word::Holds);
  CHECK(square({{"restarts", 2}}) == Word::DoesNotHold);
  CHECK(square({{"machines.running", 8}}) == Word::DoesNotHold);
  CHECK(square({{"window.end.imbalance.mean", 0.39}}) == Word::DoesNotHold);
  CHECK(square({}, {{"moves.done", 1}, {"window.end.imbalance.mean", 0.1}}) == Word::DoesNotHold);
  CHECK(judge_independence(std::vector{cell(true, true), cell(true, false), cell(false, true)}).word ==
        Word::CannotBeTested);
  CHECK(judge_independence(std::vector{cell(true, true, {{"machines.died", 0}}), cell(true, false),
                                       cell(false, true), cell(false, false)})
            .word == Word::CannotBeTested);
}

namespace {

Measurement managed(bool away, const Metrics& more = {}) {
  return many_hosts({{"manager", away ? "away" : "there"}},
                    {{"window.outage.manager.away", away ? 1 : 0},
                     {"window.outage.machines.downtime", 120},
                     {"window.outage.machines.served", 1},
                     {"window.outage.restarts", 3},
                     {"machines.died", 3},
                     {"window.outage.moves.done", away ? 0 : 5},
                     {"window.outage.orders.manager.done", away ? 0 : 2},
                     {"window.outage.orders.manager.asked", 2},
                     {"window.outage.orders.host.done", 1},
                     {"window.outage.orders.host.asked", 1},
                     {"manager.is-machine", 0}},
                    more);
}

Word outage(const Metrics& more) {
  return judge_manager_outage(std::vector{managed(false), managed(true, more)}).word;
}

}  // namespace

// Catches machines that are down longer, get less, or are not started again.
TEST_CASE("H18 compares the window of the outage with the same window without") {
  CHECK(outage({}) == Word::Holds);
  CHECK(outage({{"window.outage.machines.downtime", 126}}) == Word::Holds);
  CHECK(outage({{"window.outage.machines.downtime", 127}}) == Word::DoesNotHold);
  // More were on the host that failed, and all of them are back as soon.
  CHECK(outage({{"machines.died", 4},
                {"window.outage.restarts", 4},
                {"window.outage.machines.downtime", 160}}) == Word::Holds);
  CHECK(outage({{"window.outage.machines.served", 0.96}}) == Word::Holds);
  CHECK(outage({{"window.outage.machines.served", 0.94}}) == Word::DoesNotHold);
  CHECK(outage({{"window.outage.machines.served", 1.1}}) == Word::Holds);  // more is not worse
  CHECK(outage({{"window.outage.restarts", 2}}) == Word::DoesNotHold);
  CHECK(judge_manager_outage(std::vector{managed(true)}).word == Word::CannotBeTested);
  const auto text = [](const Metrics& more) {
    return judge_manager_outage(std::vector{managed(false), managed(true, more)}).text;
  };
  CHECK(text({{"window.outage.machines.served", 0.9}})
            .starts_with("Machines run, but get 90.0 % of what they want and not 100.0 %: nobody moves them. "
                         "Meanwhile"));
  CHECK(text({{"window.outage.machines.downtime", 127}})
            .starts_with("Those that died are down longer. Meanwhile"));
  CHECK(text({{"window.outage.restarts", 2}})
            .starts_with("Fewer of those that died are started again. Meanwhile"));
  const Verdict verdict = judge_manager_outage(std::vector{managed(false), managed(true)});
  CHECK(has(verdict.text,
            "3 machines are started again (3 with a manager) and 0 moved (5); 0 of 2 orders to the manager "
            "and 1 of 1 to hosts"));
}

namespace {

Measurement storing(bool pool, const char* fault, const Metrics& more = {}) {
  return many_hosts({{"storage", pool ? "pool" : "array"}, {"fault", fault}},
                    {{"disks.pooled", pool ? 6 : 0},
                     {"disks.local", 0},
                     {"machines.count", 6},
                     {"machines.running", 6},
                     {"moves.done", 1},
                     {"moves.disks", 0},
                     {"data.lost", 0},
                     {"machines.downtime.longest", 0},
                     {"window.calm.disks.response", pool ? 2 : 1},
                     {"window.calm.machines.request.cycles", pool ? 120'000 : 100'000},
                     {"window.calm.machines.requests", 1000},
                     {"window.end.hosts.on.mean", 3}},
                    more);
}

}  // namespace

// Catches a pool that loses machines or data with the array's left alone, and disks that were copied.
TEST_CASE("H19 wants of the pool what the array does under the same fault") {
  const auto word = [](const Metrics& pool, const Metrics& array = {}) {
    return judge_pooled_storage(std::vector{storing(true, "node", pool), storing(false, "node", array)}).word;
  };
  CHECK(word({}) == Word::Holds);
  CHECK(word({{"machines.running", 5}}) == Word::DoesNotHold);
  CHECK(word({{"machines.running", 5}}, {{"machines.running", 5}}) == Word::Holds);
  CHECK(word({{"data.lost", 1}}) == Word::DoesNotHold);
  CHECK(word({{"moves.done", 0}}) == Word::DoesNotHold);
  CHECK(word({{"moves.disks", 1}}) == Word::DoesNotHold);
  CHECK(word({}, {{"moves.done", 0}}) == Word::CannotBeTested);
  CHECK(word({}, {{"disks.local", 6}}) == Word::CannotBeTested);  // no shared store to compare with
  CHECK(word({{"disks.pooled", 5}}) == Word::CannotBeTested);
  const Verdict verdict = judge_pooled_storage(
      std::vector{storing(true, "node"), storing(false, "node"),
                  storing(true, "two nodes", {{"machines.running", 0}}), storing(false, "two nodes")});
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(verdict.text.starts_with(
      "fault=node. Before anything breaks a request takes x2.00 of an array's time and x1.20"));
}

namespace {

Word evened(const Metrics& more) {
  return judge_storage_migration(std::vector{many_hosts({},
                                                        {{"window.before.disks.apart", 0.6},
                                                         {"window.after.disks.apart", 0.1},
                                                         {"window.before.disks.response", 20},
                                                         {"window.during.disks.response", 30},
                                                         {"window.after.disks.response", 8},
                                                         {"window.before.disks.served", 0.8},
                                                         {"window.during.disks.served", 0.7},
                                                         {"window.after.disks.served", 1},
                                                         {"moves.disks", 4},
                                                         {"machines.downtime", 0}},
                                                        more)})
      .word;
}

}  // namespace

// Catches disks that were even before, a move that only turns things round, and machines that stood still.
TEST_CASE("H20 wants half of the difference gone, and nobody worse off") {
  CHECK(evened({}) == Word::Holds);
  CHECK(evened({{"window.after.disks.apart", 0.3}}) == Word::Holds);
  CHECK(evened({{"window.after.disks.apart", 0.31}}) == Word::DoesNotHold);
  CHECK(evened({{"window.after.disks.response", 22}}) == Word::DoesNotHold);
  CHECK(evened({{"window.after.disks.served", 0.7}}) == Word::DoesNotHold);
  CHECK(evened({{"machines.downtime", 1}}) == Word::DoesNotHold);
  CHECK(evened({{"window.before.disks.apart", 0.09}}) == Word::CannotBeTested);
  CHECK(evened({{"moves.disks", 0}}) == Word::CannotBeTested);
}

namespace {

Measurement serviced(const char* way, double stopped, double moves, double longest) {
  return many_hosts({{"way", way}},
                    {{"hosts.serviced", 1},
                     {"machines.stopped-for-service", stopped},
                     {"moves.done", moves},
                     {"machines.downtime.longest", longest}},
                    {}, way);
}

}  // namespace

// Catches a way that stops its machines taken for one that moves them.
TEST_CASE("H24 of many hosts tells who has to stop while a host is serviced") {
  std::vector all = {serviced("kvm", 0, 3, 0.4), serviced("bare", 1, 0, 7300),
                     serviced("container", 3, 0, 0.3)};
  CHECK(judge_moves(all).word == Word::Holds);
  CHECK(has(judge_moves(all).text,
            "run under kvm (400 ms). Without a hypervisor they have to: bare (2.0 h) and container"));
  all.push_back(serviced("hosted", 3, 0, 30));
  CHECK(judge_moves(all).word == Word::HoldsIf);
  all.push_back(serviced("kvm", 1, 2, 30));  // once it did not go
  CHECK(judge_moves(all).word == Word::DoesNotHold);
  CHECK(judge_moves(std::vector{serviced("kvm", 0, 3, 0.4), serviced("container", 0, 3, 0.3)}).word ==
        Word::HoldsIf);
  CHECK(judge_moves(std::vector{serviced("kvm", 0, 3, 0.4)}).word == Word::CannotBeTested);
}
