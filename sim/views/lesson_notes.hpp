// What a lesson's document says to the viewer: comments in it, in YAML.
#pragma once

#include <string>
#include <vector>

#include "sim/views/lesson.hpp"

namespace hvlab::views {

/// "view: NAME RUN... --OPTION=VALUE...", "step", or "predict: {...}".
struct LessonNote {
  enum class Kind : u8 { View, Step, Predict };
  Kind kind = Kind::Step;
  std::vector<std::string> view;
  Question question;  // without text and options
};

/// Reads what stands between <!-- and -->. Throws UserError.
LessonNote parse_note(const std::string& text);

/// A question from its list's item: its text, its options (a list below it), and how it is answered (a
/// comment below that). Throws UserError.
Question question_of(const Block& item);

}  // namespace hvlab::views
