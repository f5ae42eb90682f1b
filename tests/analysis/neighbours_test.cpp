// H12 follows what became of made-up applications beside made-up neighbours.
#include <catch2/catch.hpp>

#include "sim/analysis/verdict.hpp"

using namespace hvlab::analysis;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The application took so long; 0: it did not finish.
Measurement beside(const std::string& way, const std::string& kind, double seconds, std::uint64_t hash = 7) {
  Measurement m;
  m.way = way;
  m.instances = 2;
  m.each = {{"/bin/workload", seconds > 0, seconds, {{"cpu", hash}}},
            {"/bin/neighbour " + kind, false, 0, {}}};
  return m;
}

std::vector<Measurement> idle_in_all() {
  return {beside("apps", "idle", 1), beside("container", "idle", 1), beside("monolithic", "idle", 2)};
}

}  // namespace

// Catches an application that did not finish, or computed something else, taken for one that did.
TEST_CASE("H12 asks whether the application finishes with its results") {
  std::vector<Measurement> all = idle_in_all();
  for (const auto& [way, seconds] :
       {std::pair("apps", 0), std::pair("container", 1), std::pair("monolithic", 2)})
    all.push_back(beside(way, "memory 300", seconds));
  CHECK(judge_neighbours(all).word == Word::Holds);
  CHECK(has(judge_neighbours(all).text,
            "Beside one that takes all memory: apps does not finish, container x1.00 and monolithic x1.00."));
  CHECK(
      has(judge_neighbours(all).text, "A container is as good as a virtual machine if it takes all memory."));
  all[3] = beside("apps", "memory 300", 1, 8);
  CHECK(judge_neighbours(all).word == Word::Holds);
  all[3] = beside("apps", "memory 300", 1);
  CHECK(judge_neighbours(all).word == Word::DoesNotHold);
  all[5] = beside("monolithic", "memory 300", 0);
  CHECK(has(judge_neighbours(all).text, "The other way round if it takes all memory."));
}

// Catches times that are compared between architectures and not with an idle neighbour's, and neighbours that
// are thrown together.
TEST_CASE("H12 names the neighbours against which a system of its own helps") {
  std::vector<Measurement> all = idle_in_all();
  for (const auto& [way, noise, fault] :
       {std::tuple("apps", 1.9, 0), std::tuple("container", 1.9, 0), std::tuple("monolithic", 3.8, 2)}) {
    all.push_back(beside(way, "compute", noise));
    all.push_back(beside(way, "kernel", fault));
  }
  const Verdict verdict = judge_neighbours(all);
  CHECK(verdict.word == Word::HoldsIf);
  CHECK(has(verdict.text, "the neighbour brings its kernel down. It is all the same if it computes."));
  CHECK(has(verdict.text,
            "as good as a virtual machine if it computes. It is not if it brings its kernel down."));
  all[7].each[0].seconds = 2;  // the machine is not slowed down
  CHECK(judge_neighbours(all).word == Word::Holds);
  all[7].each[0].seconds = 3.2;  // by less than a quarter
  CHECK(judge_neighbours(all).word == Word::HoldsIf);
  all[8].each[0].done = false;
  CHECK(judge_neighbours(all).word == Word::DoesNotHold);
}

// Catches the best of several kinds of virtual machines taken for all, and runs that say nothing.
TEST_CASE("H12 counts the virtual machine in which the application fares worst") {
  std::vector<Measurement> all = idle_in_all();
  all.push_back(beside("hosted", "idle", 1));
  all.push_back(beside("apps", "memory", 0));
  all.push_back(beside("monolithic", "memory", 2));
  CHECK(judge_neighbours(all).word == Word::Holds);
  all.push_back(beside("hosted", "memory", 0));
  CHECK(judge_neighbours(all).word == Word::DoesNotHold);
  CHECK(judge_neighbours({all.data(), 4}).word == Word::CannotBeTested);
  CHECK(judge_neighbours({}).word == Word::CannotBeTested);
}
