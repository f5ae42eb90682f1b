// The four parts of the view "exits".
#pragma once

#include "visualizer/exits_data.hpp"

namespace hvlab::visualizer {

/// The table: of one run all that is known, of several one number each. A click keeps to a row.
void draw_exit_table(Frame& frame, const std::vector<RunExits>& runs);
/// What one exit costs: a histogram with a logarithmic scale, one strip for each run. A click keeps to a bar.
void draw_exit_costs(Frame& frame, const std::vector<RunExits>& runs);
/// Where a run's cycles went. A click looks into a box.
void draw_exit_flame(Frame& frame, const RunExits& it);
/// Single exits. A click shows an exit's way.
void draw_exit_list(Frame& frame, const RunExits& it);

/// What a row is about, for people.
std::string row_text(const Frame& frame, const views::ExitRow& row);
std::string class_text(const Frame& frame, observe::ExitClass exit_class);

}  // namespace hvlab::visualizer
