#include "sim/cluster/log_text.hpp"

#include <fmt/format.h>

#include <array>

#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

namespace {

enum class Other : u8 { None, Host, By, Datastore, Restart, Moves };
enum class Value : u8 { None, Bytes, Downtime, Why, Fault, Imbalance };

struct Row {
  What what;
  Other other = Other::None;
  Value value = Value::None;
};

// What `other` and `value` are; kinds of occurrences that are not listed have neither.
constexpr Row kRows[] = {{What::PowerOn, Other::Restart},
                         {What::Refused, Other::None, Value::Why},
                         {What::MoveBegan, Other::Host},
                         {What::Round, Other::Host, Value::Bytes},
                         {What::MoveStopped, Other::Host, Value::Bytes},
                         {What::Moved, Other::Host, Value::Downtime},
                         {What::DiskMoved, Other::Datastore},
                         {What::MoveFailed, Other::Host, Value::Why},
                         {What::Fault, Other::None, Value::Fault},
                         {What::Repair, Other::None, Value::Fault},
                         {What::DataLost, Other::Datastore},
                         {What::HaMonitors, Other::By},
                         {What::HaUnreachable, Other::By},
                         {What::HaDead, Other::By},
                         {What::HaLives, Other::By},
                         {What::HaBack, Other::By},
                         {What::Balanced, Other::Moves, Value::Imbalance}};

Row row_of(What what) {
  for (const Row& row : kRows)
    if (row.what == what) return row;
  return {what};
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

struct Names {
  std::vector<std::string> hosts, machines, datastores;
};

void add_name(std::string& line, const char* key, const std::vector<std::string>& names, Index place) {
  if (place < names.size()) line += fmt::format(", \"{}\": {}", key, quoted(names[place]));
}

void add_other(std::string& line, const Names& names, Other other, const Occurrence& occurrence) {
  switch (other) {
    case Other::None: return;
    case Other::Host: add_name(line, "to", names.hosts, occurrence.other); return;
    case Other::By: add_name(line, "by", names.hosts, occurrence.other); return;
    case Other::Datastore: add_name(line, "datastore", names.datastores, occurrence.other); return;
    case Other::Restart:
      if (occurrence.other == 1) line += ", \"restart\": true";
      return;
    case Other::Moves: line += fmt::format(", \"moves\": {}", occurrence.other); return;
  }
}

void add_value(std::string& line, Value value, u64 number) {
  switch (value) {
    case Value::None: return;
    case Value::Bytes: line += fmt::format(", \"bytes\": {}", number); return;
    case Value::Downtime: line += fmt::format(", \"downtime_ns\": {}", number); return;
    case Value::Why: line += fmt::format(", \"why\": \"{}\"", text(static_cast<Refusal>(number))); return;
    case Value::Fault: line += fmt::format(", \"of\": \"{}\"", name(static_cast<FaultKind>(number))); return;
    case Value::Imbalance: line += fmt::format(", \"imbalance_permille\": {}", number); return;
  }
}

// What a fault's subject is, is the kind's affair: a card, a switch and a datastore are no hosts.
bool has_host(const Occurrence& occurrence) {
  if (occurrence.what != What::Fault && occurrence.what != What::Repair) return true;
  const auto kind = static_cast<FaultKind>(occurrence.value);
  return kind == FaultKind::Host || kind == FaultKind::PoolDisks;
}

}  // namespace

std::string log_lines(const Plan& plan, const Simulation& sim) {
  const Names names = {host_names(plan), machine_names(plan), datastore_names(plan)};
  std::string lines;
  for (const Occurrence& occurrence : sim.log) {
    const Row row = row_of(occurrence.what);
    std::string line = fmt::format("{{\"ns\": {}, \"what\": \"{}\"", occurrence.at, name(occurrence.what));
    add_name(line, "machine", names.machines, occurrence.machine);
    if (has_host(occurrence)) {
      add_name(line, "host", names.hosts, occurrence.host);
    } else {
      line += fmt::format(", \"number\": {}", occurrence.host);
    }
    add_other(line, names, row.other, occurrence);
    add_value(line, row.value, occurrence.value);
    lines += line + "}\n";
  }
  return lines;
}

}  // namespace hvlab::cluster
