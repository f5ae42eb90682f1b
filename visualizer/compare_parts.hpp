// What the comparison is drawn of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/views/comparison.hpp"
#include "sim/views/layer_counters.hpp"
#include "sim/views/layers.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// What is kept of a run from frame to frame.
struct KeptRun {
  unsigned generation = 0;
  views::LayerPicture picture;
  std::pair<Picoseconds, Picoseconds> window{1, 0};  // what `counters` and `ledger` are of
  views::LayerCounters counters;
  std::vector<std::pair<std::string, double>> ledger;
  std::pair<Picoseconds, Picoseconds> series_span{1, 0};
  views::Series series;
};

/// A column as it is drawn.
struct Column {
  views::OpenRun* run = nullptr;
  unsigned number = 0;  // among all runs, for its colour
  const KeptRun* kept = nullptr;
  const views::CompareColumn* told = nullptr;  // null: the comparison does not have it, or not yet
  const views::CompareColumn* base = nullptr;  // what its ratios are to
  float left = 0, right = 0;                   // on the screen
};

/// All that the parts draw from.
struct Comparing {
  Frame& frame;
  std::vector<Column> columns;
  std::vector<views::CompareColumn> told{};  // of the document
  std::vector<views::ToldDifference> differences{};
  float left = 0;  // where rows have their names
};

/// Each draws from `top` down and returns where it ends.
float draw_heads(const Comparing& comparing, float top);
float draw_layers(const Comparing& comparing, float top);
float draw_ledgers(const Comparing& comparing, float top);
float draw_figures(const Comparing& comparing, float top);
float draw_series(const Comparing& comparing, float top);
void draw_differences(const Comparing& comparing);

/// For CSV.
std::vector<Table> compare_tables(const Comparing& comparing);

/// Draws it with its right end at `right`.
void draw_right(const std::string& text, float right, float y, ImU32 color);
/// The name of a row, at the left of all columns.
void row_name(const Comparing& comparing, const std::string& text, float y, const std::string& below = "");
/// "57%", "0.4%".
std::string show_share(double share);
/// "57 050", rounded.
std::string show_rounded(double value);
/// A figure in its unit.
std::string show_figure(views::Figure figure, double value);

}  // namespace hvlab::visualizer
