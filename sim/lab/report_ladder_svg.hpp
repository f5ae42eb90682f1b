// Requests on their way through the layers, drawn below each other on one scale.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/report_input.hpp"
#include "sim/lab/report_svg.hpp"
#include "sim/views/ladder.hpp"

namespace hvlab::lab {

struct LadderWay {
  std::string title;
  views::Ladder ladder;
  u64 requests = 0;  // of which this is the median one
};

/// The picture of the ways' requests, in a frame that scrolls where the page is narrow.
std::string ladder_svg(const ReportInput& input, const std::vector<LadderWay>& ways, const std::string& title,
                       Inks& inks);

}  // namespace hvlab::lab
