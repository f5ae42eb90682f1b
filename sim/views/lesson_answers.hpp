// A student's answers, what was measured, and how they compare.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/views/lesson.hpp"

namespace hvlab::views {

/// What a student has said to a question.
struct Given {
  enum class How : u8 { Nothing, Skipped, Number, Option };
  How how = How::Nothing;
  double number = 0;  // in the question's unit
  unsigned option = 0;

  bool operator==(const Given&) const = default;
};

/// How far someone has come.
struct LessonProgress {
  unsigned step = 0;
  std::vector<Given> given;                 // by question; may be shorter
  std::map<std::string, std::string> runs;  // of each scenario that was run: its directory

  Given answer(size_t question) const { return question < given.size() ? given[question] : Given{}; }
  void set(size_t question, const Given& answer);
  bool operator==(const LessonProgress&) const = default;
};

/// One text for all answers: "n1400,o2,-,": a number, an option, skipped, nothing.
std::string to_text(const std::vector<Given>& given);
/// The reverse; what is no answer counts as none.
std::vector<Given> given_of(const std::string& text);

/// "SCENARIO=DIRECTORY;SCENARIO=DIRECTORY"
std::string to_text(const std::map<std::string, std::string>& runs);
std::map<std::string, std::string> runs_of(const std::string& text);

/// Whether every question has been answered or skipped: only then does the lesson run anything.
bool all_predicted(const Lesson& lesson, const LessonProgress& progress);
/// All that have no answer are skipped.
void skip_all(const Lesson& lesson, LessonProgress& progress);

/// What came of a prediction.
struct Outcome {
  enum class How : u8 {
    Unknown,  // not measured (yet), or nothing to measure
    Skipped,  // measured, and nothing was predicted
    Right,    // the option; the number within a quarter
    Near,     // the number within a factor of two
    Order,    // within a factor of ten
    Far,      // another option, another order of magnitude
  };
  How how = How::Unknown;
  double measured = 0;             // in the question's unit
  std::optional<unsigned> option;  // the one that is so
};

using ValueOf = std::function<std::optional<double>(const Measure&)>;

Outcome outcome_of(const Question& question, const Given& given, const ValueOf& value_of);

/// The directory of a run's cell by its label or "#N", or all of its cells' if `cell` is empty: of those that
/// have begun, in their order. Of a run that varies nothing its own.
std::vector<std::string> cell_directories(const std::string& run, const std::string& cell);

/// Values of measures in the runs that a lesson has made: from results.json and the consoles, read once.
class LessonResults {
 public:
  explicit LessonResults(std::map<std::string, std::string> runs) : runs_(std::move(runs)) {}
  /// Nothing if the run is not there, not whole, or has no such metric.
  std::optional<double> operator()(const Measure& measure);

 private:
  std::optional<double> read(const Measure& measure) const;

  std::map<std::string, std::string> runs_;
  std::map<std::string, std::optional<double>> known_;
};

}  // namespace hvlab::views
