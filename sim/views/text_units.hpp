// Text cut where a line may end, and words of it that have a meaning to tell.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sim/views/markdown.hpp"

namespace hvlab::views {

/// What stays together on a line.
struct TextUnit {
  size_t span = 0;     // which of the spans it is of
  std::string text;    // with the spaces behind it
  bool breaks = true;  // a line may begin with it
};

/// Cuts text between words, and in Japanese between letters: but not before a closing mark, a small letter or
/// a long vowel, nor behind an opening mark (the usual line breaking rules, JIS X 4051). Line feeds are
/// units.
std::vector<TextUnit> text_units(const Spans& spans);

/// A word that `hvlab explain` knows.
struct Word {
  std::string name;
  std::vector<std::string> also;  // other spellings and languages
  std::string meaning, source;
  bool code = false;  // only what stands as code is this word
};

/// Spans of which some are words: of each span the word's number, or -1.
struct MarkedSpans {
  Spans spans;
  std::vector<int> words;
};

/// Finds words in `spans`, the longest first: whole words, of any case, with a plural's s. Each is marked
/// once: those in `seen` are not marked again. Code is a word only as a whole.
MarkedSpans mark_words(const Spans& spans, const std::vector<Word>& words, std::set<size_t>& seen);

}  // namespace hvlab::views
