// What the layers of a run do in a span of time.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/record/trace_reader.hpp"
#include "sim/views/layers.hpp"

namespace hvlab::views {

/// Accounts of the ledger in [from, until), in seconds of all processors, in the ledger's order; those
/// without any are left out.
std::vector<std::pair<std::string, double>> ledger_between(const record::TraceReader& trace, Picoseconds from,
                                                           Picoseconds until);

/// Of one box of a picture.
struct BoxCounters {
  std::optional<double> share;     // of all processors' time, 0 .. 1; of a frame: of those of its virtual
                                   // processors' time in which they ran, as a share of the machine's
  std::optional<double> exits;     // a second; of a frame of a virtual machine
  std::string reason;              // the most frequent; empty: none, or not recorded
  std::optional<double> requests;  // begun by devices, a second; of the hardware
};

struct LayerCounters {
  std::vector<BoxCounters> boxes;  // in the picture's order
  double world_switch = 0;         // share of all processors' time
};

/// In [from, until), cut to the trace; no counters if nothing is left of it.
LayerCounters layer_counters(const LayerPicture& picture, const record::TraceReader& trace, Picoseconds from,
                             Picoseconds until);

/// The span of `width` around `at` that lies within the trace, as wide as it can be.
std::pair<Picoseconds, Picoseconds> window_around(const record::TraceReader& trace, Picoseconds at,
                                                  Picoseconds width);

/// How a number went over time: a value for each bucket of 2^shift ps from `first` on.
struct Series {
  Picoseconds first = 0;
  Picoseconds width = 1;         // of a bucket
  std::vector<double> exits;     // a second
  std::vector<double> requests;  // that devices ended, a second
  std::vector<double> latency;   // seconds that devices were busy for each; 0 where none ended
  std::vector<double> busy;      // share of the processors' time that was not idle
};
/// Of [from, until), of at most `most` (1 .. 8192) buckets.
Series series_between(const record::TraceReader& trace, Picoseconds from, Picoseconds until, u32 most);

}  // namespace hvlab::views
