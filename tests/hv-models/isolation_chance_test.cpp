// Attacks by chance, more of them than anybody wants to wait for each time.
#include "isolation_run.hpp"

using namespace hvlab::test;

// Would catch what isolation_test would, where nobody has thought of it.
TEST_CASE("what attackers do by chance stays in their machines") {
  for (unsigned seed = 10; seed < 18; ++seed) {
    const std::string number = std::to_string(seed);
    check_contained({{"chance", "tables", "chance", "io-apic", "messages"},
                     seed % 4 + 1,
                     seed % 3 + 1,
                     number.c_str(),
                     false});
  }
}
