// Attacks by chance, more of them than anybody wants to wait for each time.
#include "isolation_run.hpp"

using namespace hvlab::test;

// Would catch what isolation_test would, where nobody has thought of it.
TEST_CASE("what attackers do by chance stays in their machines") {
  for (unsigned seed = 10; seed < 18; ++seed) {
    const std::string number = std::to_string(seed);
    check_contained(
        {{"chance", "tables", "chance", "io-apic", "messages"}, seed % 4 + 1, seed % 3 + 1, number.c_str()});
  }
}

// Would catch: a message that the hypervisor delivers again and again, or to one that cannot take it; an
// attacker that is starved, or cannot go on though it has done nothing to itself.
TEST_CASE("messages by chance leave their sender where it was") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    for (const char* paging : {"nested", "shadow"}) {
      const KernelRun run =
          run_image(HVLAB_MONOLITHIC, HVLAB_HOSTILE, 1,
                    "vm1=memory:24,vcpus:" + std::to_string(seed % 2 + 1) + ",paging:" + paging +
                        " -- attack=messages seed=" + std::to_string(seed),
                    {"--module", HVLAB_PROGRAMS}, "300ms");
      CAPTURE(seed, paging, run.console, run.errors);
      CHECK(run.says("hostile: messages done"));
    }
  }
}
