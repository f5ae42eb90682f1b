// attack=NAME: attacks the hypervisor in that way and switches itself off; neighbour: computes and keeps its
// memory.
#include "hv-models/hostile/attacks.hpp"
#include "hv-models/hostile/attempt.hpp"
#include "hv-models/runtime/boot_information.hpp"
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
                               {"lost-tables", lost_tables},    {"deaf", deaf}};

void secondary_main() {
  for (;;) runtime::wait_for_interrupt();
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
  if (runtime::command_line_value("seed", seed, sizeof seed)) {
    u64 number = 0;
    for (const char* at = seed; *at != 0; ++at) number = number * 10 + static_cast<u64>(*at - '0');
    set_chance(number);
  }
  if (runtime::command_line_value("attack", name, sizeof name)) {
    runtime::start_other_processors(secondary_main);
    run_attack(name);
  } else {
    runtime::print("neighbour: %s\n", be_neighbour() ? "well" : "MEMORY CHANGED");
  }
  runtime::power_off();
}
