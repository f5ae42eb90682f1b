#include "sim/views/lesson_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/run_files.hpp"

namespace hvlab::views {

namespace fs = std::filesystem;
using record::Json;

namespace {

std::string content(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) throw UserError("'" + file.string() + "' cannot be read");
  return out.str();
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_number(const std::string& text, const Lesson& lesson) {
  return text == lesson.name || text == lesson.name.substr(0, lesson.name.find('-'));
}

Json read_all(const fs::path& file) {
  std::ifstream in(file);
  Json all = Json::parse(in, nullptr, false);
  return all.is_object() ? all : Json::object();
}

std::vector<std::string> directories_of(const std::string& word,
                                        const std::map<std::string, std::string>& runs) {
  const size_t slash = word.find('/');
  const auto run = runs.find(word.substr(0, slash));
  if (run == runs.end()) return {};
  return cell_directories(run->second, slash == std::string::npos ? "" : word.substr(slash + 1));
}

}  // namespace

std::vector<Lesson> load_lessons(const std::string& language) {
  const fs::path folder = data_folder(language == "en" ? "docs/lessons" : "docs/" + language + "/lessons");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".md" && std::isdigit(static_cast<unsigned char>(name[0])) != 0)
      files.push_back(entry.path());
  }
  std::ranges::sort(files, {},
                    [](const fs::path& file) { return std::stoi(file.stem().string()); });  // 10 after 9
  std::vector<Lesson> lessons;
  lessons.reserve(files.size());
  for (const fs::path& file : files)
    lessons.push_back(parse_lesson(file.string(), file.stem().string(), content(file)));
  return lessons;
}

const Lesson& find_lesson(const std::vector<Lesson>& lessons, const std::string& text) {
  std::vector<const Lesson*> found;
  for (const Lesson& lesson : lessons) {
    if (is_number(text, lesson)) return lesson;
    if (!text.empty() && lower(lesson.name + " " + lesson.title).find(lower(text)) != std::string::npos)
      found.push_back(&lesson);
  }
  if (found.size() == 1) return *found.front();
  throw UserError(fmt::format("--lesson '{}': {}. There are\n{}", text,
                              found.empty() ? "there is no such lesson" : "more than one is called so",
                              lesson_list(lessons)));
}

std::string lesson_list(const std::vector<Lesson>& lessons) {
  std::string text;
  for (const Lesson& lesson : lessons) text += fmt::format("  {:<20} {}\n", lesson.name, lesson.title);
  return text;
}

std::vector<std::string> view_arguments(const LessonStep& step,
                                        const std::map<std::string, std::string>& runs) {
  std::vector<std::string> arguments, options;
  if (step.view.empty()) return {};
  for (const std::string& word : std::vector(step.view.begin() + 1, step.view.end())) {
    if (word.starts_with("--")) {
      options.push_back(word);
    } else {
      const std::vector<std::string> directories = directories_of(word, runs);
      arguments.insert(arguments.end(), directories.begin(), directories.end());
    }
  }
  for (const auto& [name, directory] : runs) {
    if (step.chapter != Chapter::Change || name.find('+') == std::string::npos) continue;
    const std::vector<std::string> tried = cell_directories(directory, "");
    arguments.insert(arguments.end(), tried.begin(), tried.end());
  }
  if (arguments.empty()) return {};
  arguments.push_back("--view=" + step.view.front());
  arguments.insert(arguments.end(), options.begin(), options.end());
  return arguments;
}

LessonProgress load_progress(const fs::path& file, const std::string& name) {
  try {
    const Json all = read_all(file);
    if (!all.contains(name)) return {};
    const Json& kept = all[name];
    LessonProgress progress;
    progress.step = kept.at("step").get<unsigned>();
    progress.given = given_of(kept.at("answers").get<std::string>());
    progress.runs = runs_of(kept.at("runs").get<std::string>());
    return progress;
  } catch (const Json::exception&) {
    return {};
  }
}

bool save_progress(const fs::path& file, const std::string& name, const LessonProgress& progress) {
  Json all = read_all(file);
  all[name] = {
      {"step", progress.step}, {"answers", to_text(progress.given)}, {"runs", to_text(progress.runs)}};
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  fs::path fresh = file;
  fresh += ".new";
  {
    std::ofstream out(fresh);
    out << all.dump(1) << '\n';
    if (!out.flush()) return false;
  }
  fs::rename(fresh, file, error);  // whole or not at all
  return !error;
}

}  // namespace hvlab::views
