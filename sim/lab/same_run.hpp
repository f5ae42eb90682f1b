// Whether a run is the one that a trace was made of: the events that every trace holds are compared one by
// one as they come.
#pragma once

#include <string>
#include <vector>

#include "sim/observe/event.hpp"
#include "sim/record/trace_reader.hpp"

namespace hvlab::lab {

class SameRun final : public observe::Observer {
 public:
  /// `trace` is of the run that was recorded.
  explicit SameRun(record::TraceReader trace) : trace_(std::move(trace)) { advance(); }

  void on_event(const observe::Event& event) override;

  /// Where it is another run, or why that cannot be said (a damaged trace), in one line; empty as far as it
  /// is the same.
  const std::string& difference() const { return difference_; }
  /// Says so too if the recorded run had something by `time` that this one has not had.
  void end(Picoseconds time);
  /// Events that were compared.
  u64 compared() const { return compared_; }

 private:
  void advance();
  void read_chunk();
  std::string told(Picoseconds time, u8 kind, u8 core, u64 a) const;

  record::TraceReader trace_;
  std::vector<record::Record> records_;
  size_t chunk_ = 0, at_ = 0;
  bool over_ = false;
  u64 compared_ = 0;
  std::string difference_;
};

}  // namespace hvlab::lab
