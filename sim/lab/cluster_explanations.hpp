// What the names that clusters use mean: profiles and policies, from their own files and tables.
#pragma once

#include "sim/lab/explain_data.hpp"

namespace hvlab::lab {

/// Of lists "overheads", "mixes", "overhead-figures", "powers", "timings" and "migrations"; none of others.
std::vector<Explanation> cluster_explanations(const std::string& list, const std::string& kind);

}  // namespace hvlab::lab
