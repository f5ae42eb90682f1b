// Simple instructions before the one under test, so that it meets the status flags as others leave them (each
// keeps them in its own lazy form), and that forms are mixed within one block.
#pragma once

#include "sim/decode/op.hpp"
#include "values.hpp"

namespace hvlab::oracle {

/// Puts one to four instructions before the one in `c`, which decodes to `op`. They leave no flag undefined
/// that later ones look at, access no memory, and keep the registers that `op` may use for addresses and
/// counts.
void lead_in(Random& random, const decode::Op& op, Case& c);

}  // namespace hvlab::oracle
