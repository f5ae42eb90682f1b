// The list of instructions for people.
#include <fmt/format.h>

#include "sim/lab/instruction_list.hpp"
#include "sim/record/record_text.hpp"

namespace hvlab::lab {

using record::Json;

namespace {

std::string who_of(const Json& one) {
  std::string who = one["in_guest"] == false ? "host" : "guest";
  if (one.contains("vm")) who = fmt::format("vm {}.{}", one["vm"].get<u64>(), one["vcpu"].get<u64>());
  return fmt::format("{} {}", who, one["cpl"].get<u64>());
}

std::string time_text(const Json& one) { return record::seconds_text(one["time"].get<u64>()); }

std::string instruction_line(const Json& one) {
  const std::string cycles = one["cycles"].is_null() ? "-" : fmt::format("{}", one["cycles"].get<u64>());
  std::string text =
      one.contains("interrupted") ? "(an interrupt is taken before it)" : one["text"].get<std::string>();
  if (one["completed"] == false && !one.contains("interrupted")) text += "  (not completed)";
  std::string symbol = one.value("symbol", "");
  if (const std::string target = one.value("target", ""); !target.empty()) symbol += "  -> " + target;
  std::string line =
      fmt::format("{:>16}  {:>3}  {:<9} {:>7}  {}  {:<40}  {}", time_text(one), one["processor"].get<u64>(),
                  who_of(one), cycles, one["rip"].get<std::string>().substr(2), text, symbol);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string event_line(const Json& event) {
  const std::string text = event["text"].get<std::string>();
  return fmt::format("{:>16}  {:>3}  * {}{}{}\n", time_text(event), event["processor"].get<u64>(),
                     event["kind"].get<std::string>(), text.empty() ? "" : " ", text);
}

}  // namespace

std::string instructions_text(const Json& document) {
  const Json &instructions = document["instructions"], &events = document["events"];
  std::string text =
      fmt::format("{} instructions and {} events from {} ps to before {} ps\n\n", instructions.size(),
                  events.size(), document["from"].get<u64>(), document["until"].get<u64>());
  text += fmt::format("{:>16}  {:>3}  {:<9} {:>7}  {:<16}  {:<40}  {}\n", "time (s)", "cpu", "whose, CPL",
                      "cycles", "RIP", "instruction", "symbol");
  size_t next = 0;
  for (const Json& one : instructions) {  // what happens during an instruction stands behind it
    for (; next < events.size() && events[next]["time"] < one["time"]; ++next)
      text += event_line(events[next]);
    text += instruction_line(one);
  }
  for (; next < events.size(); ++next) text += event_line(events[next]);
  return text;
}

}  // namespace hvlab::lab
