#include "sim/lab/cluster_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/lab/cluster_log.hpp"
#include "sim/lab/cluster_statistics.hpp"

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

}  // namespace

bool has_cluster_log(const record::RunReader& run) { return run.has(kClusterLog); }

void print_cluster_log(const record::RunReader& run, const std::vector<std::string>& conditions,
                       Picoseconds from, Picoseconds until, u64 limit, bool as_json) {
  const std::vector<Condition> wanted = conditions_of(conditions);
  record::Json list = record::Json::array();
  std::istringstream lines(run.content(kClusterLog));
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
  if (as_json)
    std::cout << record::Json{{"schema", "hvlab.cluster-log/1"}, {"occurrences", list}}.dump(2) << '\n';
}

}  // namespace hvlab::lab
