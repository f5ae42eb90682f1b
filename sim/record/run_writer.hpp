// Makes a run directory. docs/run-directory.md.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "sim/record/run_files.hpp"

namespace hvlab::record {

class RunWriter {
 public:
  /// Makes the directory, with a run.json that says "running" and holds the members of `about`. `where` is a
  /// directory if it has a slash in it (made if it is not there; it must not hold a run), else a name: then
  /// the directory is runs/NAME/STAMP below the current one. Throws UserError if it cannot be made.
  RunWriter(const std::string& where, const Json& about);
  /// A run that has not been finished is partial.
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Where to write file `name` bit by bit. It counts only once the run is finished.
  std::string streamed(const std::string& name) const;

  /// Writes file `name`, whole or not at all. A failure is kept for problem().
  void put(const std::string& name, std::string_view bytes);

  /// Keeps the first of what could not be written; such a run is partial.
  void note_problem(const std::string& problem);
  const std::string& problem() const { return problem_; }

  /// Leaves member `key` of run.json out from now on.
  void forget(const std::string& key) { run_.erase(key); }

  /// Ends the run: the last word of run.json, with the members of `result` added. Points `latest` to it.
  void finish(RunState state, const Json& result);

 private:
  std::error_code claim() const;
  void make_stamped(const std::string& name);
  void make_given(const std::string& directory);
  void point_latest();

  std::filesystem::path path_;
  bool stamped_ = false;  // under runs/NAME
  bool finished_ = false;
  Json run_;
  std::string problem_;
};

}  // namespace hvlab::record
