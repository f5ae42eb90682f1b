// Verdicts follow the numbers: made-up measurements lead to each word.
#include "sim/analysis/verdict.hpp"

#include <catch2/catch.hpp>

#include "sim/analysis/architectures.hpp"

using namespace hvlab::analysis;

namespace {

using Phases = std::vector<std::pair<std::string, double>>;

Measurement run(const std::string& way, const Phases& phases, unsigned processors = 1) {
  Measurement m;
  m.way = way;
  m.processors = processors;
  for (const auto& [name, seconds] : phases) m.phases.push_back({name, seconds, {}});
  return m;
}

Measurement several(const std::string& way, unsigned instances, double busy, double memory) {
  Measurement m;
  m.way = way;
  m.processors = 2;
  m.instances = instances;
  m.busy_seconds = busy;
  m.memory_each = memory;
  return m;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

// Catches a verdict that does not depend on the order of the ways' times.
TEST_CASE("H1 holds if every phase follows the order or ties") {
  const std::vector<Measurement> all = {
      run("bare", {{"cpu", 1}, {"disk", 1}}), run("container", {{"cpu", 1}, {"disk", 1.1}}),
      run("kvm", {{"cpu", 1}, {"disk", 2}}), run("hosted", {{"cpu", 1.01}, {"disk", 3}})};
  const Verdict verdict = judge_overhead(all);
  CHECK(verdict.word == Word::Holds);
  CHECK(has(verdict.text, "In this order: disk."));
  CHECK(has(verdict.text, "or more: cpu."));
  REQUIRE(verdict.figures.size() == 3);
  CHECK(verdict.figures[2].value == Approx(2.005));
}

// Catches a phase that speaks against the claim being passed over, and one that follows with some processors
// only.
TEST_CASE("H1 holds if the work is of the phases that follow the order") {
  const Phases bare = {{"syscall", 1}, {"disk", 1}, {"pipe", 1}};
  std::vector<Measurement> all;
  for (const unsigned count : {1u, 2u}) {
    all.push_back(run("bare", bare, count));
    all.push_back(run("container", {{"syscall", 1.3}, {"disk", 1}, {"pipe", 1.2}}, count));
    all.push_back(run("kvm", {{"syscall", 1}, {"disk", 2}, {"pipe", count == 2 ? 2.0 : 1.2}}, count));
    all.push_back(run("hosted", {{"syscall", 1}, {"disk", 3}, {"pipe", count == 2 ? 4.0 : 1.2}}, count));
  }
  const Verdict verdict = judge_overhead(all);
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(has(verdict.text, "the work is disk and pipe (with 2 processors)."));
  CHECK(has(verdict.text, "The other way round: syscall."));
}

TEST_CASE("H1 does not hold without a phase of its order") {
  const std::vector<Measurement> all = {run("bare", {{"cpu", 1}}), run("container", {{"cpu", 2}}),
                                        run("kvm", {{"cpu", 1.5}}), run("hosted", {{"cpu", 1.2}})};
  CHECK(judge_overhead(all).word == Word::DoesNotHold);
  CHECK(judge_overhead({all.data(), 3}).word == Word::CannotBeTested);
  CHECK(judge_overhead({}).word == Word::CannotBeTested);
}

// Catches a gap that is not I/O's being taken for it.
TEST_CASE("H2 follows the part of the gap that lies in phases with devices") {
  const Measurement kvm = run("kvm", {{"pipe", 1}, {"disk", 1}});
  const auto judge = [&](double pipe, double disk) {
    const std::vector<Measurement> all = {kvm, run("hosted", {{"pipe", pipe}, {"disk", disk}})};
    return judge_hosted_io(all);
  };
  CHECK(judge(1.1, 2).word == Word::Holds);
  CHECK(has(judge(1.1, 2).text, "1000.0 ms (91 %)"));
  CHECK(judge(3, 2).word == Word::DoesNotHold);
  CHECK(has(judge(3, 2).text, "most else is pipe (2000.0 ms)"));
  CHECK(judge(1, 1.01).word == Word::DoesNotHold);
  CHECK(has(judge(1, 1.01).text, "hosted is not slower"));
}

// Catches a gap of the devices that is not seen for all the arithmetic beside it.
TEST_CASE("H2 looks at the phases with devices alone, too") {
  const auto judge = [](double disk) {
    return judge_hosted_io(std::vector{run("monolithic", {{"cpu", 99}, {"disk", 1}}),
                                       run("hosted", {{"cpu", 99}, {"disk", disk}})});
  };
  CHECK(judge(1.04).word == Word::DoesNotHold);
  CHECK(judge(1.06).word == Word::Holds);
}

// Catches the medium's time being taken for the host's software.
TEST_CASE("H2 asks that software outside the guest takes the time") {
  Measurement kvm = run("kvm", {{"disk", 1}}), hosted = run("hosted", {{"disk", 2}});
  kvm.phases[0].ledger = {{"idle", 0.9}, {"hypervisor", 0.1}};
  hosted.phases[0].ledger = {{"idle", 1.8}, {"hypervisor", 0.1}, {"vmm-process", 0.1}};
  CHECK(judge_hosted_io(std::vector{kvm, hosted}).word == Word::DoesNotHold);
  hosted.phases[0].ledger = {{"idle", 0.9}, {"hypervisor", 0.5}, {"vmm-process", 0.6}};
  CHECK(judge_hosted_io(std::vector{kvm, hosted}).word == Word::Holds);
}

// Catches waiting for the medium that is told as the host's work.
TEST_CASE("H2 tells what a request takes longer") {
  Measurement kvm = run("kvm", {{"disk", 1}}), hosted = run("hosted", {{"disk", 2}});
  kvm.disk_write = {{"guest-kernel", 10e-6}, {"host-kernel", 20e-6}, {"medium", 100e-6}};
  hosted.disk_write = {
      {"guest-kernel", 30e-6}, {"host-kernel", 25e-6}, {"host-user", 60e-6}, {"medium", 101e-6}};
  const Verdict verdict = judge_hosted_io(std::vector{kvm, hosted});
  CHECK(has(verdict.text, "A write to the disk takes 86 µs longer, 65 µs of it in software of the host."));
}

// Catches numbers of processors that are thrown together.
TEST_CASE("H2 tells with how many processors it holds") {
  const std::vector<Measurement> all = {
      run("kvm", {{"pipe", 1}, {"disk", 1}}, 1), run("hosted", {{"pipe", 1}, {"disk", 2}}, 1),
      run("kvm", {{"pipe", 1}, {"disk", 1}}, 2), run("hosted", {{"pipe", 4}, {"disk", 2}}, 2)};
  const Verdict verdict = judge_hosted_io(all);
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(has(verdict.text, "compared are hosted to kvm, 1 processor."));
  CHECK(judge_hosted_io({all.data(), 1}).word == Word::CannotBeTested);
  CHECK(judge_hosted_io(std::vector{run("kvm", {{"cpu", 1}}), run("hosted", {{"cpu", 2}})}).word ==
        Word::CannotBeTested);
}

// Catches costs of one instance taken for costs of each further one.
TEST_CASE("H3 compares memory and the slope of processor time") {
  std::vector<Measurement> all = {several("container", 1, 5.0, 10), several("container", 3, 5.2, 10),
                                  several("kvm", 1, 1.0, 100),      several("kvm", 3, 3.0, 100),
                                  several("apps", 1, 1.0, 5),       several("apps", 3, 1.1, 5)};
  const Verdict verdict = judge_instance_cost(all);
  CHECK(verdict.word == Word::Holds);
  CHECK(has(verdict.text, "container 0.0 MiB and 100 ms and kvm 0.0 MiB and 1000 ms."));
  CHECK(has(verdict.text, "Plain processes, not isolated: apps 0.0 MiB and 50 ms."));
  all[1].busy_seconds = 9;
  CHECK(judge_instance_cost(all).word == Word::HoldsIf);
  all[1].memory_each = 1000;
  CHECK(judge_instance_cost(all).word == Word::DoesNotHold);
  CHECK(judge_instance_cost({all.data(), 3}).word == Word::CannotBeTested);
}

TEST_CASE("figures within five per cent are equal") {
  CHECK(compare(1.05, 1) == 0);
  CHECK(compare(1.06, 1) == 1);
  CHECK(compare(1, 1.06) == -1);
  CHECK(list({"a", "b", "c"}) == "a, b and c");
}

// Catches emulated devices compared with paravirtual ones, and a name of a way in the rule.
TEST_CASE("H1 and H2 compare teaching systems with the same devices") {
  std::vector<Measurement> all = {run("bare", {{"disk", 1}}),       run("container", {{"disk", 1.1}}),
                                  run("monolithic", {{"disk", 3}}), run("monolithic-pv", {{"disk", 1.2}}),
                                  run("hosted", {{"disk", 4}}),     run("hosted-pv", {{"disk", 1.5}})};
  CHECK(judge_overhead(all).word == Word::Holds);
  CHECK(judge_hosted_io(all).word == Word::Holds);
  all[5].phases[0].seconds = 1.21;  // a tie with monolithic-pv, far below monolithic
  CHECK(judge_overhead(all).word == Word::HoldsIf);
  CHECK(has(judge_overhead(all).text, "the work is disk (with emulated devices)."));
  CHECK(judge_hosted_io(all).word == Word::HoldsIf);
  CHECK(has(judge_hosted_io(all).text, "compared are hosted to monolithic, 1 processor."));
}

// Catches a partition that is passed over, and one in which the order is not looked at.
TEST_CASE("H1 asks that a partition costs least, if there is one") {
  std::vector<Measurement> all = {run("bare", {{"disk", 1}}), run("container", {{"disk", 1.2}}),
                                  run("monolithic", {{"disk", 3}}), run("hosted", {{"disk", 4}})};
  CHECK(has(judge_overhead(all).limits.back(), "partitions are not measured"));
  all.push_back(run("partition", {{"disk", 1.0}}));
  CHECK(judge_overhead(all).word == Word::Holds);
  CHECK(judge_overhead(all).limits.empty());
  all.back().phases[0].seconds = 1.3;
  CHECK(judge_overhead(all).word == Word::DoesNotHold);
}

TEST_CASE("H3 is judged of whatever makes virtual machines") {
  const std::vector<Measurement> all = {several("container", 1, 1, 10), several("container", 2, 1.5, 10),
                                        several("driver-domain", 1, 1, 60),
                                        several("driver-domain", 2, 2, 60)};
  CHECK(judge_instance_cost(all).word == Word::Holds);
  CHECK(judge_instance_cost({all.data(), 2}).word == Word::CannotBeTested);
}

namespace {

Measurement crowd(const std::string& way, unsigned instances, double seconds, double memory_each) {
  Measurement m = run(way, {{"cpu", seconds}}, 2);
  m.instances = instances;
  m.memory_each = memory_each;
  m.memory = 240;
  return m;
}

}  // namespace

// Catches a service level of each way's own, and memory that nobody looks at.
TEST_CASE("H4 counts instances until time or memory ends") {
  std::vector<Measurement> all = {crowd("container", 1, 1, 10),  crowd("container", 2, 1, 10),
                                  crowd("container", 4, 2, 10),  crowd("monolithic", 1, 1, 60),
                                  crowd("monolithic", 2, 1, 60), crowd("monolithic", 4, 2, 60)};
  // Both pass 1.5 at three instances, and 240 bytes hold four of 60: a tie.
  CHECK(judge_density(all).word == Word::DoesNotHold);
  CHECK(has(judge_density(all).text, "container 3.0 (by time) and monolithic 3.0 (by time)."));
  for (size_t i = 3; i < 6; ++i) all[i].memory_each = 120;
  CHECK(judge_density(all).word == Word::Holds);
  CHECK(has(judge_density(all).text, "monolithic 2.0 (then memory is used up)."));
  for (size_t i = 3; i < 6; ++i) all[i].memory_each = 60, all[i].phases[0].seconds *= 1.2;
  CHECK(judge_density(all).word == Word::Holds);  // 1.5 is now reached at 2.5
  CHECK(has(judge_density(all).text, "monolithic 2.5 (by time)."));
}

TEST_CASE("H4 tells of which ways it holds, and what was not reached") {
  const std::vector<Measurement> all = {crowd("container", 1, 1, 10),  crowd("container", 2, 1, 10),
                                        crowd("monolithic", 1, 1, 10), crowd("monolithic", 2, 1, 10),
                                        crowd("hosted", 1, 1.6, 10),   crowd("hosted", 2, 3, 10)};
  CHECK(judge_density(all).word == Word::HoldsIf);
  CHECK(has(judge_density(all).text, "compared with hosted. So many fit: container at least 2.0 (by time)"));
  CHECK(has(judge_density(all).text, "hosted 0.9 (by time)"));
  CHECK(judge_density({all.data(), 2}).word == Word::CannotBeTested);
}

// Catches what a translator costs being taken for what a hosted VMM does.
TEST_CASE("translation and a kernel that is a process are ranked with no architecture") {
  for (const char* way : {"qemu-tcg", "qemu-user", "uml"}) {
    CHECK(architecture(way) == nullptr);
    for (const Series& each : series())
      for (const char* member : {each.container, each.hypervisor, each.hosted, each.partition})
        CHECK(std::string(member) != way);
    const std::vector<Measurement> all = {run("kvm", {{"pipe", 1}, {"disk", 1}}),
                                          run(way, {{"pipe", 9}, {"disk", 9}})};
    CHECK(judge_hosted_io(all).word == Word::CannotBeTested);
    CHECK(judge_density(std::vector{crowd("container", 1, 1, 10), crowd("container", 2, 1, 10),
                                    crowd(way, 1, 9, 10), crowd(way, 2, 9, 10)})
              .word == Word::CannotBeTested);
  }
}
