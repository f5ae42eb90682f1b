// The runs that are looked at, and the time that they share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/record/cluster_reader.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::views {

/// A difference of times, in picoseconds.
using PicosecondDelta = i64;

/// What is at time 0 of the shared cursor in each run.
struct Alignment {
  enum class At : u8 {
    Start,  // the machine's reset
    Mark,   // the `count`-th line on the console that contains `what`
    Phase,  // the beginning of the workload's phase `what`
    Event,  // the `count`-th record of kind `what` ("vm-exit", "request-start", ...)
  };
  At at = At::Start;
  std::string what;
  unsigned count = 1;  // 1: the first

  bool operator==(const Alignment&) const = default;
};

/// "start", "mark:TEXT", "phase:NAME", "event:KIND", the last three with "#COUNT" behind if it is not 1.
std::string to_text(const Alignment& alignment);
/// The reverse. Throws UserError.
Alignment alignment_of(const std::string& text);

/// A run that is open.
class OpenRun {
 public:
  /// Throws what RunReader's constructor does. A run without a trace, or with one that cannot be read, is
  /// open all the same: problem() says why.
  explicit OpenRun(const std::string& name);
  explicit OpenRun(record::RunReader reader);

  const record::RunReader& reader() const { return reader_; }
  /// What it is called in headings: a cell's own settings without their paths ("hosted, 1 processor"), else
  /// the run's name.
  const std::string& name() const { return name_; }
  void set_name(const std::string& name) { name_ = name; }
  /// What a command line calls it.
  const std::string& argument() const { return argument_; }

  /// Null if there is none.
  const record::TraceReader* trace() const { return trace_ ? &*trace_ : nullptr; }
  /// What a run of many hosts has instead; null if it is none. It remembers where it was looked at last.
  record::ClusterReader* cluster() const { return cluster_.get(); }
  /// When what was recorded ends, of a machine or of a cluster; 0 if nothing was.
  Picoseconds end() const;
  /// The trace as it is now, for work in other threads: each makes a copy of its own of it. One for each
  /// generation(). Null if there is none; throws UserError if it cannot be had.
  std::shared_ptr<const record::TraceReader> snapshot() const;
  /// Why there is no trace, or what is wrong with it; empty if it is whole.
  const std::string& problem() const { return problem_; }
  /// Whether its simulation is still going on.
  bool live() const { return reader_.state() == record::RunState::Running; }
  /// Of one that is live: nothing is shown of it beyond the last whole block of its trace's file, though
  /// there may be more.
  bool lacks_tail() const { return live() && !has_tail_; }

  /// Of a run that is live: reads anew what it has written since. True if there was something.
  bool refresh();
  /// Of a run that is live: shows what its trace's file does not have yet, until refresh() finds more there.
  /// False if the file is further, or not as far.
  bool set_tail(record::TraceTail tail);
  /// Grows each time something was read, and is no other run's: pictures may be kept by it.
  unsigned generation() const { return generation_; }

  /// The run's time at time 0 of the shared cursor.
  Picoseconds origin() const { return origin_; }
  void set_origin(Picoseconds origin) { origin_ = origin; }
  PicosecondDelta shared(Picoseconds time) const {
    return static_cast<PicosecondDelta>(time) - static_cast<PicosecondDelta>(origin_);
  }
  /// The run's own time; 0 for what is before it began.
  Picoseconds own(PicosecondDelta shared_time) const {
    const PicosecondDelta time = shared_time + static_cast<PicosecondDelta>(origin_);
    return time < 0 ? 0 : static_cast<Picoseconds>(time);
  }

 private:
  void open_trace();
  bool open_cluster();
  u64 recorded_bytes() const;
  void changed();

  record::RunReader reader_;
  std::string name_, argument_, problem_;
  std::optional<record::TraceReader> trace_;
  std::unique_ptr<record::ClusterReader> cluster_;
  Picoseconds origin_ = 0;
  unsigned generation_ = 0;
  u64 trace_bytes_ = 0, requests_bytes_ = 0;
  bool has_tail_ = false;
  mutable std::shared_ptr<const record::TraceReader> snapshot_;
};

/// A cluster's times are in nanoseconds. The shared cursor's end after 106 days: later times are shown as
/// that.
Picoseconds picoseconds_of(record::ClusterTime time);

/// Where `alignment` is in a run; nothing if the run has no such thing.
std::optional<Picoseconds> find_origin(const OpenRun& run, const Alignment& alignment);

struct RunSet {
  std::vector<std::unique_ptr<OpenRun>> runs;

  /// Sets each run's origin. Returns the names of the runs that have no such thing; they count from their
  /// start.
  std::vector<std::string> align(const Alignment& alignment);
  /// The shared time at which the first run begins and the last ends; 0, 0 without traces.
  std::pair<PicosecondDelta, PicosecondDelta> span() const;
};

/// Names without the words that all begin with, if those are long: "… & /bin/probe spin 600".
std::vector<std::string> told_apart(std::vector<std::string> names);

/// The runs that `names` name; those of several cells by all of their cells, a sweep's folder by its first.
/// Throws UserError with all that cannot be opened.
RunSet open_runs(const std::vector<std::string>& names);

}  // namespace hvlab::views
