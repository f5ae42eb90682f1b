#include "sim/views/lesson_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "sim/base/user_error.hpp"
#include "sim/record/run_reader.hpp"

namespace hvlab::views {

namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Given given_word(const std::string& word) {
  if (word == "-") return {.how = Given::How::Skipped};
  if (word.size() < 2) return {};
  const char *begin = word.data() + 1, *end = word.data() + word.size();
  Given given;
  if (word[0] == 'n') {
    const auto [last, error] = std::from_chars(begin, end, given.number);
    if (error == std::errc() && last == end && std::isfinite(given.number)) given.how = Given::How::Number;
  } else if (word[0] == 'o') {
    const auto [last, error] = std::from_chars(begin, end, given.option);
    if (error == std::errc() && last == end) given.how = Given::How::Option;
  }
  return given.how == Given::How::Nothing ? Given{} : given;
}

unsigned extreme(const std::vector<double>& values, bool largest) {
  const auto found = largest ? std::ranges::max_element(values) : std::ranges::min_element(values);
  return static_cast<unsigned>(found - values.begin());
}

Outcome::How judge_number(double said, double measured) {
  if (said == measured) return Outcome::How::Right;
  if (said * measured <= 0) return Outcome::How::Far;
  const double apart = std::abs(std::log(said / measured));
  if (apart <= std::log(1.25)) return Outcome::How::Right;
  if (apart <= std::log(2)) return Outcome::How::Near;
  return apart <= std::log(10) ? Outcome::How::Order : Outcome::How::Far;
}

// The number measured, and which option it makes right.
std::optional<Outcome> measured_outcome(const Question& question, const ValueOf& value_of) {
  using enum Question::Kind;
  std::vector<double> values;
  for (const Expression& answer : question.answers) {
    const std::optional<double> value = evaluate(answer, value_of);
    if (!value) return std::nullopt;
    values.push_back(*value / question.scale);
  }
  if (values.empty()) return std::nullopt;
  Outcome outcome;
  if (question.kind == Range) {
    const auto above = std::ranges::upper_bound(question.bounds, values.front());
    outcome.option = static_cast<unsigned>(above - question.bounds.begin());
  } else if (question.kind != Number) {
    outcome.option = extreme(values, question.kind == Largest);
  }
  outcome.measured = values[question.kind == Largest || question.kind == Smallest ? *outcome.option : 0];
  return outcome;
}

double count_lines(const std::string& text, const std::string& what) {
  const std::vector<std::string> lines = split(text, '\n');
  return static_cast<double>(std::ranges::count_if(
      lines, [&](const std::string& line) { return line.find(what) != std::string::npos; }));
}

// The entry of run.json or results.json that a cell's label or "#N" names; null if there is none.
const record::Json* cell_entry(const record::Json& cells, const std::string& cell) {
  unsigned number = 0;
  if (cell.starts_with('#')) std::from_chars(cell.data() + 1, cell.data() + cell.size(), number);
  if (number > cells.size()) return nullptr;
  if (number != 0) return &cells[number - 1];
  for (const record::Json& one : cells) {
    if (one.at("cell") == cell) return &one;
  }
  return nullptr;
}

}  // namespace

void LessonProgress::set(size_t question, const Given& answer) {
  if (given.size() <= question) given.resize(question + 1);
  given[question] = answer;
}

std::string to_text(const std::vector<Given>& given) {
  std::string text;
  for (const Given& one : given) {
    if (one.how == Given::How::Number) text += fmt::format("n{}", one.number);
    if (one.how == Given::How::Option) text += fmt::format("o{}", one.option);
    if (one.how == Given::How::Skipped) text += "-";
    text += ",";
  }
  return text;
}

std::vector<Given> given_of(const std::string& text) {
  std::vector<Given> given;
  for (const std::string& word : split(text, ',')) given.push_back(given_word(word));
  given.pop_back();  // behind the last comma
  return given;
}

std::string to_text(const std::map<std::string, std::string>& runs) {
  std::string text;
  for (const auto& [scenario, directory] : runs)
    text += (text.empty() ? "" : ";") + scenario + "=" + directory;
  return text;
}

std::map<std::string, std::string> runs_of(const std::string& text) {
  std::map<std::string, std::string> runs;
  for (const std::string& part : split(text, ';')) {
    const size_t equals = part.find('=');
    if (equals != std::string::npos) runs[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return runs;
}

bool all_predicted(const Lesson& lesson, const LessonProgress& progress) {
  const std::vector<const Question*> questions = lesson.questions();
  for (size_t i = 0; i < questions.size(); ++i) {
    if (questions[i]->kind != Question::Kind::Open && progress.answer(i).how == Given::How::Nothing)
      return false;
  }
  return true;
}

void skip_all(const Lesson& lesson, LessonProgress& progress) {
  const size_t count = lesson.questions().size();
  for (size_t i = 0; i < count; ++i) {
    if (progress.answer(i).how == Given::How::Nothing) progress.set(i, {.how = Given::How::Skipped});
  }
}

Outcome outcome_of(const Question& question, const Given& given, const ValueOf& value_of) {
  const std::optional<Outcome> measured = measured_outcome(question, value_of);
  if (!measured) return {};
  Outcome outcome = *measured;
  outcome.how = Outcome::How::Skipped;
  if (given.how == Given::How::Number && question.kind == Question::Kind::Number)
    outcome.how = judge_number(given.number, outcome.measured);
  if (given.how == Given::How::Option && outcome.option)
    outcome.how = given.option == *outcome.option ? Outcome::How::Right : Outcome::How::Far;
  return outcome;
}

std::vector<std::string> cell_directories(const std::string& run, const std::string& cell) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  try {
    const record::RunReader reader(run);
    if (!reader.has_cells()) return cell.empty() ? std::vector{run} : found;
    const record::Json& cells = reader.run().at("cells");
    const record::Json* only = cell.empty() ? nullptr : cell_entry(cells, cell);
    for (const record::Json& entry : cells) {
      const fs::path folder = fs::path(run) / entry.at("folder").get<std::string>();
      if ((cell.empty() || &entry == only) && fs::exists(folder / record::kRunFile))
        found.push_back(folder.string());
    }
  } catch (const std::exception&) {
    found.clear();  // not there yet, or damaged
  }
  return found;
}

std::optional<double> LessonResults::operator()(const Measure& measure) {
  const std::string key =
      measure.scenario + "/" + measure.cell + "/" + measure.metric + "/" + measure.console;
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  try {
    known_[key] = read(measure);
  } catch (const std::exception&) {
    known_[key] = std::nullopt;  // no such run, not whole, or damaged: not measured
  }
  return known_[key];
}

std::optional<double> LessonResults::read(const Measure& measure) const {
  const auto directory = runs_.find(measure.scenario);
  if (directory == runs_.end()) return std::nullopt;
  const record::RunReader run(directory->second);
  if (run.state() != record::RunState::Complete) return std::nullopt;
  if (measure.metric.empty()) {
    const std::vector<std::string> folders = cell_directories(directory->second, measure.cell);
    if (folders.size() != 1) return std::nullopt;
    return count_lines(record::RunReader(folders.front()).content("console/com1.txt"), measure.console);
  }
  const record::Json results = record::Json::parse(run.content("results.json"));
  const record::Json* cell = cell_entry(results.at("cells"), measure.cell);
  if (cell == nullptr || !cell->at("metrics").contains(measure.metric)) return std::nullopt;
  return cell->at("metrics")[measure.metric].at("value").get<double>();
}

}  // namespace hvlab::views
