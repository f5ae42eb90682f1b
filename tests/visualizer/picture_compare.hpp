// Pictures compared with those that were looked at and found good.
#pragma once

#include <string>

namespace hvlab::test {

/// What differs between the picture in file `made` and the golden one called `name`; empty if nothing that
/// shows. A pixel differs if a colour is more than 40 of 255 off; up to 0.3 % of all may, for edges of
/// letters that another version of the font's or the renderer's package draws a little differently. What
/// differs is left with a picture of the difference beside `made`. With HVLAB_BLESS=1 in the environment the
/// picture becomes the golden one.
std::string compare_with_golden(const std::string& made, const std::string& name);

}  // namespace hvlab::test
