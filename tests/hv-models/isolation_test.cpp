// Attacks of every kind on the monolithic hypervisor.
#include "isolation_run.hpp"

using namespace hvlab::test;

// Would catch: a task priority in CR8 that the model of the local APIC does not see, or that it does not
// show; interrupts that wait for the next exit once they are let in.
TEST_CASE("the task priority in CR8 is the local APIC's") {
  for (const char* paging : {"nested", "shadow"}) {
    const KernelRun run =
        run_image(HVLAB_MONOLITHIC, HVLAB_HOSTILE, 1,
                  std::string("exit=debug vm1=memory:24,paging:") + paging + " -- attack=priority",
                  {"--module", HVLAB_PROGRAMS}, "100ms");
    CAPTURE(paging, run.console, run.errors);
    CHECK(run.well());
    CHECK(run.says("hostile: priority done"));
    CHECK(run.console.find("NOT") == std::string::npos);
  }
}

// Would catch: an address, a port, a register or an instruction of a guest that reaches anything but its own;
// a message or a table entry that the hypervisor believes unchecked; work for a guest that never ends.
TEST_CASE("what an attacker does to memory, registers, ports and interrupts stays in its machine") {
  check_contained({{"memory", "tables", "strings", "registers", "ports"}, 1, 1, "1"});
  check_contained({{"memory", "tables", "chance", "calls", "instructions"}, 2, 1, "2"});
  check_contained({{"messages", "timer", "io-apic", "triple-fault", "lost-tables"}, 2, 2, "3"});
  check_contained({{"messages", "timer", "io-apic", "triple-fault", "lost-tables"}, 1, 1, "4"});
}
