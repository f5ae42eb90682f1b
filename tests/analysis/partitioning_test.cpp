// H5 follows the numbers: made-up phases in a partition and under a hypervisor lead to each word.
#include <catch2/catch.hpp>

#include "sim/analysis/verdict.hpp"

using namespace hvlab::analysis;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// One phase beside a neighbour with nothing to do: seconds, and shares of all processors' time.
Measurement half_used(const std::string& way, const std::string& phase, double seconds, double idle,
                      double layer) {
  Measurement m;
  m.way = way;
  m.processors = 4;
  m.instances = 2;
  const double all = 4 * seconds;
  m.phases.push_back({phase,
                      seconds,
                      {{"idle", all * idle},
                       {"hypervisor", all * layer / 2},
                       {"world-switch", all * layer / 2},
                       {"guest-user", all * (1 - idle - layer)}}});
  return m;
}

void add_phase(Measurement& to, const Measurement& from) { to.phases.push_back(from.phases.front()); }

}  // namespace

// Catches idle time that is taken for used, and capacity that nobody misses taken for stranded.
TEST_CASE("H5 holds if firmware takes nothing and what idles is missed") {
  const Measurement hypervisor = half_used("monolithic", "cpu", 1, 0, 0.1);
  const auto judge = [&](double seconds, double idle, double layer) {
    return judge_partitioning(std::vector{half_used("partition", "cpu", seconds, idle, layer), hypervisor});
  };
  CHECK(judge(2, 0.5, 0.004).word == Word::Holds);
  CHECK(has(judge(2, 0.5, 0.004).text,
            "in cpu the firmware's part of the processor time used is at most 0.8 %."));
  CHECK(has(judge(2, 0.5, 0.004).text, "with 4 processors (monolithic: 10.0 %)."));
  CHECK(has(judge(2, 0.5, 0.004).text, "stranded in cpu (x2.00, 50.0 % idle and not 0.0 %, 4 processors)."));
  CHECK(judge(2, 0.5, 0.006).word == Word::DoesNotHold);  // 1.2 % of what is used
  CHECK(judge(1.04, 0.5, 0).word == Word::DoesNotHold);   // nobody waits for it
  CHECK(judge(2, 0.04, 0).word == Word::DoesNotHold);     // nothing idles
  CHECK(has(judge(1, 0.5, 0).text, "No phase waits for processors that idle."));
}

// Catches a phase in which firmware takes time that is averaged away, and runs that do not say anything.
TEST_CASE("H5 names the phases in which firmware takes no time") {
  Measurement partition = half_used("partition", "cpu", 2, 0.5, 0),
              hypervisor = half_used("monolithic", "cpu", 1, 0, 0);
  add_phase(partition, half_used("partition", "pipe", 1, 0.5, 0.1));
  add_phase(hypervisor, half_used("monolithic", "pipe", 3, 0, 0.5));
  const std::vector<Measurement> all = {partition, hypervisor};
  CHECK(judge_partitioning(all).word == Word::HoldsIf);
  CHECK(has(judge_partitioning(all).text, "the work is cpu: in these"));
  CHECK(has(judge_partitioning(all).text, "It takes more in pipe (20.0 %, 4 processors)."));
  CHECK(judge_partitioning({all.data(), 1}).word == Word::CannotBeTested);
  partition.instances = hypervisor.instances = 1;
  CHECK(judge_partitioning(std::vector{partition, hypervisor}).word == Word::CannotBeTested);
}

// Catches a phase named as free of the firmware because it is so with one number of processors.
TEST_CASE("H5 asks of a phase that firmware takes no time with any number of processors") {
  std::vector<Measurement> all = {half_used("partition", "pipe", 1, 0.5, 0.1),
                                  half_used("monolithic", "pipe", 1, 0.5, 0.1)};
  add_phase(all[0], half_used("partition", "cpu", 2, 0.5, 0));
  add_phase(all[1], half_used("monolithic", "cpu", 1, 0, 0));
  all.push_back(half_used("partition", "pipe", 1, 0.5, 0));
  all.push_back(half_used("monolithic", "pipe", 1, 0.5, 0));
  all[2].processors = all[3].processors = 2;
  CHECK(has(judge_partitioning(all).text, "the work is cpu: in these"));
}
