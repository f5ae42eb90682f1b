#include "sim/lab/cluster_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "sim/base/user_error.hpp"
#include "sim/scenario/quantity.hpp"

namespace hvlab::lab {

using scenario::LogChoice;

namespace {

constexpr size_t kShownOfLine = 80;

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::count(names, name) != 0;
}

/// The reason that is told, or one of those of the hosts.
bool is_for(const LogLine& line, const std::string& reason) {
  if (line.text("why") == reason || line.text("of") == reason) return true;
  const auto hosts = line.fields.find("hosts");
  return hosts != line.fields.end() && hosts->is_array() &&
         std::ranges::any_of(*hosts, [&](const auto& part) { return part.value("why", "") == reason; });
}

/// ", lacks 512 MiB", and the machine that a rule is about.
std::string lack_of(const nlohmann::ordered_json& fields) {
  static constexpr std::pair<const char*, const char*> kKeys[] = {
      {"lacks_mib", "MiB"}, {"lacks_mhz", "MHz"}, {"lacks_gib", "GiB"}, {"lacks_slots", "slots"}};
  std::string text;
  for (const auto& [key, unit] : kKeys)
    if (fields.contains(key)) text += fmt::format("lacks {} {}", fields[key].get<u64>(), unit);
  if (fields.contains("with")) text += (text.empty() ? "" : ", ") + fields["with"].get<std::string>();
  return text;
}

/// "3 hosts: not enough memory, server-1 lacks 512 MiB; 1 host: the host is not on".
std::string reasons_of(const nlohmann::ordered_json& hosts) {
  std::string text;
  for (const auto& part : hosts) {
    const u64 count = part.value("hosts", u64{0});
    text += fmt::format("{}{} host{}: {}", text.empty() ? "" : "; ", count, count == 1 ? "" : "s",
                        part.value("why", ""));
    const std::string lack = lack_of(part), host = part.value("host", "");
    if (part.contains("with"))
      text += fmt::format(", {} on {}", lack, host);
    else if (!lack.empty())
      text += fmt::format(", {} {}", host, lack);
  }
  return text;
}

bool is_about(const LogLine& line, const LogChoice& choice) {
  const bool host = is_one_of(choice.hosts, line.text("host")) || is_one_of(choice.hosts, line.text("to"));
  return host && is_one_of(choice.machines, line.text("machine")) &&
         (choice.datastore.empty() || line.text("datastore") == choice.datastore) &&
         (choice.reason.empty() || is_for(line, choice.reason));
}

/// The time that an expectation's `at` is held against; none if what it counts from was not there yet.
std::optional<Picoseconds> time_of(const std::vector<LogLine>& log, size_t index, const LogChoice& choice) {
  if (choice.since.empty()) return log[index].at;
  for (size_t i = index; i-- > 0;)
    if (log[i].what == choice.since) return log[index].at - log[i].at;
  return std::nullopt;
}

bool is_then(Picoseconds time, const LogChoice& choice) {
  const Picoseconds apart = time > *choice.at ? time - *choice.at : *choice.at - time;
  return apart <= choice.within;
}

}  // namespace

std::string LogLine::text(const char* key) const {
  const auto found = fields.find(key);
  return found != fields.end() && found->is_string() ? found->get<std::string>() : "";
}

LogLine read_log_line(const std::string& line) {
  LogLine read;
  try {
    read.fields = nlohmann::ordered_json::parse(line);
    read.at = read.fields.at("ns").get<u64>() * kNanosecond;
    read.what = read.fields.at("what").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    throw UserError("log of a cluster: '" + line.substr(0, kShownOfLine) + "': " + error.what());
  }
  return read;
}

std::vector<LogLine> read_log(const std::string& text) {
  std::vector<LogLine> log;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) log.push_back(read_log_line(line));
  return log;
}

std::string text_of(const LogLine& line) {
  const bool of_machine = line.fields.contains("machine");
  std::string text = fmt::format("{:<14}", line.what);
  const auto add = [&](const char* key, const char* before, const char* after) {
    if (const std::string value = line.text(key); !value.empty()) text += before + value + after;
  };
  const auto add_number = [&](const char* key, const char* format, double factor) {
    const auto found = line.fields.find(key);
    if (found != line.fields.end() && found->is_number())
      text += fmt::format(fmt::runtime(format), found->get<double>() * factor);
  };
  add("machine", " ", "");
  add("host", of_machine ? " on " : " ", "");
  add("to", " to ", "");
  add("by", ", seen by ", "");
  for (const char* key : {"card", "switch", "datastore"}) add(key, " ", "");
  if (line.fields.contains("restart")) text += " again";
  add_number("moves", " {:.0f} moves asked for", 1);
  add_number("bytes", ", {:.1f} MB", 1e-6);
  add_number("downtime_ns", ", stood still for {:.4g} ms", 1e-6);
  add_number("imbalance_permille", ", imbalance {:.3g}", 1e-3);
  add("of", " (", ")");
  add("why", ": ", "");
  if (const std::string lack = lack_of(line.fields); !lack.empty()) text += " (" + lack + ")";
  if (const auto hosts = line.fields.find("hosts"); hosts != line.fields.end() && hosts->is_array())
    text += " (" + reasons_of(*hosts) + ")";
  return text;
}

std::string clock_text(cluster::Nanoseconds time) {
  const u64 milliseconds = time / cluster::kMilliseconds % 1000, all = time / cluster::kSeconds;
  const u64 days = all / 86'400, hours = all / 3600 % 24;
  return fmt::format("{}{}:{:02}:{:02}{}", days == 0 ? "" : fmt::format("{} d ", days), hours, all / 60 % 60,
                     all % 60, milliseconds == 0 ? "" : fmt::format(".{:03}", milliseconds));
}

LogCount count_lines(const std::vector<LogLine>& log, const scenario::Expectation& expectation) {
  constexpr size_t kShown = 3;
  const LogChoice& choice = expectation.log;
  LogCount result;
  size_t others = 0;
  for (size_t i = 0; i < log.size(); ++i) {
    if (log[i].what != expectation.name || !is_about(log[i], choice)) continue;
    const auto time = choice.at ? time_of(log, i, choice) : std::nullopt;
    if (!choice.at || (time && is_then(*time, choice))) {
      ++result.count;
    } else if (time && others++ < kShown) {
      result.seen +=
          (result.seen.empty() ? "at " : ", ") + scenario::print_quantity(scenario::Dimension::Time, *time);
    }
  }
  if (others > kShown) result.seen += ", ...";
  return result;
}

}  // namespace hvlab::lab
