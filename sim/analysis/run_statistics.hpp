// What one run measured, by whatever one asks: the tables of `hvlab stat`.
#pragma once

#include <string>
#include <vector>

#include "sim/analysis/table.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::analysis {

enum class StatBy : u8 { All, Vm, Vcpu, Reason, Class, Layer, Device };

/// The run's totals from its stats.json; by device also what its trace says of requests. Of a run of several
/// cells a line for each cell, or by anything but All the tables of each. Throws UserError if
/// the run has no statistics, or they are not what they should be.
std::vector<Table> run_statistics(const record::RunReader& run, StatBy by);

/// What `perf kvm stat` prints: exits by reason and class over all machines, most cycles first. `exits` as in
/// stats.json.
Table exits_by_reason(const Json& exits);
/// The same by class (observe::ExitClass): what runs on both vendors' processors have in common.
Table exits_by_class(const Json& exits);
/// The class of a row of `exits`; that of its reason where the run is too old to say it.
std::string class_of(const Json& exit);

/// The group of "io" of `operation` ("read", "write", "send", "round-trip", ...) of the innermost system: of
/// the last virtual machine's (the management VM's last of all), else of the machine's own. Of several sizes
/// the one that most system calls made or waited for, then the most frequent; of received frames those as
/// long as the frames sent. Null if there is none.
const Json* innermost_group(const Json& io, const std::string& operation);
/// The same in the "io" of stats.json.
const Json* innermost_requests(const Json& stats, const std::string& operation);

/// Cycles by account of the ledger, as in stats.json, with their share.
Table ledger_table(const Json& ledger);

}  // namespace hvlab::analysis
