// What a run left in its directory, read back: stats.json, the console, the cell as it was resolved.
#include <fmt/format.h>

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/lab/measured_run.hpp"
#include "sim/lab/metric_values.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/observe/exit.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::lab {

using Json = nlohmann::ordered_json;

namespace {

/// When lines of the workload appeared on the console. The way's own part begins with "launch"; where there
/// is no such line, with the first process.
void read_marks(const Json& marks, MeasuredRun& run) {
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

void add(std::vector<ExitSum>& sums, const std::string& key, const Json& exit) {
  auto sum = std::ranges::find(sums, key, &ExitSum::reason);
  if (sum == sums.end()) sum = sums.insert(sums.end(), ExitSum{key});
  sum->exits += exit.at("count").get<u64>();
  sum->handled += exit.at("handled").get<u64>();
  sum->cycles += exit.at("cycles").get<u64>();
}

RunWindow read_window(const Json& part) {
  RunWindow window;
  window.seconds = part.at("seconds").get<double>();
  window.cycles = part.at("cycles").get<u64>();
  window.ledger = read_ledger(part.at("ledger"));
  for (const Json& exit : part.at("exits")) {
    const std::string reason = exit.at("reason").get<std::string>();
    const std::string of_reason = observe::class_of_label(reason);  // what older runs do not say
    add(window.exits, reason, exit);
    add(window.exit_classes, exit.value("class", of_reason), exit);
  }
  for (const Json& machine : part.value("waits", Json::array())) {
    const Json& times = machine.at("picoseconds");
    const auto seconds = [&](const char* what) { return times.at(what).get<double>() * 1e-12; };
    window.waits.push_back({machine.at("vm").get<unsigned>(), seconds("runnable"),
                            seconds("waiting-beside-idle"), seconds("partly-running")});
  }
  return window;
}

}  // namespace

void read_statistics(const std::string& text, MeasuredRun& run) {
  try {
    const Json stats = Json::parse(text);
    run.instructions = stats.at("instructions").get<u64>();
    run.cycles = stats.at("cycles").get<u64>();
    run.seconds = stats.at("seconds").get<double>();
    run.ledger = read_ledger(stats.at("ledger"));
    run.exits = stats.at("exits");
    run.vcpus = stats.value("vcpus", Json::array());
    run.io = stats.value("io", Json::array());
    run.costs = stats.value("costs", Json::array());
    read_marks(stats.value("marks", Json::array()), run);
    if (stats.contains("work")) run.work = read_window(stats.at("work"));
    for (const Json& phase : stats.value("phases", Json::array())) run.phases.push_back(read_window(phase));
  } catch (const nlohmann::json::exception& error) {
    throw UserError(std::string("statistics of a run: ") + error.what());
  }
}

namespace {

constexpr const char* kConsole = "console/com1.txt";

/// What stands in a table's other dimensions: how many processors, which way, how many instances.
bool has_own_place(const std::string& path) {
  return path == "machine.cores" || path == "software.way" || path == "software.model" ||
         path == "workload.instances";
}

std::string variant_of(const Json& settings) {
  std::string text;
  for (const auto& [path, value] : settings.items()) {
    if (has_own_place(path)) continue;
    const std::string name = path.substr(path.rfind('.') + 1);
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value.get<std::string>());
  }
  return text;
}

/// The cell that ran; nothing if the directory has none that is valid: a run of `boot`, or an old one.
std::optional<scenario::Scenario> cell_of(const record::RunReader& run) {
  if (!run.has(kResolvedCell)) return std::nullopt;
  try {
    return load_scenario((run.path() / kResolvedCell).string(), {}, scenario_vocabulary());
  } catch (const InvalidScenario&) {
    return std::nullopt;
  }
}

std::string name_of(const scenario::Software& software) {
  if (!software.way.empty()) return software.way;
  if (!software.model.empty()) return software.model;
  return software.iso.file.empty() ? software.kernel.file : software.iso.file;
}

/// How the run ended, if that was not by switching the machine off; with what it printed last.
std::string failure_of(const record::RunReader& run, const Json& stats, const std::string& console) {
  const std::string why = stats.at("end").at("why").get<std::string>();
  if (run.state() == record::RunState::Complete && why == "power-off") return "";
  const std::string lines = last_lines(console, 8);
  return fmt::format("the run is {}, ended by {}{}{}", record::name(run.state()), why,
                     lines.empty() ? "" : "; its last lines:", lines);
}

}  // namespace

void describe_cell(const scenario::Cell& cell, MeasuredRun& run) {
  if (const std::string name = name_of(cell.software); !name.empty()) run.way = name;
  run.teaching = !cell.software.model.empty();
  run.scheduler = cell.software.scheduler;
  run.processor = scenario::profile_of(cell.machine);
  run.programs = programs_of(cell);
  run.memory = static_cast<double>(cell.machine.memory);
  const size_t machines = std::min<size_t>(cell.vms.size(), cell.instances);
  for (size_t i = 0; i < machines; ++i)
    run.guest_memory += static_cast<double>(cell.vms[i].memory) / static_cast<double>(machines);
  run.whole_workload = cell.program.empty() &&
                       std::ranges::all_of(cell.vms, [](const auto& vm) { return vm.program.empty(); });
  for (const scenario::TimedEvent& event : cell.events) {
    if (event.what == "kill") run.killed.push_back(event.vm - 1);
  }
}

MeasuredRun read_run_directory(const record::RunReader& directory) {
  const std::optional<scenario::Scenario> cell = cell_of(directory);
  const std::string console = directory.has(kConsole) ? directory.content(kConsole) : "";
  MeasuredRun run =
      read_run(directory.content(record::kStatsFile), console, cell ? cell->cells.front().instances : 0);
  try {
    run.way = directory.title();
    const Json booted = Json::parse(directory.content(record::kResolvedFile));
    run.processor = booted.at("processor").get<std::string>();
    run.processors = booted.at("processors").get<unsigned>();
    // By firmware the kernel comes from a medium, and is not known.
    if (booted.contains("kernel")) run.kernel = booted["kernel"].at("file").get<std::string>();
    run.variant = variant_of(directory.settings());
    run.failure = failure_of(directory, directory.stats(), console);
  } catch (const nlohmann::json::exception& error) {
    throw UserError(directory.path().string() + ": damaged: " + error.what());
  }
  if (cell) {
    describe_cell(cell->cells.front(), run);
    run.title = cell->title;
    run.title_ja = cell->title_ja;
  }
  return run;
}

}  // namespace hvlab::lab
