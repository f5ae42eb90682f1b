#include "sim/record/run_reader.hpp"

#include <fstream>
#include <iterator>
#include <optional>

#include "sim/base/user_error.hpp"

namespace hvlab::record {

namespace fs = std::filesystem;

namespace {

bool holds_run(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path / kRunFile, ignored);
}

std::optional<std::string> read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return file.is_open() && !file.bad() ? std::optional(std::move(text)) : std::nullopt;
}

Json parse(const fs::path& path, const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) throw UserError(path.string() + ": damaged: this is not a JSON object");
  return json;
}

RunState state_of(const Json& run) {
  const auto member = [&](const char* key) { return run.contains(key) ? run[key] : Json(); };
  for (const RunState state : {RunState::Complete, RunState::Partial})
    if (member("state") == name(state)) return state;
  try {
    return may_be_running(member("process")) ? RunState::Running : RunState::Killed;
  } catch (const Json::exception&) {
    return RunState::Killed;
  }
}

}  // namespace

namespace {

/// A run directory, of a folder of them the latest, or what is called so in runs/.
std::optional<fs::path> run_called(const fs::path& given) {
  for (const fs::path& path :
       {given, given / kLatest, fs::path(kRunsFolder) / given / kLatest, fs::path(kRunsFolder) / given})
    if (holds_run(path)) return path;
  return std::nullopt;
}

/// A run's cells by their labels, as 'hvlab run' prints them.
struct CellSearch {
  fs::path found;     // the cell's folder; empty if there is none of that label
  std::string known;  // some of the labels; empty if the run has no cells
};

CellSearch cell_called(const fs::path& run, const std::string& label) {
  CellSearch search;
  const Json json = Json::parse(read(run / kRunFile).value_or(""), nullptr, false);
  if (!json.is_object() || !json.contains("cells")) return search;
  constexpr size_t kShown = 200;
  try {
    for (const Json& cell : json["cells"]) {
      const auto name = cell.at("cell").get<std::string>(), folder = cell.at("folder").get<std::string>();
      if ((name == label || folder == label) && holds_run(run / folder)) search.found = run / folder;
      if (search.known.size() < kShown) search.known += (search.known.empty() ? "" : ", ") + name;
    }
  } catch (const Json::exception& error) {
    throw UserError((run / kRunFile).string() + ": damaged: " + error.what());
  }
  return search;
}

}  // namespace

fs::path find_run(const std::string& text) {
  const fs::path given = text;
  if (!text.empty()) {
    if (const auto path = run_called(given)) return *path;
  }
  // RUN/LABEL; both may have slashes.
  std::string cells;
  for (size_t slash = text.find('/'); slash != std::string::npos; slash = text.find('/', slash + 1)) {
    const std::string head = text.substr(0, slash), label = text.substr(slash + 1);
    const auto run = head.empty() || label.empty() ? std::nullopt : run_called(head);
    if (!run) continue;
    const CellSearch search = cell_called(*run, label);
    if (!search.found.empty()) return search.found;
    if (!search.known.empty()) cells = "; the cells of '" + run->string() + "' are " + search.known;
  }
  std::error_code ignored;
  if (!fs::exists(given, ignored))
    throw RunMissing("there is no run '" + text + "', nor runs/" + text + cells);
  throw RunMissing("'" + text + "' holds no run: it has no " + kRunFile);
}

RunReader::RunReader(const std::string& text) : path_(find_run(text)), title_(text) { refresh(); }

void RunReader::refresh() {
  stats_ = {};
  const auto content = read(path_ / kRunFile);
  if (!content) throw RunMissing("cannot read '" + (path_ / kRunFile).string() + "'");
  run_ = parse(path_ / kRunFile, *content);
  if (!run_.contains("schema") || run_["schema"] != kRunSchema)
    throw UserError((path_ / kRunFile).string() + ": another version of HVLab wrote this run");
  state_ = state_of(run_);
}

std::vector<RunReader> RunReader::cells() const {
  std::vector<RunReader> cells;
  if (!has_cells()) return cells;
  try {
    for (const Json& cell : run_["cells"]) {
      const fs::path folder = path_ / cell.at("folder").get<std::string>();
      if (!holds_run(folder)) continue;  // its turn has not come
      RunReader& reader = cells.emplace_back(folder.string());
      reader.title_ = cell.at("cell").get<std::string>();
      reader.settings_ = cell.at("settings");
    }
  } catch (const Json::exception& error) {
    throw UserError((path_ / kRunFile).string() + ": damaged: " + error.what());
  }
  return cells;
}

void RunReader::lacks(const std::string& file) const {
  static constexpr const char* kWhy[] = {"; it is still running", "", "; it is partial", "; it was killed"};
  if (const std::vector<RunReader> runs = cells(); !runs.empty())
    throw RunMissing("the run '" + path_.string() + "' has cells; which? '" + runs.front().path().string() +
                     "' is the first");
  throw RunMissing("the run '" + path_.string() + "' has no " + file + kWhy[static_cast<size_t>(state_)]);
}

bool RunReader::has(const std::string& file) const {
  std::error_code ignored;
  return fs::is_regular_file(path_ / file, ignored);
}

std::string RunReader::content(const std::string& file) const {
  auto text = read(path_ / file);
  if (!text) lacks(file);
  return std::move(*text);
}

const Json& RunReader::stats() const {
  if (stats_.is_null()) stats_ = parse(path_ / kStatsFile, content(kStatsFile));
  return stats_;
}

TraceReader RunReader::trace() const {
  if (!has(kTraceFile)) lacks(kTraceFile);
  return TraceReader((path_ / kTraceFile).string());
}

}  // namespace hvlab::record
