// Every user-mode instruction against the host's own processor. What it would catch: a wrong result, flag,
// fault or error code, a register or byte that must not change and does.
#include <catch2/catch.hpp>
#include <cstdio>

#include "host.hpp"
#include "run.hpp"
#include "sim/decode/form.hpp"

using namespace hvlab;
using oracle::Case;
using oracle::Options;
using oracle::Report;
using oracle::Result;
using oracle::Status;

namespace {

bool skipped() {
  const char* why = nullptr;
  if (oracle::host_available(why)) return false;
  WARN("skipped: " << why);
  return true;
}

Case case_of(std::initializer_list<u8> code) {
  Case c;
  std::copy(code.begin(), code.end(), c.code);
  c.length = static_cast<u8>(code.size());
  c.in.rip = oracle::kCode + 0x100;
  c.in.gpr[4] = oracle::kData + 0x800;
  return c;
}

}  // namespace

TEST_CASE("Random instructions leave the state that the host's processor leaves") {
  if (skipped()) return;
  Options options;
  options.cases = 300'000;
  const Report report = oracle::run(options);
  INFO(report.failures);
  for (const auto& name : report.absent) UNSCOPED_INFO("not on this host: " << name);
  CHECK(report.failed == 0);
  CHECK(report.lost == 0);
  CHECK(report.compared > options.cases * 98 / 100);
  // Each form that the generator knows has had its turn.
  CHECK(report.forms > 2000);
  for (const std::string& form : report.never_formed) FAIL_CHECK("never compared: " << form);
}

/// Would catch a comparison that looks at nothing, and a failure that no one can find again.
TEST_CASE("A wrong result is found, shrunk to one case, printed, and found again by its number") {
  if (skipped()) return;
  Options options;
  options.seed = 4;
  options.cases = 20'000;
  options.failures_shown = 1;
  options.spoil = [](const Case& c, Result& ours) {
    if (c.code_bytes == 8 && c.mnemonic == static_cast<u16>(decode::Mnemonic::ADC)) ours.out.rflags ^= 1;
  };
  const Report report = oracle::run(options);
  REQUIRE(report.failed > 0);
  CHECK(report.failed_by_mnemonic.size() == 1);
  CHECK(report.failures.find("shrunk to 64-bit code") != std::string::npos);
  CHECK(report.failures.find("adc ") != std::string::npos);
  CHECK(oracle::run(options).failures == report.failures);
  unsigned long number = 0;
  REQUIRE(std::sscanf(report.failures.c_str(), "case %lu of seed 4", &number) == 1);
  options.only = number;
  const Report again = oracle::run(options);
  CHECK(again.compared == 1);
  CHECK(again.failures == report.failures);
}

/// Would catch a runner that a case takes down with it.
TEST_CASE("Cases that do not end or that kill the host's child cost only themselves") {
  if (skipped()) return;
  oracle::Host host;
  const std::vector<u8> data(oracle::kDataBytes), constants(oracle::kPage);
  const std::vector<Case> cases{
      case_of({0x90}),
      case_of({0xEB, 0xFE}),                                // jmp to itself
      case_of({0x0F, 0x0B}),                                // ud2
      case_of({0xB8, 0xE7, 0x00, 0x00, 0x00, 0x0F, 0x05}),  // mov eax, exit_group; syscall
      case_of({0x48, 0xC7, 0xC0, 0x05, 0x00, 0x00, 0x00}),  // mov rax, 5
  };
  std::vector<Result> results(oracle::Host::kBatch);
  host.run(cases, data.data(), constants.data(), results);
  CHECK(results[0].status == Status::Done);
  CHECK(results[1].status == Status::TimedOut);
  CHECK(results[2].vector == 6);
  CHECK(results[3].status == Status::Lost);
  CHECK(results[4].status == Status::Done);
  CHECK(results[4].out.gpr[0] == 5);
  CHECK(host.lost() == 1);
}
