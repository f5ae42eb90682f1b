// Runs a lesson's scenarios with the program hvlab, one after the other, in the background.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "visualizer/ask.hpp"

namespace hvlab::visualizer {

/// A scenario that is run.
struct LessonRun {
  enum class State : u8 { Waiting, Running, Done, Failed };
  std::string name;  // among the lesson's runs
  std::string scenario;
  std::vector<std::string> rest;  // of the command line, behind the scenario's file
  State state = State::Waiting;
  std::string directory;  // of the run, once it has begun
  std::string problem;    // of Failed why; of Done what it said besides
  size_t cells = 0, ended = 0;
};

class LessonRunner {
 public:
  /// Begins with the first of `runs`; run directories go to runs/ in the current folder.
  void start(std::vector<LessonRun> runs, Asker& asker);

  /// Takes what has come, and begins the next. To be called often while running().
  void poll(Asker& asker);

  bool running() const;
  const std::vector<LessonRun>& runs() const { return runs_; }
  /// Of each run that has begun its directory, by its name.
  std::map<std::string, std::string> directories() const;
  /// Forgets what was run.
  void clear() { runs_.clear(); }

 private:
  void begin_next(Asker& asker);
  void look_for_directory(LessonRun& run);

  std::vector<LessonRun> runs_;
  std::set<std::string> before_;  // directories that were there before the run that goes on
};

}  // namespace hvlab::visualizer
