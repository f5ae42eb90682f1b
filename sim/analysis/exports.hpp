// A trace in the formats of other tools.
#pragma once

#include <ostream>
#include <string>

#include "sim/record/record_text.hpp"
#include "sim/record/trace_reader.hpp"

namespace hvlab::analysis {

/// Records as "time_ps,core,lane,kind,a,b,rip"; of states `a` is the state's name.
void export_csv(const record::TraceReader& trace, const record::RecordFilter& filter, std::ostream& out);

/// Tables lanes, kinds, states (lane, state, begin_ps, end_ps), exits, marks and records in a new SQLite
/// file. Throws UserError if it cannot be written.
void export_sqlite(const record::TraceReader& trace, const record::RecordFilter& filter,
                   const std::string& file);

/// Track events for Perfetto's trace processor and viewer (sim/analysis/perfetto.proto): a track for each
/// processor, virtual processor and device, states as slices, everything else as instants.
void export_perfetto(const record::TraceReader& trace, const record::RecordFilter& filter, std::ostream& out);

}  // namespace hvlab::analysis
