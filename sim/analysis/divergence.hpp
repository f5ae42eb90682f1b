// Where two recordings part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/record/trace_reader.hpp"

namespace hvlab::analysis {

struct Divergence {
  u64 index = 0;                           // records before it are equal
  Picoseconds time = 0;                    // of the first one that differs, the earlier of the two
  std::vector<std::string> common;         // the last ones that are equal, in words
  std::vector<std::string> first, second;  // how each goes on; empty: it has ended
};

/// The first record in which the two differ, with `context` records before it and from it on. Nothing if they
/// are equal. Throws UserError if one is damaged.
std::optional<Divergence> first_divergence(const record::TraceReader& first,
                                           const record::TraceReader& second, unsigned context);

}  // namespace hvlab::analysis
