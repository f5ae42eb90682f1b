// Catches a profile of a way whose figures do not say where they come from; a mix that makes a machine pay
// for work that it does not do; a figure set by a scenario that is not used, or not told.
#include "sim/cluster/overhead.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

TEST_CASE("every profile can be read, and every figure is measured, sourced or assumed") {
  const std::vector<std::string> names = media::profile_names("overhead");
  REQUIRE(names.size() >= 4);
  for (const std::string& name : names) {
    const Overhead overhead = load_overhead(name);
    CAPTURE(name);
    CHECK(overhead.name == name);
    CHECK(overhead.figures.size() == 19);
    for (const media::Figure& figure : overhead.figures) CHECK(figure.source.size() > 6);
  }
}

TEST_CASE("every mix can be read, and is a whole") {
  const std::vector<std::string> names = media::profile_names("mix");
  REQUIRE(names.size() >= 5);
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(load_mix(name).name == name);  // which looks at the sum
  }
}

TEST_CASE("an origin is told from the source's first word") {
  CHECK(std::string("assumed") == origin_of({"x", 1, "assumed: as kvm"}));
  CHECK(std::string("measured") == origin_of({"x", 1, "measured: scenarios/claims/h3_instances.yaml"}));
  CHECK(std::string("sourced") == origin_of({"x", 1, "Firecracker SPECIFICATION.md"}));
  CHECK(std::string("set") == origin_of({"x", 1, kSetSource}));
}

TEST_CASE("a machine pays for the work that it does") {
  Overhead way = no_overhead();
  way.work[0] = 1010;  // cpu
  way.work[3] = 4000;  // syscall
  Mix computes, calls;
  computes.parts[0] = 1000;
  calls.parts[0] = 900;
  calls.parts[3] = 100;
  apply_mix(way, computes);
  CHECK(way.processor == 1010);
  apply_mix(way, calls);
  CHECK(way.processor == 1309);
}

TEST_CASE(
    "machines of one way that work at different things pay differently, and what is used is listed once") {
  Plan plan;
  plan.hosts.emplace_back().name = "server";
  plan.figures = {{"kvm.process_permille", 2000}, {"kvm.cpu_permille", 1000}};
  for (const char* mix : {"compute", "build-server", "compute"}) {
    MachinePlan machine;
    machine.name = std::string("vm-") + std::to_string(plan.machines.size());
    machine.way = "kvm";
    machine.mix = mix;
    plan.machines.push_back(machine);
  }
  const Simulation sim = simulation_of(plan);
  const auto processor = [&](size_t i) {
    return sim.cluster.overheads[sim.cluster.machines[i].overhead].processor;
  };
  CHECK(sim.cluster.overheads.size() == 2);
  CHECK(processor(1) > processor(0) + 100);
  CHECK(processor(2) == processor(0));
  const std::vector<UsedFigure> used = figures_of(plan);
  CHECK(used.size() == 19 + 2 * kWork.size());
  size_t set = 0;
  for (const UsedFigure& each : used) set += std::string("set") == origin_of(each.figure) ? 1 : 0;
  CHECK(set == 2);
}

TEST_CASE(
    "a figure that is set counts, up to the most that there can be, and a mix by its parts' proportion") {
  Overhead kvm = load_overhead("kvm");
  set_figures(kvm, {{"kvm.memory_mib", 100}, {"kvm.moves_while_running", 7}, {"hosted.memory_mib", 1}});
  CHECK(kvm.memory == 100);
  CHECK(kvm.migrates);
  Mix mix = load_mix("mixed");
  set_figures(mix, {{"mixed.process_permille", 1000}});
  kvm.work.fill(1000);
  kvm.work[5] = 2000;  // process
  apply_mix(kvm, mix);
  CHECK(kvm.processor == 1000 + 1000 * 1000 / 1875);
}

TEST_CASE("every figure can be named") {
  const std::vector<std::string> names = overhead_figures();
  CHECK(std::ranges::count(names, "kvm.disk_request_ns") == 1);
  CHECK(std::ranges::count(names, "web-server.network_permille") == 1);
}

}  // namespace hvlab::cluster
