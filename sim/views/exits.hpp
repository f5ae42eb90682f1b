// Exits of virtual machines in a span of a run: by machine, virtual processor, reason and class; single ones.
#pragma once

#include <string>
#include <vector>

#include "sim/views/cost_histogram.hpp"
#include "sim/views/exit_reader.hpp"

namespace hvlab::views {

/// Exits of one virtual processor for one reason and of one class, or of several summed up. Costs are cycles
/// from the exit until the guest ran again.
struct ExitRow {
  u16 lane = 0;
  unsigned vm = 0, vcpu = 0;  // 0 and the processor's number if the trace has no lane for it
  u64 reason = 0;
  std::string reason_name;  // of rows by class the class'
  observe::ExitClass exit_class = observe::ExitClass::Unknown;
  u64 count = 0;
  u64 handled = 0;  // after which the guest ran again: those that the costs are about
  u64 cycles = 0, least = 0, most = 0;
  CostHistogram costs;

  double mean() const {
    return handled == 0 ? 0 : static_cast<double>(cycles) / static_cast<double>(handled);
  }
  /// To within 3.2 %, never beyond `most`.
  u64 percentile(unsigned percent) const;
  void add(u64 cost);
  void merge(const ExitRow& other);
};

struct ExitSummary {
  Picoseconds from = 0, until = 0;
  u64 frequency_hz = 0;
  std::vector<ExitRow> rows;  // by lane, reason and class
  std::string problem;        // what of the trace could not be read
};

/// All exits in [from, until). Its memory depends on virtual processors, reasons and classes, not on exits.
ExitSummary sum_exits(const record::TraceReader& trace, Picoseconds from, Picoseconds until,
                      Progress* progress = nullptr);

/// How many, from the trace's own summary, at once: rows without costs, whose class is that of the reason
/// alone.
ExitSummary count_exits(const record::TraceReader& trace, Picoseconds from, Picoseconds until);

/// What the rows of a table stand for.
enum class ExitBy : u8 { Reason, Class, Machine, Vcpu, VcpuAndReason, Count };
const char* name(ExitBy by);

/// `rows` summed up; those with most cycles first, then those with most exits.
std::vector<ExitRow> grouped(const std::vector<ExitRow>& rows, ExitBy by);
/// All of them as one.
ExitRow total(const std::vector<ExitRow>& rows);

/// Which exits to list.
struct ExitFilter {
  std::optional<unsigned> vm, vcpu;
  std::optional<u64> reason;
  std::optional<observe::ExitClass> exit_class;
  u64 least = 0, most = ~u64{0};  // cycles; with a bound, those that have not ended do not count

  bool operator==(const ExitFilter&) const = default;
};
/// Rows as they are without its bounds of cycles.
std::vector<ExitRow> filtered(const std::vector<ExitRow>& rows, const ExitFilter& filter);

enum class ExitOrder : u8 { Time, Cost };  // the earliest, or the dearest first

struct ExitList {
  u64 matching = 0;         // all that fit
  std::vector<Exit> exits;  // of these those from `offset` on, at most `limit`
  std::string problem;
};
/// Of the exits in [from, until) that fit `filter`. Its memory depends on offset and limit.
ExitList list_exits(const record::TraceReader& trace, Picoseconds from, Picoseconds until,
                    const ExitFilter& filter, ExitOrder order, size_t offset, size_t limit,
                    Progress* progress = nullptr);

}  // namespace hvlab::views
