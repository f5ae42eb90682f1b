// The lessons there are, and how far someone has come in each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/views/lesson_answers.hpp"

namespace hvlab::views {

/// All lessons of a language, in their order. Throws UserError if one is damaged.
std::vector<Lesson> load_lessons(const std::string& language);

/// The one that `text` names: its number, its name, or a word of its name or title. Throws UserError with the
/// list if there is none, or more than one.
const Lesson& find_lesson(const std::vector<Lesson>& lessons, const std::string& text);

/// Of each lesson its name, title and scenarios, a line each.
std::string lesson_list(const std::vector<Lesson>& lessons);

/// What a step's view looks at, as arguments of `hvlab view`: its runs' directories, then --view and options.
/// Nothing if the step has no view, or if none of its runs has begun. In the last chapter also what was tried
/// (runs called NAME+N).
std::vector<std::string> view_arguments(const LessonStep& step,
                                        const std::map<std::string, std::string>& runs);

/// What `file` keeps of lesson `name`; at its beginning if nothing is kept, or if what is kept is damaged.
LessonProgress load_progress(const std::filesystem::path& file, const std::string& name);
/// Returns false if it cannot be written.
bool save_progress(const std::filesystem::path& file, const std::string& name,
                   const LessonProgress& progress);

}  // namespace hvlab::views
