#include "sim/cluster/log_text.hpp"

#include <fmt/format.h>

#include <array>

#include "sim/cluster/plan.hpp"

namespace hvlab::cluster {

namespace {

using Other = LogOther;
enum class Value : u8 { None, Bytes, Downtime, Why, Fault, Imbalance, Reason };

struct Row {
  What what;
  Other other = Other::None;
  Value value = Value::None;
};

// What `other` and `value` are; kinds of occurrences that are not listed have neither.
constexpr Row kRows[] = {{What::PowerOn, Other::Restart},
                         {What::Refused, Other::None, Value::Why},
                         {What::MoveBegan, Other::Host, Value::Reason},
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

void add_name(std::string& line, const char* key, const std::vector<std::string>& names, Index place) {
  if (place < names.size()) line += fmt::format(", \"{}\": {}", key, quoted(names[place]));
}

// What a fault's subject is, is the kind's affair.
void add_fault(std::string& line, const LogNames& names, const Occurrence& one) {
  const auto kind = static_cast<FaultKind>(one.value);
  struct Subject {
    FaultKind kind;
    const char* key;
    const std::vector<std::string> LogNames::* names;
  };
  constexpr Subject kSubjects[] = {{FaultKind::Host, "host", &LogNames::hosts},
                                   {FaultKind::PoolDisks, "host", &LogNames::hosts},
                                   {FaultKind::Card, "card", &LogNames::cards},
                                   {FaultKind::Switch, "switch", &LogNames::switches},
                                   {FaultKind::Datastore, "datastore", &LogNames::datastores},
                                   {FaultKind::Disk, "datastore", &LogNames::datastores}};
  for (const Subject& subject : kSubjects)
    if (subject.kind == kind) add_name(line, subject.key, names.*subject.names, one.host);
}

void add_other(std::string& line, const LogNames& names, Other other, Index place) {
  switch (other) {
    case Other::None: return;
    case Other::Host: return add_name(line, "to", names.hosts, place);
    case Other::By: return add_name(line, "by", names.hosts, place);
    case Other::Datastore: return add_name(line, "datastore", names.datastores, place);
    case Other::Restart:
      if (place == 1) line += ", \"restart\": true";
      return;
    case Other::Moves: line += fmt::format(", \"moves\": {}", place);
  }
}

void add_value(std::string& line, Value value, u64 number) {
  switch (value) {
    case Value::None: return;
    case Value::Bytes: line += fmt::format(", \"bytes\": {}", number); return;
    case Value::Downtime: line += fmt::format(", \"downtime_ns\": {}", number); return;
    case Value::Why: line += fmt::format(", \"why\": \"{}\"", text(static_cast<Refusal>(number))); return;
    case Value::Fault: line += fmt::format(", \"of\": \"{}\"", name(static_cast<FaultKind>(number))); return;
    case Value::Reason:
      line += fmt::format(", \"reason\": \"{}\"", name(static_cast<MoveReason>(number)));
      return;
    case Value::Imbalance: line += fmt::format(", \"imbalance_permille\": {}", number);
  }
}

const char* key_of(Lack::Of of) {
  static constexpr const char* kKeys[] = {"", "lacks_mib", "lacks_mhz", "lacks_gib", "lacks_slots"};
  return kKeys[static_cast<size_t>(of)];
}

void add_lack(std::string& line, const LogNames& names, const RefusalPart& part) {
  if (part.lack.of != Lack::Of::Nothing)
    line += fmt::format(", \"{}\": {}", key_of(part.lack.of), part.lack.amount);
  add_name(line, "with", names.machines, part.with);
}

void add_explanation(std::string& line, const LogNames& names, const Explained& explained) {
  if (!explained.of_all_hosts) return add_lack(line, names, explained.parts.front());
  line += ", \"hosts\": [";
  for (const RefusalPart& part : explained.parts) {
    line += fmt::format("{}{{\"why\": \"{}\", \"hosts\": {}", &part == explained.parts.data() ? "" : ", ",
                        text(part.why), part.hosts);
    add_name(line, "host", names.hosts, part.host);
    add_lack(line, names, part);
    line += '}';
  }
  line += ']';
}

}  // namespace

LogOther other_kind(What what) { return row_of(what).other; }

const char* value_kind(What what) {
  static constexpr const char* kKinds[] = {"", "bytes", "ns", "refusal", "fault", "permille", "reason"};
  return kKinds[static_cast<size_t>(row_of(what).value)];
}

LogNames::LogNames(const Plan& plan)
    : hosts(host_names(plan)), machines(machine_names(plan)), datastores(datastore_names(plan)) {
  size_t host = 0;
  for (const HostPlan& group : plan.hosts) {
    for (u32 i = 0; i < group.count; ++i, ++host)
      for (u32 card = 0; card < group.cards; ++card) cards.push_back(fmt::format("{}/{}", hosts[host], card));
  }
  for (u32 i = 1; i <= plan.switches; ++i) switches.push_back(fmt::format("switch-{}", i));
}

std::string occurrence_json(const LogNames& names, const Simulation& sim, size_t place) {
  const Occurrence& occurrence = sim.log[place];
  const Row row = row_of(occurrence.what);
  std::string line = fmt::format("{{\"ns\": {}, \"what\": \"{}\"", occurrence.at, name(occurrence.what));
  add_name(line, "machine", names.machines, occurrence.machine);
  if (row.value == Value::Fault)
    add_fault(line, names, occurrence);
  else
    add_name(line, "host", names.hosts, occurrence.host);
  add_other(line, names, row.other, occurrence.other);
  add_value(line, row.value, occurrence.value);
  if (const Explained* explained = explanation_of(sim, place); explained != nullptr)
    add_explanation(line, names, *explained);
  return line + "}";
}

std::string log_lines(const Plan& plan, const Simulation& sim) {
  const LogNames names(plan);
  std::string lines;
  for (size_t place = 0; place < sim.log.size(); ++place) lines += occurrence_json(names, sim, place) + "\n";
  return lines;
}

std::vector<std::string> occurrence_names() {
  std::vector<std::string> names;
  names.reserve(static_cast<size_t>(What::Count));
  for (size_t what = 0; what < static_cast<size_t>(What::Count); ++what)
    names.emplace_back(name(static_cast<What>(what)));
  return names;
}

}  // namespace hvlab::cluster
