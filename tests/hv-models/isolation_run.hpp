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

/// How a model is given attackers, and how long a neighbour may wait for a processor.
struct AttackedModel {
  const char* image;
  const char* kernel;  // and what else the loader is given
  std::vector<std::string> options;
  const char* words;      // at the command line's beginning
  const char* attacker;   // words of an attacker's machine
  bool shadow;            // every second attacker has its page tables shadowed
  long turn;              // microseconds that a neighbour waits for each virtual processor before it
  long printed = 20'000;  // and for each machine: four lines of the hypervisor's, about 5 ms each
};

inline const AttackedModel& attacked_monolithic() {
  // Turns are 10 ms.
  static const AttackedModel model = {
      HVLAB_MONOLITHIC, HVLAB_HOSTILE, {"--module", HVLAB_PROGRAMS}, "", "", true, 10'000};
  return model;
}

/// Code by chance may harm the attacker itself so that it goes on for ever. All else ends.
inline bool has_to_end(const std::string& attack) { return attack != "chance"; }

// The last machine is the neighbour.
inline std::string command_line(const Attackers& who, const AttackedModel& model) {
  std::string machines = std::string("exit=debug ") + model.words, lines;
  unsigned number = 0;
  const auto paging = [&](bool shadow) { return shadow && model.shadow ? ",paging:shadow" : ""; };
  for (const char* attack : who.attacks) {
    ++number;
    machines += " vm" + std::to_string(number) + "=memory:24,vcpus:" + std::to_string(who.vcpus) +
                model.attacker + paging((number + who.cores) % 2 == 0);
    lines += std::string(" -- attack=") + attack + " seed=" + who.seed;
  }
  return machines + " vm" + std::to_string(number + 1) + "=memory:24" + paging(who.cores % 2 == 0) + lines +
         " -- neighbour";
}

// All of them have a simulated second.
inline void check_contained(const Attackers& who, const AttackedModel& model = attacked_monolithic()) {
  const std::string line = command_line(who, model);
  const KernelRun run = run_image(model.image, model.kernel, who.cores, line, model.options, "1s");
  CAPTURE(line, run.console, run.errors);
  const unsigned machines = static_cast<unsigned>(who.attacks.size()) + 1;
  CHECK(run.says("vm" + std::to_string(machines) + ": neighbour: well"));
  CHECK(run.console.find("SECRET") == std::string::npos);
  CHECK(run.console.find("is NOT undefined") == std::string::npos);
  CHECK(run.console.find("PANIC: ") == std::string::npos);
  CHECK(run.console.find("HVLAB management end") == std::string::npos);
  for (unsigned i = 1; i < machines; ++i) {
    if (!has_to_end(who.attacks[i - 1])) continue;
    CAPTURE(i);
    CHECK(run.console.find("HVLAB vm " + std::to_string(i) + " end") != std::string::npos);
  }
  const std::string before = ": neighbour: at most ";
  const size_t at = run.console.find(before);
  REQUIRE(at != std::string::npos);
  const long most = model.turn * static_cast<long>(who.attacks.size() * who.vcpus) +
                    model.printed * static_cast<long>(machines);
  CHECK(std::stol(run.console.substr(at + before.size())) < most);
}

}  // namespace hvlab::test
