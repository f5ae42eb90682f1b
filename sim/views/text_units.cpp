#include "sim/views/text_units.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace hvlab::views {

namespace {

size_t letter_bytes(std::string_view text) {
  const auto first = static_cast<u8>(text[0]);
  const size_t bytes = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(bytes, text.size());
}

// U+2E80 to U+9FFF, U+F900 to U+FFEF.
bool is_ideograph(std::string_view letter) {
  if (letter.size() < 3) return false;
  const auto first = static_cast<u8>(letter[0]), second = static_cast<u8>(letter[1]);
  return (first == 0xE2 && second >= 0xBA) || (first >= 0xE3 && first <= 0xE9) ||
         (first == 0xEF && second >= 0xA4);
}

bool is_one_of(std::string_view letter, std::string_view letters) {
  return !letter.empty() && letters.find(letter) != std::string_view::npos;
}
constexpr std::string_view kNotFirst =
    "、。，．・：；？！」』】）〕〉》)ー〜～ぁぃぅぇぉっゃゅょァィゥェォッャュョヶ々%";
constexpr std::string_view kNotLast = "「『【（〔〈《(";

// Whether a line may end between two letters.
bool may_end(std::string_view before, std::string_view after) {
  if (after == " " || is_one_of(after, kNotFirst) || is_one_of(before, kNotLast)) return false;
  return before == " " || is_ideograph(before) || is_ideograph(after);
}

bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 && (std::isalnum(byte) != 0 || c == '-');
}

char small(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return small(x) == small(y); });
}

// How many bytes of `text` at `at` are the word `name`; 0 if they are not.
size_t match_at(std::string_view text, size_t at, std::string_view name) {
  if (name.empty() || at + name.size() > text.size() || !same_letters(text.substr(at, name.size()), name))
    return 0;
  if (is_letter(name.front()) && at > 0 && is_letter(text[at - 1])) return 0;
  size_t end = at + name.size();
  if (!is_letter(name.back())) return name.size();
  if (end < text.size() && small(text[end]) == 's') ++end;
  return end < text.size() && is_letter(text[end]) ? 0 : end - at;
}

struct Match {
  size_t word = 0, bytes = 0;
};

Match longest_at(std::string_view text, size_t at, const std::vector<Word>& words, bool code) {
  Match best;
  const auto consider = [&](size_t word, const std::string& name) {
    const size_t bytes = match_at(text, at, name);
    if (bytes > best.bytes && (!code || bytes == text.size())) best = {word, bytes};
  };
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].code && !code) continue;
    consider(i, words[i].name);
    for (const std::string& name : words[i].also) consider(i, name);
  }
  return best;
}

void add_span(MarkedSpans& marked, Span face, std::string text, int word) {
  if (text.empty()) return;
  face.text = std::move(text);
  marked.spans.push_back(std::move(face));
  marked.words.push_back(word);
}

}  // namespace

std::vector<TextUnit> text_units(const Spans& spans) {
  std::vector<TextUnit> units;
  std::string before = " ";
  for (size_t i = 0; i < spans.size(); ++i) {
    std::string_view text = spans[i].text;
    bool first = true;
    while (!text.empty()) {
      const std::string_view letter = text.substr(0, letter_bytes(text));
      const bool after_path = spans[i].code && before == "/" && !first &&
                              units.back().text.size() > 3;  // a long path has to end somewhere
      const bool ends = may_end(before, letter) || after_path || letter == "\n" || before == "\n";
      if (first || ends) {
        units.push_back({i, std::string(letter), ends || units.empty()});
      } else {
        units.back().text += letter;
      }
      before = letter;
      first = false;
      text.remove_prefix(letter.size());
    }
  }
  return units;
}

MarkedSpans mark_words(const Spans& spans, const std::vector<Word>& words, std::set<size_t>& seen) {
  MarkedSpans marked;
  for (const Span& span : spans) {
    const std::string_view text = span.text;
    size_t plain = 0, at = 0;
    while (at < text.size()) {
      const Match match = longest_at(text, at, words, span.code);
      if (match.bytes == 0) {
        at += letter_bytes(text.substr(at));
        continue;
      }
      if (seen.insert(match.word).second) {
        add_span(marked, span, std::string(text.substr(plain, at - plain)), -1);
        add_span(marked, span, std::string(text.substr(at, match.bytes)), static_cast<int>(match.word));
        plain = at + match.bytes;
      }
      at += match.bytes;
    }
    add_span(marked, span, std::string(text.substr(plain)), -1);
  }
  return marked;
}

}  // namespace hvlab::views
