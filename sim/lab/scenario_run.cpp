#include "sim/lab/scenario_run.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include "sim/base/user_error.hpp"
#include "sim/lab/cell_boot.hpp"
#include "sim/lab/child_pool.hpp"
#include "sim/lab/cluster_command.hpp"
#include "sim/lab/cluster_statistics.hpp"
#include "sim/lab/exit_status.hpp"
#include "sim/lab/result_files.hpp"
#include "sim/lab/scenario_files.hpp"
#include "sim/record/run_writer.hpp"
#include "sim/scenario/print.hpp"

namespace hvlab::lab {

namespace fs = std::filesystem;

namespace {

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// FOLDER/NAME/STAMP, made; the stamp is the host's time, and a number if that is taken.
std::string make_run_directory(const std::string& folder, const std::string& name) {
  const std::string stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::time(nullptr)));
  std::error_code error;
  fs::create_directories(fs::path(folder) / name, error);
  for (int number = 1; number < 1000 && !error; ++number) {
    const fs::path path =
        fs::path(folder) / name / (number == 1 ? stamp : fmt::format("{}-{}", stamp, number));
    if (fs::create_directory(path, error)) return path.string();
  }
  throw UserError("'" + folder + "/" + name + "': no run directory can be made there: " + error.message());
}

/// Points FOLDER/NAME/latest to a run; there is one at any moment.
void point_latest(const fs::path& directory) {
  const fs::path link = directory.parent_path() / "latest",
                 fresh = directory.parent_path() / (".latest-" + directory.filename().string());
  std::error_code error;
  fs::create_symlink(directory.filename(), fresh, error);
  if (!error) fs::rename(fresh, link, error);
}

