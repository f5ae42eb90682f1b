// Numbers as users write them, checked: what is not wholly a number within the range is refused with one
// clear line.
#pragma once

#include <string>

#include "sim/base/types.hpp"

namespace hvlab::lab {

// Each throws UserError "OPTION TEXT: give ..." (without the program's name).

/// A whole number from `least` to `most`, decimal or 0x hexadecimal.
u64 parse_count(const std::string& option, const std::string& text, u64 least, u64 most);

/// A size: a number and one of K, M, G (powers of 1024; also KiB, MiB, GiB); without a unit MiB.
u64 parse_size(const std::string& option, const std::string& text, u64 least, u64 most);

/// A span of simulated time above zero: a number, fractions allowed, and one of ps, ns, us, ms, s, min, h, d;
/// without a unit seconds.
Picoseconds parse_span(const std::string& option, const std::string& text);

/// A date of the Gregorian calendar, "2024-02-29", "2024-02-29T23:59:58" or seconds since 1970 as
/// "@1709251198", in UTC, from 1970 to 2099. Returns seconds since 1970.
i64 parse_date(const std::string& option, const std::string& text);

}  // namespace hvlab::lab
