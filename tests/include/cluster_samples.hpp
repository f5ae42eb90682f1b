// A small cluster's trace, as tests and fuzz programs start from.
#pragma once

#include <string>

#include "sim/record/cluster_writer.hpp"

namespace hvlab::test {

inline constexpr u64 kSecond = 1'000'000'000;

inline record::ClusterFacts cluster_facts(u32 hosts, u32 machines) {
  record::ClusterFacts facts;
  for (u32 i = 0; i < hosts; ++i)
    facts.hosts.push_back({"host-" + std::to_string(i + 1), 8, 2000, 32 << 10, 2, 10'000, 60'000, 210'000});
  for (u32 i = 0; i < machines; ++i)
    facts.machines.push_back({"vm-" + std::to_string(i + 1), "kvm", "medium", 2, 4096, 40, 0});
  facts.stores = {{"san", "fibre-channel", record::kNobody, 12, 10'000, 800}};
  facts.events = {{"power-on", ""}, {"moved", "ns"}};
  facts.reasons = {"order", "balance"};
  facts.rules = {"", "apart"};
  facts.refusals = {"done", "the host is not on"};
  facts.assumed = {{"switch-over", "assumed: 100 ms"}};
  facts.policy.name = "vmotion";
  facts.ha = true;
  facts.load_step = 60 * kSecond;
  facts.until = 3600 * kSecond;
  return facts;
}

inline record::ClusterMove cluster_move(u64 number) {
  record::ClusterMove move;
  move.number = number;
  move.machine = 0;
  move.from = 0;
  move.to = 1;
  move.stage = static_cast<u64>(record::MoveStage::Done);
  move.reason = 1;
  move.imbalance_before = 300;
  move.imbalance_after = 120;
  move.benefit = 5000;
  move.cost = 700;
  move.asked = move.began = move.rounds_began = 300 * kSecond;
  move.stopped = 310 * kSecond;
  move.ended = 311 * kSecond;
  move.sent = u64{5} << 30;
  move.downtime = kSecond;
  move.rounds = {{8 * kSecond, u64{4} << 30, u64{1} << 30, 1000}, {2 * kSecond, u64{1} << 30, 1 << 20, 800}};
  return move;
}

/// `minutes` of machines whose demand goes up and down, all on hosts in turn; machine 0 moves from host 0 to
/// host 1 after 311 s; host 0 fails in the end.
inline void write_cluster(const std::string& path, u32 hosts, u32 machines, u32 minutes, bool finish = true) {
  record::ClusterWriter writer(path, cluster_facts(hosts, machines));
  for (u32 minute = 0; minute <= minutes; ++minute) {
    writer.at(minute * 60 * kSecond);
    for (u32 i = 0; i < machines; ++i) {
      record::MachineSample vm{i == 0 && minute > 5 ? 1 : i % hosts, 2, 0,
                               500 + (i * 37 + minute * 101) % 700, 0};
      vm.lacks = vm.wants > 1000 ? vm.wants - 1000 : 0;
      writer.machine(i, vm);
      if (minute == 0) writer.event({0, 0, i, vm.host});
    }
    for (u32 i = 0; i < hosts; ++i)
      writer.host(i, {minute == minutes && i == 0 ? 3u : 0u, 0, 0, i == 0 ? 1u : 0u, 4000 + minute % 10 * 500,
                      0, 0, 8192, 120'000});
    writer.store(0, {1, 0, 400, 100 + minute, 1000, 30, 5000});
    writer.manager({1, minute});
    if (minute == 5) {
      writer.at(311 * kSecond);
      writer.machine(0, {1, 2, 0, 900, 0});
      writer.event({311 * kSecond, 1, 0, 0, 1, record::kNobody, record::kNobody, 0, kSecond});
      writer.move(cluster_move(0));
    }
  }
  if (finish) {
    writer.finish(minutes * 60 * kSecond);
  } else {
    writer.flush();
  }
}

}  // namespace hvlab::test
