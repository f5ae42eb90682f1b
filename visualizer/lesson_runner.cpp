#include "visualizer/lesson_runner.hpp"

#include <algorithm>
#include <filesystem>

#include "sim/base/data_path.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::visualizer {

namespace fs = std::filesystem;
using State = LessonRun::State;

namespace {

constexpr const char* kFolder = record::kRunsFolder;

std::vector<std::string> words_for(const LessonRun& run) {
  const fs::path file = data_folder("scenarios/lessons") / (run.scenario + ".yaml");
  std::vector<std::string> words = {"run", file.string(), "--json", "--runs", kFolder};
  words.insert(words.end(), run.rest.begin(), run.rest.end());
  return words;
}

// The runs there are of a scenario. The link to the latest is none.
std::set<std::string> directories_of(const std::string& scenario) {
  std::set<std::string> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(fs::path(kFolder) / scenario, none)) {
    if (!entry.is_symlink() && entry.is_directory()) found.insert(entry.path().string());
  }
  return found;
}

void count_cells(LessonRun& run) {
  try {
    const record::RunReader reader(run.directory);
    if (!reader.has_cells()) {
      run.cells = 1;
      run.ended = reader.state() == record::RunState::Running ? 0 : 1;
      return;
    }
    run.cells = reader.run().at("cells").size();
    const std::vector<record::RunReader> cells = reader.cells();
    run.ended = static_cast<size_t>(std::ranges::count_if(
        cells, [](const record::RunReader& cell) { return cell.state() != record::RunState::Running; }));
  } catch (const std::exception&) {
    run.ended = std::min(run.ended, run.cells);  // its files are being written: next time
  }
}

// What `hvlab run` came to. A run whose expectations do not hold is one all the same.
void finish(LessonRun& run, const Answer& answer) {
  const bool whole = !run.directory.empty() && fs::exists(fs::path(run.directory) / "results.json");
  run.state = whole ? State::Done : State::Failed;
  run.problem = answer.error;
  run.ended = run.cells;
}

}  // namespace

void LessonRunner::start(std::vector<LessonRun> runs, Asker& asker) {
  runs_ = std::move(runs);
  begin_next(asker);
}

void LessonRunner::begin_next(Asker& asker) {
  const auto next = std::ranges::find(runs_, State::Waiting, &LessonRun::state);
  if (next == runs_.end()) return;
  before_ = directories_of(next->scenario);
  next->state = State::Running;
  asker.ask_again(words_for(*next));
}

void LessonRunner::look_for_directory(LessonRun& run) {
  for (const std::string& directory : directories_of(run.scenario)) {
    if (!before_.contains(directory) && fs::exists(fs::path(directory) / record::kRunFile))
      run.directory = directory;
  }
}

void LessonRunner::poll(Asker& asker) {
  const auto run = std::ranges::find(runs_, State::Running, &LessonRun::state);
  if (run == runs_.end()) return;
  if (run->directory.empty()) look_for_directory(*run);
  if (!run->directory.empty()) count_cells(*run);
  const Answer& answer = asker.ask(words_for(*run));
  if (answer.state == Answer::State::Waiting) return;
  finish(*run, answer);
  begin_next(asker);
}

bool LessonRunner::running() const {
  return std::ranges::any_of(runs_, [](const LessonRun& run) { return run.state == State::Running; });
}

std::map<std::string, std::string> LessonRunner::directories() const {
  std::map<std::string, std::string> found;
  for (const LessonRun& run : runs_) {
    if (!run.directory.empty()) found[run.name] = run.directory;
  }
  return found;
}

}  // namespace hvlab::visualizer
