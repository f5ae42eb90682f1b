#include "sim/views/lesson.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/user_error.hpp"
#include "sim/views/lesson_notes.hpp"

namespace hvlab::views {

namespace {

/// Takes a document's blocks one by one and puts them into steps.
class LessonReader {
 public:
  LessonReader(const std::string& file, const std::string& name) : file_(file) { lesson_.name = name; }

  void read(Block block) {
    try {
      if (block.kind == Block::Kind::Heading) return read_heading(block);
      if (block.kind == Block::Kind::Comment) return read_note(block);
      if (lesson_.steps.empty()) return read_intro(block);
      read_content(std::move(block));
    } catch (const UserError& error) {
      throw UserError(fmt::format("{}:{}: {}", file_, block.line, error.what()));
    }
  }

  Lesson finish() {
    if (chapters_ != kChapters)
      throw UserError(
          fmt::format("{}: a lesson has {} sections (##): what you need to know, predict, run, look, "
                      "explain, change one thing; here are {}",
                      file_, kChapters, chapters_));
    if (lesson_.scenarios.empty()) throw UserError(file_ + ": its section 'run' runs no scenario");
    return std::move(lesson_);
  }

 private:
  LessonStep& step() { return lesson_.steps.back(); }

  void begin_step(Chapter chapter, const std::string& title) {
    LessonStep step;
    step.chapter = chapter;
    step.title = title;
    lesson_.steps.push_back(std::move(step));
  }

  // Another of the same section, with the view there is.
  void continue_step() {
    const std::vector<std::string> view = step().view;
    begin_step(step().chapter, step().title);
    step().view = view;
  }

  void read_heading(const Block& block) {
    const std::string title = plain_text(block.spans);
    if (block.number == 1) {
      lesson_.title = title;
    } else if (block.number == 2) {
      if (chapters_ == kChapters) throw UserError("'" + title + "' is one section too many");
      begin_step(static_cast<Chapter>(chapters_++), title);
    } else {
      step().blocks.push_back(block);
    }
  }

  void read_intro(const Block& block) {
    if (!lesson_.intro.empty()) return;
    for (const Span& span : block.spans) {
      if (span.link.empty()) lesson_.intro += span.text;
    }
    // what stood between the links to the other language and to the list of lessons
    const size_t end = lesson_.intro.find_last_not_of(" ·");
    lesson_.intro.resize(end == std::string::npos ? 0 : end + 1);
  }

  void read_note(const Block& block) {
    const LessonNote note = parse_note(block.text);
    if (lesson_.steps.empty()) throw UserError("a comment for the viewer stands before the first section");
    if (note.kind == LessonNote::Kind::Predict)
      throw UserError("'predict' belongs into a question, an item of the list in the section 'predict'");
    if (!step().blocks.empty() || !step().questions.empty() || !step().view.empty()) continue_step();
    if (note.kind == LessonNote::Kind::View) step().view = note.view;
  }

  void read_content(Block block) {
    if (step().chapter == Chapter::Run && block.kind == Block::Kind::Code) read_commands(block.text);
    if (step().chapter != Chapter::Predict || block.kind != Block::Kind::List) {
      step().blocks.push_back(std::move(block));
      return;
    }
    for (const Block& item : block.children) step().questions.push_back(question_of(item));
  }

  void read_commands(const std::string& text) {
    const std::string start = "hvlab run scenarios/lessons/", end = ".yaml";
    for (const std::string& word : split_lines(text)) {
      if (word.starts_with(start) && word.ends_with(end))
        lesson_.scenarios.push_back(word.substr(start.size(), word.size() - start.size() - end.size()));
    }
  }

  static std::vector<std::string> split_lines(const std::string& text) {
    std::vector<std::string> lines(1);
    for (const char c : text) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += c;
      }
    }
    return lines;
  }

  std::string file_;
  Lesson lesson_;
  unsigned chapters_ = 0;
};

}  // namespace

std::vector<const Question*> Lesson::questions() const {
  std::vector<const Question*> all;
  for (const LessonStep& step : steps) {
    for (const Question& question : step.questions) all.push_back(&question);
  }
  return all;
}

size_t Lesson::step_of(Chapter chapter) const {
  const auto found = std::ranges::find(steps, chapter, &LessonStep::chapter);
  return static_cast<size_t>(found - steps.begin());
}

Lesson parse_lesson(const std::string& file, const std::string& name, const std::string& text) {
  LessonReader reader(file, name);
  for (Block& block : parse_markdown(text)) reader.read(std::move(block));
  return reader.finish();
}

}  // namespace hvlab::views
