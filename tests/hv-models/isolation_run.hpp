// A guest that attacks its hypervisor and its neighbours (hv-models/hostile) harms itself alone: the others
// keep their memory and their share of the processors, the hypervisor goes on.
#pragma once

#include <catch2/catch.hpp>

#include "kernel_run.hpp"

namespace hvlab::test {

struct Attackers {
  std::vector<const char*> attacks;
  unsigned cores;
  unsigned vcpus;
  const char* seed;
};

/// Code by chance may harm the attacker itself so that it goes on for ever. All else ends.
inline bool has_to_end(const std::string& attack) { return attack != "chance"; }

// Every second attacker has its page tables shadowed. The last machine is the neighbour.
inline std::string command_line(const Attackers& who) {
  std::string machines = "exit=debug", lines;
  unsigned number = 0;
  for (const char* attack : who.attacks) {
    ++number;
    machines += " vm" + std::to_string(number) + "=memory:24,vcpus:" + std::to_string(who.vcpus) +
                ",paging:" + ((number + who.cores) % 2 == 0 ? "shadow" : "nested");
    lines += std::string(" -- attack=") + attack + " seed=" + who.seed;
  }
  const std::string paging = who.cores % 2 == 0 ? "shadow" : "nested";
  return machines + " vm" + std::to_string(number + 1) + "=memory:24,paging:" + paging + lines +
         " -- neighbour";
}

// All of them have a simulated second.
inline void check_contained(const Attackers& who) {
  const std::string line = command_line(who);
  const KernelRun run =
      run_image(HVLAB_MONOLITHIC, HVLAB_HOSTILE, who.cores, line, {"--module", HVLAB_PROGRAMS}, "1s");
  CAPTURE(line, run.console, run.errors);
  const unsigned machines = static_cast<unsigned>(who.attacks.size()) + 1;
  CHECK(run.says("vm" + std::to_string(machines) + ": neighbour: well"));
  CHECK(run.console.find("SECRET") == std::string::npos);
  CHECK(run.console.find("is NOT undefined") == std::string::npos);
  CHECK(run.console.find("PANIC: ") == std::string::npos);
  for (unsigned i = 1; i < machines; ++i) {
    if (!has_to_end(who.attacks[i - 1])) continue;
    CAPTURE(i);
    CHECK(run.console.find("HVLAB vm " + std::to_string(i) + " end") != std::string::npos);
  }
  // A turn is 10 ms, each virtual processor has one, and the hypervisor prints meanwhile: about 5 ms a line.
  const std::string before = ": neighbour: at most ";
  const size_t at = run.console.find(before);
  REQUIRE(at != std::string::npos);
  const long most =
      10'000L * static_cast<long>(who.attacks.size() * who.vcpus) + 5'000L * static_cast<long>(4 * machines);
  CHECK(std::stol(run.console.substr(at + before.size())) < most);
}

}  // namespace hvlab::test
