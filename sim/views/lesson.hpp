// A guided lab as its document says it: docs/lessons/README.md, "How to write one".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/views/answer.hpp"
#include "sim/views/markdown.hpp"

namespace hvlab::views {

/// The sections of a lesson, in their order.
enum class Chapter : u8 { Know, Predict, Run, Look, Explain, Change };
inline constexpr unsigned kChapters = 6;

/// Something to predict.
struct Question {
  enum class Kind : u8 {
    Open,      // to think about: nothing is measured
    Number,    // a number in `unit`
    Range,     // one of `options`; the answer is the one whose range holds the number measured
    Largest,   // one of `options`; the answer is the one with the largest number
    Smallest,  // the same, the smallest
  };
  Kind kind = Kind::Open;
  Spans text;
  std::vector<Spans> options;
  std::string unit;                  // of what is measured, for people: "us", "cycles"; empty: a count
  double scale = 1;                  // measures of one unit
  std::vector<Expression> answers;   // Number and Range: one; Largest, Smallest: one an option
  std::vector<std::string> sources;  // the answers as they were written
  std::vector<double> bounds;        // Range: in `unit`, between the options, ascending
  unsigned line = 0;
};

/// What is on the screen at once.
struct LessonStep {
  Chapter chapter = Chapter::Know;
  std::string title;  // of its section
  std::vector<Block> blocks;
  std::vector<Question> questions;
  std::vector<std::string> view;  // words: a view's name, SCENARIO[/CELL] to look at, options as --NAME=VALUE
};

struct Lesson {
  std::string name;   // "3-coscheduling"
  std::string title;  // "Lesson 3: strict against relaxed co-scheduling"
  std::string intro;
  std::vector<LessonStep> steps;
  std::vector<std::string> scenarios;  // what its section "run" runs, in order: "coscheduling"

  std::vector<const Question*> questions() const;
  /// The first step of a chapter.
  size_t step_of(Chapter chapter) const;
};

/// Reads a lesson. `file` is what messages call it. Throws UserError: which line, what, what to write.
Lesson parse_lesson(const std::string& file, const std::string& name, const std::string& text);

/// A unit's size in measures as results have them (picoseconds, bytes, parts of one): "us" 1e6, "MiB" 2^20,
/// "%" 0.01; 1 of a count ("cycles"); nothing of a word that is none.
std::optional<double> unit_scale(const std::string& unit);

/// At spaces, but not within "quotes", which go.
std::vector<std::string> split_words(const std::string& text);

}  // namespace hvlab::views
