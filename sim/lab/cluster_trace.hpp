// `hvlab trace` of a cluster's run: its log, filtered.
#pragma once

#include <string>
#include <vector>

#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

bool has_cluster_log(const record::RunReader& run);

/// Throws UserError if `run` is one of a cluster, at which `command` cannot look; the line says what can.
void refuse_cluster(const std::string& command, const record::RunReader& run);

/// Prints lines from `from` until before `until`, at most `limit`, as text or as one JSON document.
/// Conditions are "what=NAME", "machine=NAME", "host=NAME", "datastore=NAME" or several with commas; a NAME
/// may end in
/// '*'. Throws UserError for another condition, and for an occurrence that there is not; a name that nothing
/// in the log has is noted on standard error.
void print_cluster_log(const record::RunReader& run, const std::vector<std::string>& conditions,
                       Picoseconds from, Picoseconds until, u64 limit, bool as_json);

}  // namespace hvlab::lab
