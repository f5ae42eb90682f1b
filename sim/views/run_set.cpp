#include "sim/views/run_set.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>

#include "sim/base/user_error.hpp"
#include "sim/views/run_name.hpp"
#include "sim/views/sweep_curves.hpp"

namespace hvlab::views {

namespace {

using record::Record;
namespace fs = std::filesystem;

u64 size_of(const fs::path& file) {
  std::error_code ignored;
  const auto bytes = fs::file_size(file, ignored);
  return ignored ? 0 : bytes;
}

u64 number_behind(const std::string& line, const std::string& key) {
  const size_t at = line.find(" " + key + "=");
  u64 number = 0;
  if (at == std::string::npos) return 0;
  const char* begin = line.data() + at + key.size() + 2;
  std::from_chars(begin, line.data() + line.size(), number);
  return number;
}

// When the phase's line was begun, less what the phase says it took: its beginning to within what it takes to
// print.
std::optional<Picoseconds> phase_begin(const record::TraceReader& trace, const Alignment& alignment) {
  const std::string start = "HVLAB phase=" + alignment.what + " ";
  unsigned left = alignment.count;
  std::optional<Picoseconds> found;
  trace.each(0, kNever, [&](const Record& record) {
    if (record.kind != record::trace_kind::kMark) return true;
    const std::string line = trace.name(record::NameTable::Mark, record.a);
    // "HVLAB phase=...", behind "HVLAB instance=N " if there are several
    if (!line.starts_with("HVLAB ") || (line + " ").find(start) == std::string::npos || --left != 0)
      return true;
    const Picoseconds took = number_behind(line, "ns") * kNanosecond;
    found = record.b > took ? record.b - took : 0;
    return false;
  });
  return found;
}

std::optional<Picoseconds> mark_time(const record::TraceReader& trace, const Alignment& alignment) {
  unsigned left = alignment.count;
  std::optional<Picoseconds> found;
  trace.each(0, kNever, [&](const Record& record) {
    if (record.kind != record::trace_kind::kMark) return true;
    if (trace.name(record::NameTable::Mark, record.a).find(alignment.what) == std::string::npos) return true;
    if (--left != 0) return true;
    found = record.b;
    return false;
  });
  return found;
}

std::optional<Picoseconds> event_time(const record::TraceReader& trace, const Alignment& alignment) {
  unsigned left = alignment.count;
  std::optional<Picoseconds> found;
  std::optional<u64> kind;
  for (const auto& [key, entry] : trace.names(record::NameTable::Kind)) {
    if (entry.text == alignment.what) kind = key;
  }
  if (!kind) return std::nullopt;
  trace.each(0, kNever, [&](const Record& record) {
    if (record.kind != *kind || --left != 0) return true;
    found = record.time;
    return false;
  });
  return found;
}

struct AlignmentName {
  Alignment::At at;
  const char* text;
};
constexpr AlignmentName kAlignments[] = {
    {Alignment::At::Mark, "mark"}, {Alignment::At::Phase, "phase"}, {Alignment::At::Event, "event"}};

// A run that is a cell of the one above it, with what that one knows of it: its settings.
record::RunReader as_cell(record::RunReader run) {
  std::error_code error;
  const fs::path above = fs::canonical(run.path(), error).parent_path();
  if (above.empty() || !fs::exists(above / record::kRunFile, error)) return run;
  for (record::RunReader& cell : record::RunReader(above.string()).cells())
    if (fs::equivalent(cell.path(), run.path(), error)) return std::move(cell);
  return run;
}

}  // namespace

std::string to_text(const Alignment& alignment) {
  for (const AlignmentName& name : kAlignments) {
    if (name.at != alignment.at) continue;
    const std::string count = alignment.count == 1 ? "" : "#" + std::to_string(alignment.count);
    return std::string(name.text) + ":" + alignment.what + count;
  }
  return "start";
}

Alignment alignment_of(const std::string& text) {
  if (text == "start") return {};
  for (const AlignmentName& name : kAlignments) {
    const std::string prefix = std::string(name.text) + ":";
    if (!text.starts_with(prefix) || text.size() == prefix.size()) continue;
    Alignment alignment{.at = name.at, .what = text.substr(prefix.size()), .count = 1};
    const size_t hash = alignment.what.rfind('#');
    if (hash != std::string::npos) {
      const char* last = alignment.what.data() + alignment.what.size();
      unsigned count = 0;
      const auto [end, error] = std::from_chars(alignment.what.data() + hash + 1, last, count);
      if (error == std::errc() && end == last && count != 0) {
        alignment.count = count;
        alignment.what.resize(hash);
      }
    }
    return alignment;
  }
  throw UserError("alignment '" + text + "': give start, mark:TEXT, phase:NAME or event:KIND");
}

OpenRun::OpenRun(const std::string& name) : OpenRun(record::RunReader(name)) {}

OpenRun::OpenRun(record::RunReader reader)
    : reader_(std::move(reader)),
      name_(run_name(reader_)),
      argument_(reader_.settings().empty() ? reader_.title() : reader_.path().string()) {
  open_trace();
}

void OpenRun::changed() {
  static unsigned generations = 0;
  generation_ = ++generations;
  snapshot_.reset();
}

std::shared_ptr<const record::TraceReader> OpenRun::snapshot() const {
  if (trace_ && !snapshot_) snapshot_ = std::make_shared<const record::TraceReader>(*trace_);
  return snapshot_;
}

// True if the run is a cluster's.
bool OpenRun::open_cluster() {
  cluster_.reset();
  if (!reader_.has(record::kClusterFile)) return false;
  try {
    cluster_ = std::make_unique<record::ClusterReader>(reader_.path() / record::kClusterFile);
    if (!live()) problem_ = cluster_->problem();
  } catch (const UserError& error) {
    problem_ = error.what();
  }
  return true;
}

void OpenRun::open_trace() {
  changed();
  trace_.reset();
  has_tail_ = false;
  problem_.clear();
  trace_bytes_ = recorded_bytes();
  if (open_cluster()) return;
  requests_bytes_ = size_of(reader_.path() / record::kRequestsFile);
  try {
    trace_.emplace(reader_.trace());
    problem_ = trace_->problem();
    if (problem_.empty() && !trace_->complete() && !live()) problem_ = "its trace breaks off";
  } catch (const UserError& error) {
    problem_ = error.what();
  }
}

u64 OpenRun::recorded_bytes() const {
  return size_of(reader_.path() / record::kTraceFile) + size_of(reader_.path() / record::kClusterFile);
}

Picoseconds OpenRun::end() const {
  if (cluster_) return picoseconds_of(cluster_->end());
  return trace_ ? trace_->end() : 0;
}

Picoseconds picoseconds_of(record::ClusterTime time) {
  constexpr record::ClusterTime kMost =
      u64{9'200'000'000} * 1'000'000;  // what a PicosecondDelta has room for
  return std::min(time, kMost) * 1000;
}

bool OpenRun::refresh() {
  const u64 bytes = recorded_bytes();
  if (!live() && bytes == trace_bytes_) return false;
  const record::RunState before = reader_.state();
  reader_.refresh();
  const u64 requests = size_of(reader_.path() / record::kRequestsFile);
  const bool more_requests = std::exchange(requests_bytes_, requests) != requests;
  if (bytes == trace_bytes_ && reader_.state() == before) {
    if (more_requests) changed();
    return more_requests;
  }
  if (!live() || !trace_ || !problem_.empty() || bytes < trace_bytes_) {
    open_trace();
    return true;
  }
  trace_bytes_ = bytes;
  try {
    const bool more = trace_->extend();
    if (!more && !more_requests && !has_tail_) return false;
    has_tail_ = false;
    problem_ = trace_->problem();
    changed();
  } catch (const UserError&) {
    open_trace();  // it says what is wrong
  }
  return true;
}

bool OpenRun::set_tail(record::TraceTail tail) {
  if (!trace_ || !live() || !trace_->set_tail(std::move(tail))) return false;
  changed();
  has_tail_ = true;
  return true;
}

std::optional<Picoseconds> find_origin(const OpenRun& run, const Alignment& alignment) {
  if (alignment.at == Alignment::At::Start) return 0;
  if (run.trace() == nullptr) return std::nullopt;
  switch (alignment.at) {
    case Alignment::At::Mark: return mark_time(*run.trace(), alignment);
    case Alignment::At::Phase: return phase_begin(*run.trace(), alignment);
    case Alignment::At::Event: return event_time(*run.trace(), alignment);
    case Alignment::At::Start: break;
  }
  return 0;
}

namespace {

// How many letters all names begin with, up to a word's end.
size_t common_start(const std::vector<std::string>& names) {
  size_t common = names.front().size();
  for (const std::string& name : names) {
    const auto [here, there] = std::ranges::mismatch(names.front(), name);
    common = std::min(common, static_cast<size_t>(here - names.front().begin()));
  }
  const bool within = std::ranges::any_of(
      names, [&](const std::string& name) { return common < name.size() && name[common] != ' '; });
  return within ? names.front().rfind(' ', common) : common;
}

}  // namespace

std::vector<std::string> told_apart(std::vector<std::string> names) {
  constexpr size_t kLong = 24;
  const auto is_long = [](const std::string& name) { return name.size() > kLong; };
  std::vector<std::string> long_ones;
  std::ranges::copy_if(names, std::back_inserter(long_ones), is_long);
  if (long_ones.size() < 2) return names;
  const size_t common = common_start(long_ones);
  if (common == std::string::npos || common <= kLong) return names;
  for (std::string& name : names) {
    if (!is_long(name)) continue;
    // one that is nothing but the start keeps its last words
    const size_t from = common < name.size() ? common : name.find(' ', name.size() - kLong);
    if (from != std::string::npos) name = "…" + name.substr(from);
  }
  return names;
}

std::vector<std::string> RunSet::align(const Alignment& alignment) {
  std::vector<std::string> without;
  for (const auto& run : runs) {
    std::optional<Picoseconds> origin;
    try {
      origin = find_origin(*run, alignment);
    } catch (const UserError&) {
      origin.reset();  // a damaged block: the run says so where it is shown
    }
    if (!origin) without.push_back(run->name());
    run->set_origin(origin.value_or(0));
  }
  return without;
}

std::pair<PicosecondDelta, PicosecondDelta> RunSet::span() const {
  std::pair<PicosecondDelta, PicosecondDelta> span{0, 0};
  bool first = true;
  for (const auto& run : runs) {
    if (run->trace() == nullptr && run->cluster() == nullptr) continue;
    const PicosecondDelta begin = run->shared(0), end = run->shared(run->end());
    span.first = first ? begin : std::min(span.first, begin);
    span.second = first ? end : std::max(span.second, end);
    first = false;
  }
  return span;
}

namespace {

// Of a sweep's folder the runs of its first cells; else the name itself.
std::vector<std::string> with_sweeps(const std::vector<std::string>& names) {
  constexpr size_t kMostCells = 8;
  std::vector<std::string> all;
  std::error_code ignored;
  for (const std::string& name : names) {
    if (!is_sweep(name)) {
      all.push_back(name);
      continue;
    }
    for (size_t cell = 0; cell < kMostCells; ++cell) {
      const std::string run = cell_run(name, "runs/" + std::to_string(cell));
      if (fs::exists(run, ignored)) all.push_back(run);
    }
  }
  return all;
}

}  // namespace

RunSet open_runs(const std::vector<std::string>& names) {
  RunSet set;
  std::string problems;
  for (const std::string& name : with_sweeps(names)) {
    try {
      record::RunReader reader(name);
      if (!reader.has_cells()) {
        set.runs.push_back(std::make_unique<OpenRun>(as_cell(std::move(reader))));
        continue;
      }
      std::vector<record::RunReader> cells = reader.cells();
      if (cells.empty()) throw record::RunMissing("the run '" + name + "' has no cells yet");
      for (record::RunReader& cell : cells) set.runs.push_back(std::make_unique<OpenRun>(std::move(cell)));
    } catch (const UserError& error) {
      problems += (problems.empty() ? "" : "\n") + std::string(error.what());
    }
  }
  if (!problems.empty()) throw UserError(problems);
  std::vector<std::string> called;
  called.reserve(set.runs.size());
  for (const auto& run : set.runs) called.push_back(run->name());
  called = told_apart(std::move(called));
  for (size_t i = 0; i < called.size(); ++i) set.runs[i]->set_name(called[i]);
  return set;
}

}  // namespace hvlab::views
