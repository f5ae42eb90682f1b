// Many cases on both processors, and what came of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "case.hpp"

namespace hvlab::oracle {

struct Options {
  u64 seed = 1;
  u64 cases = 100'000;
  u64 only = ~u64{0};  // run just this case
  u64 failures_shown = 5;
  std::string mnemonic;  // only this one, if not empty
};

struct Report {
  u64 compared = 0, failed = 0, timed_out = 0, lost = 0;
  std::map<std::string, u64> compared_by_mnemonic, failed_by_mnemonic;
  std::vector<std::string> absent;  // features the host does not have
  std::string failures;             // the first ones, shrunk, for people
};

/// Runs cases number 0..cases-1 of `seed`. The host must be available.
Report run(const Options& options);

/// Mnemonics (64-bit and 32-bit code) that the generator makes cases of, on this host.
std::vector<std::string> asked_mnemonics();

}  // namespace hvlab::oracle
