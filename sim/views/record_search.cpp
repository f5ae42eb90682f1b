#include "sim/views/record_search.hpp"

#include <algorithm>
#include <cctype>

#include "sim/observe/event.hpp"

namespace hvlab::views {

namespace {

using observe::EventKind;
using record::NameTable;
using record::Record;
using record::TraceReader;
namespace trace_kind = record::trace_kind;
namespace what = record::what;

constexpr const char* kKeys[] = {"kind=", "lane=", "core=", "reason="};

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::set<u64> keys_with(const TraceReader& trace, NameTable table, const std::string& text) {
  std::set<u64> keys;
  for (const auto& [key, entry] : trace.names(table))
    if (lowered(entry.text).find(text) != std::string::npos) keys.insert(key);
  return keys;
}

bool begins_condition(const std::string& text, size_t at) {
  if (at != 0 && text[at - 1] != ' ') return false;
  return std::ranges::any_of(
      kKeys, [&](const char* key) { return text.compare(at, std::string(key).size(), key) == 0; });
}

// Kinds that say no more than that something goes with an exit or a mark that is a record itself.
bool is_attendant(u8 kind) {
  return kind == static_cast<u8>(EventKind::VmEntry) || kind == static_cast<u8>(EventKind::VmExitDetail) ||
         kind == static_cast<u8>(EventKind::MarkDetail);
}

}  // namespace

record::RecordFilter filter_of(const std::string& text) {
  record::RecordFilter filter;
  size_t begin = text.find_first_not_of(' ');
  while (begin != std::string::npos) {
    size_t end = begin + 1;
    while (end < text.size() && !begins_condition(text, end)) ++end;
    std::string condition = text.substr(begin, end - begin);
    condition.erase(condition.find_last_not_of(' ') + 1);
    filter.add(condition);
    begin = end < text.size() ? end : std::string::npos;
  }
  return filter;
}

RecordSearch::RecordSearch(const TraceReader& trace, const record::RecordFilter& filter) : trace_(trace) {
  choice_.emplace(trace, filter);
  record::RecordFilter broad = filter;
  broad.cores.clear();  // what summaries do not know, or by number
  broad.reasons.clear();
  broad_.emplace(trace, broad);
  for (const auto& [code, entry] : trace.names(NameTable::ExitReason))
    if (filter.reasons.contains(entry.text)) exit_numbers_.insert(entry.value);
  states_ = filter.kinds.contains(trace.name(NameTable::Kind, trace_kind::kState));
  find_candidates();
}

RecordSearch::RecordSearch(const TraceReader& trace, const std::string& text) : trace_(trace), states_(true) {
  const std::string wanted = lowered(text);
  if (!wanted.empty()) {
    lanes_ = keys_with(trace, NameTable::Lane, wanted);
    kinds_ = keys_with(trace, NameTable::Kind, wanted);
    kinds_.erase(trace_kind::kHeld);
    reasons_ = keys_with(trace, NameTable::ExitReason, wanted);
    marks_ = keys_with(trace, NameTable::Mark, wanted);
    for (const u64 code : reasons_) exit_numbers_.insert(trace.names(NameTable::ExitReason).at(code).value);
    for (u8 type = 0; type < static_cast<u8>(record::LaneType::Count); ++type) {
      const auto lane_type = static_cast<record::LaneType>(type);
      for (const u64 state : keys_with(trace, record::states_of(lane_type), wanted))
        lane_states_.emplace(lane_type, state);
    }
  }
  find_candidates();
}

bool RecordSearch::wants(const Record& record) const {
  if (record.kind == trace_kind::kHeld) return false;
  if (choice_) return (states_ || record.kind != trace_kind::kState) && (*choice_)(record);
  if (kinds_.contains(record.kind)) return true;
  if (record.kind == trace_kind::kMark && marks_.contains(record.a)) return true;
  if (record.kind == static_cast<u8>(EventKind::VmExit) && reasons_.contains(record.a)) return true;
  if (record.kind == trace_kind::kState) {
    const auto lane = trace_.lanes().find(record.lane);
    if (lane != trace_.lanes().end() && lane_states_.contains({lane->second.type, record.a})) return true;
  }
  return lanes_.contains(record.lane) && !is_attendant(record.kind);
}

// Whether a summary's entry speaks of something that may be wanted. (Of a lane's state all buckets in which
// it holds.)
bool RecordSearch::may_have(u16 lane, u16 what) const {
  Record probe{.lane = lane};
  if (what >= what::kExits) {
    probe.kind = static_cast<u8>(EventKind::VmExit);
    return exit_numbers_.contains(what - u64{what::kExits}) && (!broad_ || (*broad_)(probe));
  }
  const bool state = what >= what::kTime;
  probe.kind = state ? trace_kind::kState : static_cast<u8>(what);
  probe.a = state ? what - u64{what::kTime} : 0;
  if (broad_) return exit_numbers_.empty() && (states_ || !state) && (*broad_)(probe);
  return wants(probe) || (probe.kind == trace_kind::kMark && !marks_.empty());
}

void RecordSearch::find_candidates() {
  const record::SummaryLevel& finest = trace_.levels().front();
  shift_ = finest.shift;
  for (const record::Entry& entry : finest.entries) {
    if (entry.bucket < candidates_.size() && candidates_[entry.bucket]) continue;
    if (!may_have(entry.lane, entry.what)) continue;
    if (entry.bucket >= candidates_.size()) candidates_.resize(size_t{entry.bucket} + 1);
    candidates_[entry.bucket] = true;
  }
}

bool RecordSearch::worth_reading(size_t block) const {
  const record::BlockHeader& header = trace_.chunks()[block].header;
  for (u64 bucket = header.earliest >> shift_;
       bucket <= header.latest >> shift_ && bucket < candidates_.size(); ++bucket)
    if (candidates_[bucket]) return true;
  return false;
}

std::optional<Record> RecordSearch::first() const { return earliest(0); }

std::optional<Record> RecordSearch::next(Picoseconds time) const {
  return time == kNever ? std::nullopt : earliest(time + 1);
}

std::optional<Record> RecordSearch::earliest(Picoseconds from) const {
  std::optional<Record> best;
  for (size_t i = 0; i < trace_.chunks().size(); ++i) {
    const record::BlockHeader& header = trace_.chunks()[i].header;
    if (header.latest < from || (best && header.earliest >= best->time) || !worth_reading(i)) continue;
    for (const Record& record : *trace_.kept(i))
      if (record.time >= from && (!best || record.time < best->time) && wants(record)) best = record;
  }
  return best;
}

std::optional<Record> RecordSearch::previous(Picoseconds time) const {
  std::optional<Record> best;
  for (size_t i = trace_.chunks().size(); i-- > 0;) {
    const record::BlockHeader& header = trace_.chunks()[i].header;
    if (header.earliest >= time || (best && header.latest <= best->time) || !worth_reading(i)) continue;
    for (const Record& record : *trace_.kept(i))
      if (record.time < time && (!best || record.time > best->time) && wants(record)) best = record;
  }
  return best;
}

std::vector<Record> RecordSearch::all(size_t most) const {
  std::vector<Record> found;
  for (size_t i = 0; i < trace_.chunks().size() && found.size() < most; ++i) {
    if (!worth_reading(i)) continue;
    for (const Record& record : trace_.read(i)) {
      if (found.size() < most && wants(record)) found.push_back(record);
    }
  }
  return found;
}

}  // namespace hvlab::views
