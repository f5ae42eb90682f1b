// What `hvlab boot --stats` wrote, read back.
#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/lab/demo_result.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

/// When lines of the workload appeared on the console. The way's own part begins with "launch"; where there
/// is no such line, with the first process.
void read_marks(const Json& marks, WayRun& run) {
  bool launched = false, first = true;
  for (const Json& mark : marks) {
    const double seconds = mark.at("seconds").get<double>();
    const std::string line = mark.at("line").get<std::string>();
    if (line.find("HVLAB start ") != std::string::npos) run.started.push_back(seconds);
    if ((line == "HVLAB launch" && !launched) || first) run.launched = seconds;
    launched = launched || line == "HVLAB launch";
    first = false;
  }
}

LedgerRows read_ledger(const Json& ledger) {
  LedgerRows rows;
  for (const auto& [account, cycles] : ledger.items()) rows.emplace_back(account, cycles.get<u64>());
  return rows;
}

RunWindow read_window(const Json& part) {
  RunWindow window;
  window.seconds = part.at("seconds").get<double>();
  window.cycles = part.at("cycles").get<u64>();
  window.ledger = read_ledger(part.at("ledger"));
  for (const Json& exit : part.at("exits")) {
    window.exits.push_back({exit.at("reason").get<std::string>(), exit.at("count").get<u64>(),
                            exit.at("handled").get<u64>(), exit.at("cycles").get<u64>()});
  }
  return window;
}

}  // namespace

void read_statistics(const std::string& text, WayRun& run) {
  try {
    const Json stats = Json::parse(text);
    run.instructions = stats.at("instructions").get<u64>();
    run.cycles = stats.at("cycles").get<u64>();
    run.seconds = stats.at("seconds").get<double>();
    run.ledger = read_ledger(stats.at("ledger"));
    run.exits = stats.at("exits");
    run.vcpus = stats.value("vcpus", Json::array());
    run.io = stats.value("io", Json::array());
    read_marks(stats.value("marks", Json::array()), run);
    if (stats.contains("work")) run.work = read_window(stats.at("work"));
    for (const Json& phase : stats.value("phases", Json::array())) run.phases.push_back(read_window(phase));
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("statistics of a run: ") + error.what());
  }
}

}  // namespace hvlab::lab
