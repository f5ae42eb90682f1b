// Looks for records in a trace: by the filter of `hvlab trace`, or by a text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/record/record_text.hpp"

namespace hvlab::views {

/// A filter as one types it: "kind=vm-exit lane=vm 1 vcpu 0", conditions as `hvlab trace --filter` has them
/// with blanks between (names may have blanks). Throws UserError.
record::RecordFilter filter_of(const std::string& text);

/// Records of one trace that are wanted, found without reading blocks in which the summary has none.
class RecordSearch {
 public:
  /// Those that `filter` lets through, states included if its kinds say so. Throws UserError for names that
  /// the trace does not know.
  RecordSearch(const record::TraceReader& trace, const record::RecordFilter& filter);
  /// Those that have `text` in their lane's name, kind, exit reason, state or console line, capitals or not;
  /// details and entries of exits only by their kind's name.
  RecordSearch(const record::TraceReader& trace, const std::string& text);

  /// The earliest of all; nothing if there is none.
  std::optional<record::Record> first() const;
  /// The earliest later than `time`; nothing if there is none.
  std::optional<record::Record> next(Picoseconds time) const;
  /// The latest earlier than `time`.
  std::optional<record::Record> previous(Picoseconds time) const;
  /// In the file's order, at most so many.
  std::vector<record::Record> all(size_t most) const;

  bool wants(const record::Record& record) const;

 private:
  std::optional<record::Record> earliest(Picoseconds from) const;
  void find_candidates();
  bool may_have(u16 lane, u16 what) const;
  bool worth_reading(size_t block) const;

  const record::TraceReader& trace_;
  std::optional<record::RecordChoice> choice_;
  std::optional<record::RecordChoice> broad_;  // `choice_` without what summaries do not know
  bool states_ = false;                        // states are wanted, too
  std::set<u64> lanes_, kinds_, reasons_, marks_;
  std::set<u64> exit_numbers_;  // of reasons, as summaries have them
  std::set<std::pair<record::LaneType, u64>> lane_states_;
  std::vector<bool> candidates_;  // by finest bucket
  unsigned shift_ = 0;
};

}  // namespace hvlab::views
