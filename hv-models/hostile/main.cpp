// attack=NAME: attacks the hypervisor in that way and switches itself off; busy=MS: all its processors
// compute for so long; neighbour: computes and keeps its memory.
#include "hv-models/hostile/attacks.hpp"
#include "hv-models/hostile/attempt.hpp"
#include "hv-models/runtime/boot_information.hpp"
#include "hv-models/runtime/clock.hpp"
#include "hv-models/runtime/instructions.hpp"
#include "hv-models/runtime/memory.hpp"
#include "hv-models/runtime/power.hpp"
#include "hv-models/runtime/print.hpp"
#include "hv-models/runtime/processors.hpp"

namespace hvlab::hostile {
namespace {

struct Attack {
  const char* name;
  void (*run)();
};
constexpr Attack kAttacks[] = {{"memory", attack_memory},       {"tables", attack_tables},
                               {"strings", attack_strings},     {"messages", attack_messages},
                               {"timer", attack_timer},         {"io-apic", attack_io_apic},
                               {"registers", attack_registers}, {"ports", attack_ports},
                               {"calls", attack_calls},         {"instructions", attack_instructions},
                               {"chance", attack_chance},       {"triple-fault", triple_fault},
                               {"lost-tables", lost_tables},    {"deaf", deaf},
                               {"priority", check_priority}};

void secondary_main() {
  for (;;) runtime::wait_for_interrupt();
}

// Divisions: much time for few instructions, so that simulating it takes little.
void compute() {
  constexpr unsigned kDivisions = 20'000;
  for (unsigned i = 0; i < kDivisions; ++i) {
    u64 low = ~u64{0}, high = 1;
    asm volatile("divq %2" : "+a"(low), "+d"(high) : "r"(u64{3}));
  }
}

void compute_for_ever() {
  for (;;) compute();
}

void be_busy(u64 milliseconds) {
  runtime::start_other_processors(compute_for_ever);
  const auto end = runtime::clock::now() + milliseconds * 1'000'000;
  while (runtime::clock::now() < end) compute();
}

u64 number_in(const char* at) {
  u64 number = 0;
  for (; *at != 0; ++at) number = number * 10 + static_cast<u64>(*at - '0');
  return number;
}

void run_attack(const char* name) {
  for (const Attack& each : kAttacks) {
    if (strcmp(each.name, name) != 0) continue;
    catch_exceptions();
    each.run();
    runtime::print("hostile: %s done\n", name);
    return;
  }
  runtime::print("hostile: there is no attack '%s'\n", name);
}

}  // namespace
}  // namespace hvlab::hostile

void model_main() {
  using namespace hvlab;
  using namespace hvlab::hostile;
  runtime::set_up_memory();
  char name[32], seed[16];
  if (runtime::command_line_value("seed", seed, sizeof seed)) set_chance(number_in(seed));
  if (runtime::command_line_value("attack", name, sizeof name)) {
    runtime::start_other_processors(secondary_main);
    run_attack(name);
  } else if (runtime::command_line_value("busy", name, sizeof name)) {
    be_busy(number_in(name));
  } else {
    runtime::print("neighbour: %s\n", be_neighbour() ? "well" : "MEMORY CHANGED");
  }
  runtime::power_off();
}
