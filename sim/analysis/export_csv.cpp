#include <fmt/format.h>

#include "sim/analysis/exports.hpp"

namespace hvlab::analysis {

using record::NameTable;
using record::Record;
using record::RecordChoice;
using record::RecordFilter;

void export_csv(const record::TraceReader& trace, const RecordFilter& filter, std::ostream& out) {
  const RecordChoice wanted(trace, filter);
  out << "time_ps,core,lane,kind,a,b,rip\n";
  trace.each(filter.from, filter.until, [&](const Record& r) {
    if (!wanted(r)) return true;
    const bool state = r.kind == record::trace_kind::kState;
    out << fmt::format("{},{},{},{},{},{},{}\n", r.time, r.core, trace.name(NameTable::Lane, r.lane),
                       trace.name(NameTable::Kind, r.kind),
                       state ? trace.state_name(r.lane, r.a) : std::to_string(r.a), r.b, r.rip);
    return out.good();
  });
}

}  // namespace hvlab::analysis
