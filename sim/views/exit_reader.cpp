#include "sim/views/exit_reader.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/base/bits.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit.hpp"

namespace hvlab::views {

using observe::EventKind;
using record::LaneType;
using record::Record;
using record::TraceReader;

observe::ExitClass Exit::exit_class() const { return observe::exit_class(reason, info1, info2); }

u64 Exit::cycles(u64 frequency_hz) const { return entered ? scale(entry - time, frequency_hz, kSecond) : 0; }

bool is_entry(const Record& record, const TraceReader& trace) {
  if (record.kind != record::trace_kind::kState || record.a != static_cast<u64>(record::VcpuState::Running))
    return false;
  const auto lane = trace.lanes().find(record.lane);
  return lane != trace.lanes().end() && lane->second.type == LaneType::Vcpu;
}

std::optional<Exit> ExitReader::take(const Record& record, const TraceReader& trace) {
  if (record.kind == static_cast<u8>(EventKind::VmExit)) {
    const Exit exit{.time = record.time,
                    .lane = record.lane,
                    .core = record.core,
                    .reason = record.a,
                    .info1 = record.b,
                    .rip = record.rip};
    const auto [open, fresh] = open_.try_emplace(record.lane, exit);
    if (fresh) return std::nullopt;
    return std::exchange(open->second, exit);  // the trace lacks its entry
  }
  if (record.kind == static_cast<u8>(EventKind::VmExitDetail)) {
    if (const auto open = open_.find(record.lane); open != open_.end()) {
      open->second.info2 = record.a;
      open->second.guest_cycles = record.b;
    }
    return std::nullopt;
  }
  if (open_.empty() || !is_entry(record, trace)) return std::nullopt;
  const auto open = open_.find(record.lane);
  if (open == open_.end()) return std::nullopt;
  Exit exit = open->second;
  open_.erase(open);
  exit.entered = true;
  exit.entry = record.time;
  exit.entry_core = record.core;
  return exit;
}

std::optional<Exit> find_exit(const TraceReader& trace, u16 lane, Picoseconds time) {
  std::optional<Exit> found;
  each_exit(trace, time, time + 1, nullptr, [&](const Exit& exit) {
    if (exit.lane == lane) found = exit;
  });
  return found;
}

std::string qualification_text(const Exit& exit) {
  return observe::exit_text(exit.reason, exit.info1, exit.info2);
}

std::string guest_symbol(const TraceReader& trace, u64 address) {
  const auto& names = trace.names(record::NameTable::GuestSymbol);
  auto after = names.upper_bound(address);
  if (after == names.begin()) return "";
  const auto& [begin, entry] = *std::prev(after);
  if (entry.value != 0 && address - begin >= entry.value) return "";
  return entry.text + (address == begin ? "" : fmt::format("+{:x}h", address - begin));
}

}  // namespace hvlab::views
