#include "sim/record/record_text.hpp"

#include <fmt/format.h>

#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/mark.hpp"

namespace hvlab::record {

using observe::EventKind;

namespace {

constexpr u8 kind(EventKind event) { return static_cast<u8>(event); }

std::set<std::string> split(const std::string& list) {
  std::set<std::string> parts;
  std::istringstream text(list);
  for (std::string part; std::getline(text, part, ',');) parts.insert(part);
  return parts;
}

// The keys of `names` in a table of names.
std::optional<std::set<u64>> keys(const std::map<u64, NameEntry>& table, const char* what,
                                  const std::set<std::string>& names) {
  if (names.empty()) return std::nullopt;
  std::set<u64> found;
  for (const std::string& name : names) {
    std::string known;
    bool is_known = false;
    for (const auto& [key, entry] : table) {
      if (entry.text == name) found.insert(key), is_known = true;
      known += (known.empty() ? "" : ", ") + entry.text;
    }
    if (!is_known)
      throw UserError(std::string("--filter ") + what + "=" + name + ": the trace has " +
                      (known.empty() ? "none" : "these: " + known));
  }
  return found;
}

}  // namespace

std::string seconds_text(Picoseconds time) {
  return fmt::format("{}.{:012}", time / kSecond, time % kSecond);
}

std::string call_text(const TraceReader& trace, const Record& r) {
  const auto lane = trace.lanes().find(r.lane);
  const bool thread = lane != trace.lanes().end() && lane->second.type == LaneType::Thread;
  return thread && r.b != 0 ? trace.name(NameTable::SystemCall, r.b - 1) : "";
}

std::string state_text(const TraceReader& trace, const Record& r) {
  const std::string state = trace.state_name(r.lane, r.a);
  const std::string call = call_text(trace, r);
  return call.empty() || r.a == static_cast<u64>(observe::ThreadState::Running) ? state
                                                                                : state + " in " + call;
}

std::string detail_text(const TraceReader& trace, const Record& r) {
  switch (r.kind) {
    case trace_kind::kState: return state_text(trace, r);
    case trace_kind::kMark: return trace.name(NameTable::Mark, r.a);
    case kind(EventKind::VmExit):
      return fmt::format("{}, info {:x}", trace.name(NameTable::ExitReason, r.a), r.b);
    case kind(EventKind::VmExitDetail): return fmt::format("info {:x}, {} cycles in the guest", r.a, r.b);
    case kind(EventKind::RequestStart):
      return fmt::format("number {}, {} bytes {}", r.a, r.b & ~(u64{1} << 63), r.b >> 63 != 0 ? "out" : "in");
    case kind(EventKind::Mark): return fmt::format("{}, {:x}", observe::name(observe::mark_kind(r.a)), r.b);
    case kind(EventKind::RequestDone): return fmt::format("number {}, {} bytes", r.a, r.b);
    default: return fmt::format("{:x}, {:x}", r.a, r.b);
  }
}

std::string symbol_text(const TraceReader& trace, const Record& r) {
  const auto lane = trace.lanes().find(r.lane);
  if (lane == trace.lanes().end() || lane->second.type != LaneType::Core) return "";
  const auto& symbols = trace.names(NameTable::Symbol);
  auto found = symbols.upper_bound(r.rip);
  if (r.rip >> 63 == 0 || found == symbols.begin()) return "";
  --found;
  return fmt::format("{}+0x{:x}", found->second.text, r.rip - found->first);
}

std::string record_text(const TraceReader& trace, const Record& r) {
  const auto lane = trace.lanes().find(r.lane);
  std::string text = fmt::format("{}  {}  {:<12}  {:<17} {}", seconds_text(r.time), r.core,
                                 lane == trace.lanes().end() ? "?" : lane->second.name,
                                 trace.name(NameTable::Kind, r.kind), detail_text(trace, r));
  if (r.rip != 0) text += fmt::format(", at {:x}", r.rip);
  if (const std::string symbol = symbol_text(trace, r); !symbol.empty()) text += " (" + symbol + ")";
  return text;
}

void RecordFilter::add(const std::string& condition) {
  const size_t equals = condition.find('=');
  const std::string key = condition.substr(0, equals);
  std::set<std::string> values =
      equals == std::string::npos ? std::set<std::string>() : split(condition.substr(equals + 1));
  if (key == "kind" && !values.empty()) return kinds.merge(values);
  if (key == "lane" && !values.empty()) return lanes.merge(values);
  if (key == "reason" && !values.empty()) return reasons.merge(values);
  if (key == "core" && !values.empty()) {
    for (const std::string& value : values) {
      if (value.empty() || value.size() > 3 || value.find_first_not_of("0123456789") != std::string::npos)
        throw UserError("--filter " + condition + ": give the numbers of processors");
      cores.insert(static_cast<unsigned>(std::stoul(value)));
    }
    return;
  }
  throw UserError("--filter " + condition +
                  ": give kind=, lane=, core= or reason= and names, with commas between");
}

RecordChoice::RecordChoice(const TraceReader& trace, const RecordFilter& filter)
    : kinds_(keys(trace.names(NameTable::Kind), "kind", filter.kinds)),
      lanes_(keys(trace.names(NameTable::Lane), "lane", filter.lanes)),
      reasons_(keys(trace.names(NameTable::ExitReason), "reason", filter.reasons)),
      cores_(filter.cores) {}

bool RecordChoice::operator()(const Record& r) const {
  if (kinds_ && !kinds_->contains(r.kind)) return false;
  if (lanes_ && !lanes_->contains(r.lane)) return false;
  if (!cores_.empty() && !cores_.contains(r.core)) return false;
  return !reasons_ || (r.kind == kind(EventKind::VmExit) && reasons_->contains(r.a));
}

}  // namespace hvlab::record
