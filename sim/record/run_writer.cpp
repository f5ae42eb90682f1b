#include "sim/record/run_writer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "sim/base/user_error.hpp"
#include "sim/record/output_file.hpp"

namespace hvlab::record {

namespace fs = std::filesystem;

namespace {

constexpr unsigned kMostInOneSecond = 1000;

std::string document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

[[noreturn]] void cannot_make(const fs::path& path, const std::error_code& error) {
  throw UserError("cannot make the run directory '" + path.string() + "': " + error.message());
}

void make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) cannot_make(path, error);
}

// "20261122T140532Z"
std::string stamp() {
  std::string text = utc_now();
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

bool is_name(const std::string& text) {
  return !text.starts_with('.') && !text.starts_with('-') && text.find('/') == std::string::npos;
}

}  // namespace

RunWriter::RunWriter(const std::string& where, const Json& about) {
  if (where.empty()) throw UserError("a run directory needs a name");
  if (is_name(where))
    make_stamped(where);
  else
    make_given(where);
  run_ = {{"schema", kRunSchema}, {"state", name(RunState::Running)}};
  if (about.is_object()) run_.update(about);
  run_["started"] = utc_now();
  run_["process"] = process_identity();
  run_["host"] = host_facts();
  const std::error_code error = claim();
  if (error == std::errc::file_exists)
    throw UserError("'" + path_.string() + "' holds a run already; give another directory, or remove it");
  if (error) cannot_make(path_, error);
}

// Of two runs that begin in one directory only one gets it: link() makes run.json whole, or not at all. Where
// there are no links it is made empty first; readers take that for damaged.
std::error_code RunWriter::claim() const {
  const std::string file = (path_ / kRunFile).string();
  const std::string temporary = (path_ / (".run-" + std::to_string(getpid()))).string();
  const std::string problem = replace_file(temporary, document(run_));
  if (!problem.empty()) throw UserError("cannot write the run directory: " + problem);
  std::error_code error;
  if (link(temporary.c_str(), file.c_str()) != 0) error = {errno, std::generic_category()};
  if (error && error != std::errc::file_exists) {
    error.clear();
    const int made = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made < 0) error = {errno, std::generic_category()};
    if (made >= 0) close(made);
    if (!error && rename(temporary.c_str(), file.c_str()) != 0) error = {errno, std::generic_category()};
  }
  unlink(temporary.c_str());
  return error;
}

void RunWriter::make_stamped(const std::string& name) {
  const fs::path folder = fs::path(kRunsFolder) / name;
  make_folders(folder);
  const std::string base = stamp();
  stamped_ = true;
  for (unsigned i = 1; i < kMostInOneSecond; ++i) {
    path_ = folder / (i == 1 ? base : base + "-" + std::to_string(i));
    std::error_code error;
    if (fs::create_directory(path_, error)) return;  // false if it was there: another run's
    if (error) cannot_make(path_, error);
  }
  throw UserError("'" + folder.string() + "': too many runs begin at once");
}

void RunWriter::make_given(const std::string& directory) {
  path_ = directory;
  make_folders(path_);
}

RunWriter::~RunWriter() {
  if (!finished_) finish(RunState::Partial, {{"problem", "the program ended before the run did"}});
}

std::string RunWriter::streamed(const std::string& name) const {
  const fs::path path = path_ / name;
  std::error_code ignored;  // whoever opens the file will say what is wrong
  fs::create_directories(path.parent_path(), ignored);
  return path.string();
}

void RunWriter::put(const std::string& name, std::string_view bytes) {
  note_problem(replace_file(streamed(name), bytes));
}

void RunWriter::note_problem(const std::string& problem) {
  if (problem_.empty()) problem_ = problem;
}

void RunWriter::finish(RunState state, const Json& result) {
  finished_ = true;
  run_["state"] = name(problem_.empty() ? state : RunState::Partial);
  run_["ended"] = utc_now();
  if (!problem_.empty()) run_["problem"] = problem_;
  if (result.is_object()) run_.update(result);
  note_problem(replace_file((path_ / kRunFile).string(), document(run_)));
  if (stamped_) point_latest();
}

void RunWriter::point_latest() {
  const fs::path link = path_.parent_path() / kLatest;
  const fs::path temporary = path_.parent_path() / (".latest-" + std::to_string(getpid()));
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_directory_symlink(path_.filename(), temporary, error);
  if (!error) fs::rename(temporary, link, error);
  if (error) note_problem(link.string() + ": " + error.message());
}

}  // namespace hvlab::record
