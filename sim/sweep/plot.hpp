// Plots of a sweep, drawn by gnuplot: each metric against each axis.
#pragma once

#include <string>
#include <vector>

#include "sim/sweep/sensitivity.hpp"

namespace hvlab::sweep {

/// One line of a plot: a point for each value of the axis that has a result.
struct Series {
  std::string name;  // the values of the other axes, "" if there are none
  std::vector<std::pair<std::string, double>> points;
};

struct Plot {
  std::string metric, unit, path;
  std::vector<Series> series;
};

/// A plot for each metric and axis: a line for each combination of the other axes, or, with more than
/// kMostSeries of them, one line of means.
std::vector<Plot> plots_of(const Question& question, const Results& results);
inline constexpr size_t kMostSeries = 8;

/// A gnuplot program, data included, that writes the plot as SVG to `file`. Axes whose values are all numbers
/// are drawn to scale, others as names.
std::string gnuplot_program(const Plot& plot, const std::string& file);

/// Part of a file name for the plot: letters, digits, '.', '-' and '_' only.
std::string file_name(const Plot& plot);

/// All results, a line for each cell: id, kind, parameters, status, metrics. RFC 4180.
std::string csv_of(Store& store, const Question& question);

}  // namespace hvlab::sweep
