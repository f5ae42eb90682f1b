// How far the virtual processors of a machine are ahead of each other. Defined in docs/visualizer.md.
#pragma once

#include <vector>

#include "sim/views/lane_pictures.hpp"

namespace hvlab::views {

/// Of one machine of at least two virtual processors.
struct SkewCurve {
  unsigned machine = 0;    // 1 ..
  std::vector<u16> lanes;  // of its virtual processors, by number
  unsigned shift = 0;      // a step is 2^shift ps: the finest of the trace's summary
  /// By virtual processor, at the end of each step: how far it is ahead of the slowest of those that want to
  /// run; 0 for one that does not.
  std::vector<std::vector<Picoseconds>> lead;
  Picoseconds most = 0;  // of all
};

/// The curves of all machines with several virtual processors. Throws UserError if the summaries are damaged.
std::vector<SkewCurve> skew_curves(const record::TraceReader& trace);

/// Of each virtual processor of `curve` the most lead within each column.
std::vector<std::vector<Picoseconds>> skew_columns(const SkewCurve& curve, const Columns& columns);

/// Of each virtual processor its lead at `time`; 0 before and after the curve.
std::vector<Picoseconds> skew_at(const SkewCurve& curve, PicosecondDelta time);

}  // namespace hvlab::views
