// A user's mistake (command line, file, scenario): one clear line that says what, where and what to do.
// Thrown while a run is being set up, caught once by the command line; never by a guest's doing.
#pragma once

#include <stdexcept>

namespace hvlab {

struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace hvlab
