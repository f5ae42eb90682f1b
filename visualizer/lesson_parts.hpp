// The parts of the lesson's view.
#pragma once

#include "sim/views/lesson_commands.hpp"
#include "visualizer/lesson_runner.hpp"
#include "visualizer/lesson_state.hpp"
#include "visualizer/rich_text.hpp"

namespace hvlab::visualizer {

/// What the parts of one frame share.
struct LessonFrame {
  Frame& frame;
  const views::Lesson& lesson;
  views::LessonProgress& progress;  // what is changed here goes to the state
  LessonRunner& runner;
  views::LessonResults& results;
  Reading& reading;
};

/// Cards with the questions of a step: to answer, or what came of the answers once they are measured.
void draw_questions(LessonFrame& at, const views::LessonStep& step);

/// The button that runs, what it does, how far it is; afterwards the predictions beside what was measured.
void draw_run(LessonFrame& at);

/// Commands that the step's text suggests: each can be run, and is shown beside what was run before.
void draw_commands(LessonFrame& at, const views::LessonStep& step);

/// Whether the scenarios may be run now, and running them.
bool may_run(const LessonFrame& at);
void run_lesson(LessonFrame& at);

/// The consoles of the runs that are shown, side by side.
void draw_consoles(Frame& frame);

/// The lessons there are, to choose from.
void draw_lesson_list(Frame& frame, const std::vector<views::Lesson>& lessons);

}  // namespace hvlab::visualizer
