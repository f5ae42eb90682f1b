#include "sim/lab/workload_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace hvlab::lab {

namespace {

/// The text of " KEY=" up to the next blank; nothing if there is none.
std::optional<std::string_view> field(std::string_view line, std::string_view key) {
  const std::string start = " " + std::string(key) + "=";
  const size_t at = line.find(start);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(at + start.size());
  return rest.substr(0, rest.find(' '));
}

std::optional<u64> number(std::string_view line, std::string_view key, int base) {
  const std::optional<std::string_view> text = field(line, key);
  u64 value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value, base);
  if (text->empty() || error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

void read_start(std::string_view line, WorkloadLog& log) {
  const auto size = field(line, "size");
  const auto processors = number(line, "processors", 10), at = number(line, "at", 10);
  if (!size || !processors || !at) return;
  std::vector<analysis::Move> moves = std::move(log.moves);  // also of before
  const bool again = log.again;
  log = WorkloadLog{};
  log.moves = std::move(moves);
  log.again = again;
  log.size = *size;
  log.processors = static_cast<unsigned>(*processors);
  log.start_nanoseconds = *at;
}

void read_result(std::string_view line, WorkloadLog& log) {
  if (line.starts_with("HVLAB start ")) return read_start(line, log);
  if (line.starts_with("HVLAB again=")) {
    log.again = true;
    return;
  }
  if (line == "HVLAB done") {
    log.done = true;
    return;
  }
  const auto phase = field(line, "phase");
  const auto hash = number(line, "hash", 16), nanoseconds = number(line, "ns", 10);
  if (phase && !phase->empty() && hash && nanoseconds)
    log.phases.push_back({std::string(*phase), *hash, *nanoseconds, number(line, "count", 10).value_or(0),
                          number(line, "bytes", 10).value_or(0)});
}

/// The number that a field begins with; its unit follows.
double quantity(std::string_view line, std::string_view key) {
  const std::string_view text = field(line, key).value_or("");
  u64 value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return static_cast<double>(value);
}

analysis::Move read_move(std::string_view line) {
  return {.completed = field(line, "status") == "completed",
          .seconds = quantity(line, "total") * 1e-3,
          .downtime = quantity(line, "downtime") * 1e-3,
          .bytes = quantity(line, "bytes") * 1024,
          .rounds = static_cast<unsigned>(quantity(line, "rounds"))};
}

constexpr u64 kMostInstances = 64;  // a damaged number must not ask for more logs than this

void read_line(std::string_view line, std::vector<WorkloadLog>& logs) {
  const size_t mark = line.find("HVLAB ");
  if (mark == std::string_view::npos) return;
  line.remove_prefix(mark);
  const bool moved = line.starts_with("HVLAB moved ");
  if (!moved && !line.starts_with("HVLAB instance=")) return read_result(line, logs.front());
  const std::optional<u64> instance = number(line, "instance", 10);
  if (!instance || *instance == 0 || *instance > kMostInstances) return;
  if (*instance > logs.size()) logs.resize(*instance);
  WorkloadLog& log = logs[*instance - 1];
  if (moved) {
    log.moves.push_back(read_move(line));
    return;
  }
  if (const auto memory = number(line, "memory", 10)) log.memory = *memory;
  if (const auto given = number(line, "given", 10)) log.given = *given;
  // What the instance itself printed follows.
  if (const size_t inner = line.find(" HVLAB "); inner != std::string_view::npos)
    read_result(line.substr(inner + 1), log);
}

/// Takes the next line off `text`.
std::string_view next_line(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

}  // namespace

std::vector<WorkloadLog> parse_workload_logs(std::string_view console) {
  std::vector<WorkloadLog> logs(1);
  while (!console.empty()) read_line(next_line(console), logs);
  return logs;
}

WorkloadLog parse_workload_log(std::string_view console) { return parse_workload_logs(console).front(); }

std::string compare_phases(const WorkloadLog& first, const WorkloadLog& log, Phases which) {
  for (const PhaseResult& phase : first.phases) {
    const auto found = std::ranges::find(log.phases, phase.name, &PhaseResult::name);
    if (found == log.phases.end() && which == Phases::Common) continue;
    if (found == log.phases.end()) return "phase " + phase.name + " is missing";
    if (found->hash != phase.hash)
      return fmt::format("phase {}: {:016x}, not {:016x}", phase.name, found->hash, phase.hash);
  }
  return first.phases.empty() && which == Phases::All ? "no phase ran" : "";
}

std::string last_lines(std::string_view text, size_t count) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (!line.empty()) lines.push_back(line);
  }
  std::string result;
  for (size_t i = lines.size() > count ? lines.size() - count : 0; i < lines.size(); ++i) {
    result += "\n  " + std::string(lines[i]);
  }
  return result;
}

}  // namespace hvlab::lab
