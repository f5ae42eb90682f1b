// Where hosts, and machines within a host, stand in a picture: pure geometry.
#pragma once

#include <span>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab::views {

struct Box {
  float left = 0, top = 0, right = 0, bottom = 0;
  float width() const { return right - left; }
  float height() const { return bottom - top; }
  bool has(float x, float y) const { return x >= left && x < right && y >= top && y < bottom; }
};

/// Boxes of one size for `count` hosts in `area`, row by row, `gap` between them, of an aspect (width to
/// height) as near to `aspect` as makes them largest.
std::vector<Box> grid_of(size_t count, const Box& area, float gap, float aspect);

/// Boxes in `area` for things of these weights, in their order, row by row; the area of all stands for
/// `whole` or their sum, whichever is more, so that what is left free shows at the end.
std::vector<Box> strips_of(std::span<const double> weights, double whole, const Box& area);

}  // namespace hvlab::views
