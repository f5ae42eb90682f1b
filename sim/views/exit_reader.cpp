#include "sim/views/exit_reader.hpp"

#include <fmt/format.h>

#include <utility>

#include "sim/arch/svm.hpp"
#include "sim/base/bits.hpp"
#include "sim/observe/event.hpp"

namespace hvlab::views {

using observe::EventKind;
using record::LaneType;
using record::Record;
using record::TraceReader;

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

namespace {

namespace svm = arch::svm;

std::string port_text(u64 info) {
  const bool input = (info & svm::ioio::kInput) != 0;
  std::string text =
      fmt::format("port {:x}h {}", bits(info, 31, svm::ioio::kPortShift), input ? "in" : "out");
  const u64 bytes = bits(info, svm::ioio::kSizeShift + 2, svm::ioio::kSizeShift);
  text += fmt::format(", {} {}", bytes, bytes == 1 ? "byte" : "bytes");
  if ((info & svm::ioio::kString) != 0)
    text += (info & svm::ioio::kRepeated) != 0 ? ", rep string" : ", string";
  return text;
}

std::string fault_text(u64 info1, u64 info2) {
  std::string text = fmt::format("guest-physical {:x}h, {}", info2,
                                 test_bit(info1, 4)   ? "fetch"
                                 : test_bit(info1, 1) ? "write"
                                                      : "read");
  text += test_bit(info1, 0) ? ", not allowed" : ", not mapped";
  if ((info1 & svm::npf::kTables) != 0) text += ", for a page table";
  return text;
}

}  // namespace

std::string qualification_text(const Exit& exit) {
  switch (static_cast<svm::Exit>(exit.reason)) {
    case svm::Exit::IoIo: return port_text(exit.info1);
    case svm::Exit::NestedPageFault: return fault_text(exit.info1, exit.info2);
    case svm::Exit::Msr: return (exit.info1 & 1) != 0 ? "write" : "read";
    default: break;
  }
  if (exit.info1 == 0 && exit.info2 == 0) return "";
  return fmt::format("{:x}h {:x}h", exit.info1, exit.info2);
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
