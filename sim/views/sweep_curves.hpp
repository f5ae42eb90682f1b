// What `hvlab sweep --show DIR --json` says (schema hvlab.sweep/1), as curves and as sensitivities.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/base/types.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::views {

/// The folder of the sweep that a path is in or is: the nearest one with a sweep.sqlite; empty if there is
/// none.
std::filesystem::path sweep_folder_of(const std::filesystem::path& path);

/// Whether the folder is a sweep's own.
bool is_sweep(const std::filesystem::path& folder);

/// What a command line calls the run of a cell: `run` is relative to the sweep's folder, and may have the
/// scenario's name below.
std::string cell_run(const std::filesystem::path& folder, const std::string& run);

/// What can be chosen of a sweep.
struct SweepChoices {
  std::vector<std::string> axes;     // paths
  std::vector<std::string> shown;    // metrics that its tables show
  std::vector<std::string> metrics;  // all, alphabetically
  size_t unfinished = 0;             // cells without a result
};
/// These functions throw nlohmann::json::exception if `document` is no such document.
SweepChoices sweep_choices(const record::Json& document);

struct SweepPoint {
  double x = 0;       // the axis's value; its place among the values, from 0, if they are not all numbers
  std::string label;  // the value as it was given
  double y = 0;
  std::optional<u32> cell;  // nothing: a mean of several
  std::string run;          // the cell's run directory, relative to the sweep's folder; may be empty
};

struct SweepCurve {
  std::string name;  // values of the other axes, "model hosted"; empty without any
  std::vector<SweepPoint> points;
};

struct SweepCurves {
  std::string metric, unit, axis;
  bool numeric = true;              // x is to scale
  std::vector<std::string> labels;  // of x 0, 1, ... if it is not
  bool means = false;               // more combinations than kMostCurves: one curve of means
  std::vector<SweepCurve> curves;
};
inline constexpr size_t kMostCurves = 8;

/// The metric against the axis: a curve for each combination of the others that has a result.
SweepCurves sweep_curves(const record::Json& document, const std::string& metric, const std::string& axis);

/// How far one thing moves the metric, as shares of what it is otherwise.
struct Sensitivity {
  std::string path;
  bool assumed = false;  // a cost of the profile, moved by a quarter; else an axis, over all of its values
  double lower = 0, higher = 0;      // the smallest and the largest that it becomes: -0.1 is a tenth less
  std::string lower_at, higher_at;   // the values with which it does
  std::optional<double> elasticity;  // of an axis
};

/// Of all axes and assumed costs that move it at all, those that move it most first.
std::vector<Sensitivity> sensitivities(const record::Json& document, const std::string& metric);

}  // namespace hvlab::views
