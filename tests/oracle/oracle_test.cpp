// Every user-mode instruction against the host's own processor. What it would catch: a wrong result, flag,
// fault or error code, a register or byte that must not change and does.
#include <catch2/catch.hpp>

#include "host.hpp"
#include "run.hpp"

using namespace hvlab;

TEST_CASE("Random instructions leave the state that the host's processor leaves") {
  const char* why = nullptr;
  if (!oracle::host_available(why)) {
    WARN("skipped: " << why);
    return;
  }
  oracle::Options options;
  options.cases = 300'000;
  const oracle::Report report = oracle::run(options);
  INFO(report.failures);
  for (const auto& name : report.absent) UNSCOPED_INFO("not on this host: " << name);
  CHECK(report.failed == 0);
  CHECK(report.lost == 0);
  CHECK(report.compared > options.cases * 99 / 100);
  // Each instruction that the generator knows has had its turn.
  for (const std::string& name : oracle::asked_mnemonics()) {
    INFO(name);
    CHECK(report.compared_by_mnemonic.count(name) == 1);
  }
}