std::string folder_of(const ScenarioResult& result, size_t index) {
  std::string label = result.scenario.cells[index].label;
  if (label.empty()) return result.directory;
  for (char& c : label) {
    if (c == '/' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  if (label.size() > 200) label = fmt::format("cell-{}", index + 1);
  return result.directory + "/" + label;
}

/// The files of two run directories that have to be the same: those of either but run.json, and those that
/// come from the scenario alone. The trace comes last, since it says the least.
std::vector<std::string> files_of_both(const std::string& one, const std::string& other) {
  std::set<std::string> names;
  for (const std::string& directory : {one, other}) {
    for (const char* folder : {"", record::kConsoleFolder}) {
      std::error_code none;
      for (const auto& entry : fs::directory_iterator(fs::path(directory) / folder, none))
        if (entry.is_regular_file(none)) names.insert((fs::path(folder) / entry.path().filename()).string());
    }
  }
  for (const char* own : {record::kRunFile, record::kGivenFile, "resolved.yaml", "results.json"})
    names.erase(own);
  const bool traced = names.erase(record::kTraceFile) != 0;
  std::vector<std::string> list(names.begin(), names.end());
  std::ranges::stable_partition(list, [](const std::string& name) { return name == record::kStatsFile; });
  if (traced) list.emplace_back(record::kTraceFile);
  return list;
}

class Run {
 public:
  Run(std::vector<scenario::Scenario> scenarios, const RunWishes& wishes) : wishes_(wishes) {
    for (scenario::Scenario& scenario : scenarios) {
      ScenarioResult& result = results_.emplace_back();
      result.scenario = std::move(scenario);
      result.cells.resize(result.scenario.cells.size());
    }
  }

  std::vector<ScenarioResult> run() {
    for (const ScenarioResult& result : results_) {
      if (wishes_.live && result.scenario.cells.front().cluster)
        throw UserError("--live: '" + result.scenario.name +
                        "' is a cluster, whose runs nobody can attach to");
    }
    for (ScenarioResult& result : results_) prepare(result);
    run_pool(tasks_, wishes_.at_once, line_, [&](const PoolEnd& end) { ended(end); });
    for (size_t i = 0; i < results_.size(); ++i) {
      finish(results_[i]);
      end_record(results_[i], records_[i].get());
    }
    return std::move(results_);
  }

 private:
  struct Where {
    size_t scenario, cell;
    bool again;  // the second run of --verify
    std::string directory;
  };

  void prepare(ScenarioResult& result) {
    try {
      parts_.prepare(result.scenario, wishes_.refresh);
    } catch (const MissingPart& missing) {
      result.problem = missing.what();
      result.status = exit_status::kMissing;
      records_.emplace_back();
      return;
    }
    result.directory = make_run_directory(wishes_.folder, result.scenario.name);
    begin_record(result);
    for (size_t i = 0; i < result.cells.size(); ++i) {
      add_task(result, i, false);
      if (wishes_.verify) add_task(result, i, true);
    }
  }

  /// Cells in folders have a run.json above them; a single run has its own.
  void begin_record(const ScenarioResult& result) {
    std::unique_ptr<record::RunWriter>& record = records_.emplace_back();
    if (result.scenario.cells.front().label.empty()) return;
    record::Json cells = record::Json::array();
    for (size_t i = 0; i < result.cells.size(); ++i) {
      const scenario::Cell& cell = result.scenario.cells[i];
      record::Json settings = record::Json::object();
      for (const scenario::Setting& setting : cell.settings) settings[setting.path] = setting.value;
      cells.push_back({{"cell", cell.label},
                       {"folder", fs::path(folder_of(result, i)).filename().string()},
                       {"settings", settings}});
    }
    record = std::make_unique<record::RunWriter>(
        result.directory + "/",
        record::Json{{"hvlab", HVLAB_VERSION}, {"command", wishes_.command}, {"cells", cells}});
  }

  void add_task(ScenarioResult& result, size_t index, bool again) {
    const scenario::Cell& cell = result.scenario.cells[index];
    const std::string directory = folder_of(result, index) + (again ? "/again" : "");
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) throw UserError("'" + directory + "': cannot be made: " + error.message());
    if (!again) {
      result.cells[index].directory = directory;
      write_result_file(directory + "/" + record::kGivenFile, result.scenario.content);
      write_result_file(directory + "/" + kResolvedCell, scenario::print_cell(result.scenario, cell, true));
    }
    // The second run of --verify reads the file of the first, which stands above it.
    std::vector<std::string> words =
        cell.cluster ? cluster_arguments(result.scenario, result.cells[index].directory, directory)
                     : cell_arguments(result.scenario, cell, directory, parts_);
    if (wishes_.live && !cell.cluster) words.emplace_back(wishes_.live_waits ? "--live=wait" : "--live");
    words.insert(words.begin(), "/proc/self/exe");
    const std::string title = result.scenario.name + (cell.label.empty() ? "" : " " + cell.label);
    tasks_.push_back({again ? title + " again" : title, std::move(words)});
    places_.push_back({static_cast<size_t>(&result - results_.data()), index, again, directory});
  }

  void ended(const PoolEnd& end) {
    const Where& where = places_[end.index];
    ScenarioResult& result = results_[where.scenario];
    CellResult& cell = result.cells[where.cell];
    const std::string statistics = read_text(where.directory + "/" + record::kStatsFile);
    const bool cluster = result.scenario.cells[where.cell].cluster;
    const std::string ending =
        cluster && end.status == 0 ? scenario::kClusterEnding : ending_of(end.status, end.errors);
    line_.note(
        fmt::format("{}: {}, {:.1f} s on the host", tasks_[end.index].title, ending, end.host_seconds));
    if (where.again) {
      cell.console_again = end.output;
      return;
    }
    cell.ending = ending;
    cell.console = end.output;
    cell.statistics = statistics;
    cell.errors = end.errors;
    cell.host_seconds = end.host_seconds;
    measure(result, where.cell, statistics);
  }

  void measure(ScenarioResult& result, size_t index, const std::string& statistics) {
    CellResult& cell = result.cells[index];
    const scenario::Cell& about = result.scenario.cells[index];
    if (about.cluster) {
      cell.metrics = read_cluster_metrics(statistics);
      return;
    }
    cell.run = read_run(statistics, cell.console, about.instances);
    describe_cell(about, cell.run);
    cell.run.processors = about.machine.cores;
    cell.metrics = metrics_of(cell.run, statistics);
  }

  /// A cell that was stopped has left what it measured until then.
  void salvage(ScenarioResult& result, size_t index) {
    CellResult& cell = result.cells[index];
    const std::string statistics = read_text(cell.directory + "/" + record::kStatsFile);
    if (!cell.ending.empty() || statistics.empty()) return;
    cell.ending = "interrupted";
    cell.console = read_text(cell.directory + "/" + record::kConsoleFolder + "/com1.txt");
    measure(result, index, statistics);
  }

  void finish(ScenarioResult& result) {
    if (result.directory.empty()) return;
    for (size_t i = 0; i < result.cells.size(); ++i) salvage(result, i);
    if (wishes_.verify) {
      for (size_t i = 0; i < result.cells.size(); ++i) compare(result.cells[i]);
    }
    judge(result);
    write_results(result);
    point_latest(result.directory);
  }

  static void end_record(const ScenarioResult& result, record::RunWriter* record) {
    if (record == nullptr) return;
    const bool whole = std::ranges::none_of(result.cells, [](const CellResult& cell) {
      return cell.ending.empty() || cell.ending == "interrupted";
    });
    record->finish(whole ? record::RunState::Complete : record::RunState::Partial,
                   {{"status", result.status}});
  }

  /// Everything but run.json has to be the same. The trace comes last, since it says the least.
  void compare(CellResult& cell) {
    if (cell.ending.empty()) return;
    const std::string again = cell.directory + "/again/";
    cell.difference = first_difference("console", cell.console_again, cell.console);
    for (const std::string& file : files_of_both(cell.directory, again)) {
      const std::string one = read_text(cell.directory + "/" + file), other = read_text(again + file);
      if (!cell.difference.empty() || one == other) continue;
      const bool text = file != record::kTraceFile;
      cell.difference = text ? first_difference(file, other, one) : file + " differs";
    }
    if (!cell.difference.empty()) return;  // kept, to be looked at
    std::error_code ignored;
    fs::remove_all(again, ignored);
  }

  RunWishes wishes_;
  std::vector<ScenarioResult> results_;
  std::vector<std::unique_ptr<record::RunWriter>> records_;  // as results_; null: none above the cells
  std::vector<PoolTask> tasks_;
  std::vector<Where> places_;
  Parts parts_;
  ProgressLine line_;
};

}  // namespace

std::vector<ScenarioResult> run_scenarios(std::vector<scenario::Scenario> scenarios,
                                          const RunWishes& wishes) {
  return Run(std::move(scenarios), wishes).run();
}

}  // namespace hvlab::lab
