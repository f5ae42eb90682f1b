// Results as JUnit XML, as continuous integration reads them.
#pragma once

#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::record {

struct JunitCase {
  std::string name;
  Picoseconds time = 0;   // simulated
  std::string failure;    // empty: it passed
  bool is_error = false;  // not what was expected is a failure; what could not be done is an error
};

/// One suite with these cases. Its times are simulated ones, so that equal runs give equal files.
std::string junit_xml(const std::string& suite, const std::vector<JunitCase>& cases);

}  // namespace hvlab::record
