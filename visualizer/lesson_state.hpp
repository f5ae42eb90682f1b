// Where someone is in a lesson: in the state's options lesson.*, and kept from one start to the next.
#pragma once

#include <string>
#include <vector>

#include "sim/views/lesson_files.hpp"
#include "visualizer/frame.hpp"

namespace hvlab::visualizer {

/// What the state says.
views::LessonProgress progress_of(const ViewState& state);
void set_progress(ViewState& state, const views::LessonProgress& progress);

/// Makes the state look at what `arguments` (views::view_arguments) say, but for the lesson, language and
/// theme. The runs to open are returned; empty if they are open. Of the same view and options only the runs
/// change: where someone has gone to in the picture stays. Throws UserError if the arguments are none.
std::vector<std::string> look_at(ViewState& state, const std::vector<std::string>& arguments);

/// The file that keeps how far someone has come.
std::filesystem::path progress_file();

}  // namespace hvlab::visualizer
