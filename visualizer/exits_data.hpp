// What the view "exits" shows of each run, summed up in the background and kept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/views/exits.hpp"
#include "sim/views/flame.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

struct RunExits {
  const views::OpenRun* run = nullptr;
  size_t number = 0;                 // among all runs
  Picoseconds from = 0, until = 0;   // of the run's own time
  std::vector<views::ExitRow> all;   // by lane and reason; without costs as long as those are being read
  std::vector<views::ExitRow> rows;  // grouped as exits.by says, those that fit the filter
  bool costs = false;
  u64 version = 0;      // which generation() of the run the costs are of
  std::string why;      // there is nothing; a sentence
  std::string problem;  // what of the trace could not be read
  double loading = -1;  // how far it is; -1: nothing is being read
};

/// Those of the runs that are shown. Sets frame.loading while something is read.
std::vector<RunExits> exits_of(Frame& frame);

/// What is kept to, as the options say. `trace` tells the reason's code; a reason that it does not have fits
/// nothing.
views::ExitFilter filter_of(const Frame& frame, const record::TraceReader& trace);

/// The run whose flame and single exits are shown: exits.run, or the first one with exits; null if there is
/// none.
const RunExits* looked_into(const Frame& frame, const std::vector<RunExits>& runs);

/// Of one run, null while it is made.
const views::FlameNode* flame_of_run(Frame& frame, const RunExits& it);

inline constexpr size_t kListed = 100;  // single exits on a page
/// A page of them, null while it is made.
const views::ExitList* list_of_run(Frame& frame, const RunExits& it);

}  // namespace hvlab::visualizer
