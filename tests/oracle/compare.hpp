// Two results of one case, side by side.
#pragma once

#include <string>

#include "case.hpp"

namespace hvlab::oracle {

/// The differences that matter, one a line ("host ..., ours ..."); empty if the two agree. `data`: what the
/// data pages started as.
std::string differences(const Case& c, const Result& host, const Result& ours, const u8* data);

/// A case for people: bytes, disassembly, the registers that are not zero.
std::string describe(const Case& c);

}  // namespace hvlab::oracle
