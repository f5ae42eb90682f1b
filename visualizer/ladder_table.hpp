// The table below the ladders: hops with their percentiles over all requests, or what an exit's layers took.
#pragma once

#include "visualizer/ladder_data.hpp"

namespace hvlab::visualizer {

/// How high the table would be; `most` at most.
float table_height(const Frame& frame, const std::vector<RunLadder>& ladders, float most);

void draw_ladder_table(Frame& frame, const std::vector<RunLadder>& ladders, float height);

}  // namespace hvlab::visualizer
