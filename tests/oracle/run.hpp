// Many cases on both processors, and what came of them.
#pragma once

#include <functional>
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
  /// Asked before each batch of cases with the number of those done; false ends the run.
  std::function<bool(u64)> go_on;
  /// For tests of the comparison itself: may spoil what our processor came to.
  std::function<void(const Case&, Result&)> spoil;
};

struct Report {
  u64 compared = 0, failed = 0, timed_out = 0, lost = 0, forms = 0;
  std::map<std::string, u64> compared_by_mnemonic, failed_by_mnemonic;
  std::vector<std::string> absent;        // features the host does not have
  std::vector<std::string> never_formed;  // forms of which no case was compared
  std::string failures;                   // the first ones, shrunk, for people
};

/// Runs cases number 0..cases-1 of `seed`. The host must be available.
Report run(const Options& options);

}  // namespace hvlab::oracle
