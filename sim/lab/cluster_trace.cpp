#include "sim/lab/cluster_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/lab/cluster_log.hpp"
#include "sim/lab/cluster_statistics.hpp"
#include "sim/scenario/spelling.hpp"

namespace hvlab::lab {

namespace {

struct Condition {
  std::string key, name;
};

constexpr const char* kKeys[] = {"what", "machine", "host", "datastore"};

std::vector<Condition> conditions_of(const std::vector<std::string>& texts) {
  std::vector<Condition> conditions;
  for (const std::string& text : texts) {
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, ',');) {
      const size_t equals = part.find('=');
      const std::string key = part.substr(0, equals);
      if (equals == std::string::npos || std::ranges::find(kKeys, key) == std::end(kKeys))
        throw UserError(
            fmt::format("--filter '{}': of a cluster's log give {}=NAME", part, fmt::join(kKeys, "=, ")));
      conditions.push_back({key, part.substr(equals + 1)});
    }
  }
  return conditions;
}

bool is_called(const std::string& name, const std::string& wanted) {
  return wanted.ends_with('*') ? name.starts_with(wanted.substr(0, wanted.size() - 1)) : name == wanted;
}

bool holds(const Condition& condition, const LogLine& line) {
  if (condition.key == "host" && is_called(line.text("to"), condition.name)) return true;
  return is_called(line.text(condition.key.c_str()), condition.name);
}

/// Throws UserError for an occurrence that no log has.
void check_occurrences(const std::vector<Condition>& conditions) {
  const std::vector<std::string> names = cluster::occurrence_names();
  for (const Condition& condition : conditions) {
    if (condition.key != "what") continue;
    if (std::ranges::any_of(names, [&](const auto& name) { return is_called(name, condition.name); }))
      continue;
    throw UserError(
        fmt::format("--filter 'what={}': there is no such occurrence{}; `hvlab list occurrences` "
                    "has them",
                    condition.name, scenario::did_you_mean(condition.name, names)));
  }
}

/// Notes conditions that hold of no line at all: a name may be misspelt, or nothing has happened to it.
void note_unmet(const std::vector<Condition>& conditions, const std::string& log) {
  for (const Condition& condition : conditions) {
    std::set<std::string> names;
    std::istringstream lines(log);
    bool met = false;
    for (std::string text; !met && std::getline(lines, text);) {
      const LogLine line = read_log_line(text);
      met = holds(condition, line);
      names.insert(line.text(condition.key.c_str()));
    }
    if (!met)
      std::cerr << fmt::format("hvlab: note: nothing in the log has {} '{}'{}\n", condition.key,
                               condition.name,
                               scenario::did_you_mean(condition.name, {names.begin(), names.end()}));
  }
}

}  // namespace

bool has_cluster_log(const record::RunReader& run) { return run.has(kClusterLog); }

void refuse_cluster(const std::string& command, const record::RunReader& run) {
  if (has_cluster_log(run))
    throw UserError(
        fmt::format("{}: '{}' is a run of a cluster, which has no processors to look at; see "
                    "`hvlab stat` and `hvlab trace`",
                    command, run.title()));
}

void print_cluster_log(const record::RunReader& run, const std::vector<std::string>& conditions,
                       Picoseconds from, Picoseconds until, u64 limit, bool as_json) {
  const std::vector<Condition> wanted = conditions_of(conditions);
  check_occurrences(wanted);
  const std::string log = run.content(kClusterLog);
  record::Json list = record::Json::array();
  std::istringstream lines(log);
  u64 count = 0;
  for (std::string text; std::getline(lines, text) && count < limit;) {
    const LogLine line = read_log_line(text);
    if (line.at < from || line.at >= until) continue;
    if (!std::ranges::all_of(wanted, [&](const Condition& each) { return holds(each, line); })) continue;
    ++count;
    if (as_json)
      list.push_back(line.fields);
    else
      std::cout << fmt::format("{:>14}  {}\n", clock_text(line.at / kNanosecond), text_of(line));
    if (!std::cout.good()) return;
  }
  if (count == 0) note_unmet(wanted, log);
  if (as_json)
    std::cout << record::Json{{"schema", "hvlab.cluster-log/1"}, {"occurrences", list}}.dump(2) << '\n';
}

}  // namespace hvlab::lab
