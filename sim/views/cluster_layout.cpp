#include "sim/views/cluster_layout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hvlab::views {

namespace {

struct Grid {
  size_t columns = 1;
  float width = 0, height = 0;  // of a box
};

Grid grid_with(size_t columns, size_t count, const Box& area, float gap) {
  const auto rows = static_cast<float>((count + columns - 1) / columns);
  const auto across = static_cast<float>(columns);
  return {columns, (area.width() + gap) / across - gap, (area.height() + gap) / rows - gap};
}

// How far a box is from the wanted aspect, in either direction.
float strangeness(const Grid& grid, float aspect) {
  if (grid.width <= 0 || grid.height <= 0) return 1e9F;
  return std::abs(std::log(grid.width / grid.height / aspect));
}

}  // namespace

std::vector<Box> grid_of(size_t count, const Box& area, float gap, float aspect) {
  std::vector<Box> boxes;
  if (count == 0) return boxes;
  Grid best = grid_with(1, count, area, gap);
  for (size_t columns = 2; columns <= count; ++columns) {
    const Grid grid = grid_with(columns, count, area, gap);
    if (strangeness(grid, aspect) < strangeness(best, aspect)) best = grid;
  }
  boxes.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const float left = area.left + static_cast<float>(i % best.columns) * (best.width + gap);
    const float top = area.top + static_cast<float>(i / best.columns) * (best.height + gap);
    boxes.push_back({left, top, left + std::max(best.width, 0.0F), top + std::max(best.height, 0.0F)});
  }
  return boxes;
}

std::vector<Box> strips_of(std::span<const double> weights, double whole, const Box& area) {
  std::vector<Box> boxes;
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double all = std::max(sum, whole);
  const double room = double{area.width()} * area.height();
  if (all <= 0 || room <= 0)
    return std::vector<Box>(weights.size(), Box{area.left, area.top, area.left, area.top});
  const double scale = room / all;
  float top = area.top;
  // How square the boxes of a row of [from, to) would be: the mean of long side by short side.
  const auto worst = [&](size_t from, size_t to) {
    double row = 0, strange = 0;
    for (size_t i = from; i < to; ++i) row += weights[i] * scale;
    const double height = row / area.width();
    for (size_t i = from; i < to; ++i) {
      const double width = height <= 0 ? 0 : weights[i] * scale / height;
      strange += width <= 0 || height <= 0 ? 1 : std::max(width / height, height / width);
    }
    return strange / static_cast<double>(to - from);
  };
  for (size_t from = 0; from < weights.size();) {
    size_t to = from + 1;
    while (to < weights.size() && worst(from, to + 1) <= worst(from, to)) ++to;
    double row = 0;
    for (size_t i = from; i < to; ++i) row += weights[i] * scale;
    const auto height = static_cast<float>(row / area.width());
    float left = area.left;
    for (size_t i = from; i < to; ++i) {
      const float width = height <= 0 ? 0 : static_cast<float>(weights[i] * scale) / height;
      boxes.push_back({left, top, left + width, top + height});
      left += width;
    }
    top += height;
    from = to;
  }
  return boxes;
}

}  // namespace hvlab::views
