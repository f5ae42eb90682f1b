// Attacks of every kind on the monolithic hypervisor.
#include "isolation_run.hpp"

using namespace hvlab::test;

// Would catch: an address, a port, a register or an instruction of a guest that reaches anything but its own;
// a message or a table entry that the hypervisor believes unchecked; work for a guest that never ends.
TEST_CASE("what an attacker does to memory, registers, ports and interrupts stays in its machine") {
  check_contained({{"memory", "tables", "strings", "registers", "ports"}, 1, 1, "1"});
  check_contained({{"memory", "tables", "chance", "calls", "instructions"}, 2, 1, "2"});
  check_contained({{"messages", "timer", "io-apic", "triple-fault", "lost-tables"}, 2, 2, "3"});
  check_contained({{"messages", "timer", "io-apic", "triple-fault", "lost-tables"}, 1, 1, "4"});
}
