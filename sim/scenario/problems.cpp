#include "sim/scenario/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace hvlab::scenario {

namespace {

constexpr size_t kMostShown = 50;  // problems; the rest is counted
constexpr size_t kWidest = 160;    // bytes of a line that are shown

/// Line `number` (from 1) of a text, without its end.
std::string_view line_of(std::string_view text, u32 number) {
  for (; number > 1; --number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

/// Bytes of the UTF-8 sequence that starts with `lead`.
size_t sequence_length(unsigned char lead) {
  if (lead < 0xC0) return 1;
  return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/// Columns that UTF-8 text takes on a terminal: characters from U+1100 on that are three bytes or more in
/// UTF-8 are counted as wide, which holds for Japanese.
size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = sequence_length(static_cast<unsigned char>(text[at]));
    columns += length >= 3 ? 2 : 1;
    at += length;
  }
  return columns;
}

/// Characters of UTF-8 text.
size_t characters_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// What a terminal may be shown: control characters become blanks.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return result;
}

}  // namespace

u16 Problems::add_text(std::string name, std::string content) {
  texts_.push_back({std::move(name), std::move(content)});
  return static_cast<u16>(texts_.size() - 1);
}

void Problems::add(const Place& place, std::string_view shown, std::string message, std::string expected) {
  for (const Problem& known : problems_) {
    if (known.place == place && known.message == message) return;
  }
  const u32 width = std::max(1u, static_cast<u32>(shown.substr(0, shown.find('\n')).size()));
  problems_.push_back({place, width, std::move(message), std::move(expected)});
}

std::string Problems::name_of(const Place& place) const {
  if (place.text >= texts_.size()) return "";
  const SourceText& text = texts_[place.text];
  if (place.line == 0) return text.name;
  const std::string_view line = line_of(text.content, place.line);
  return fmt::format("{}:{}:{}", text.name, place.line, characters_of(line.substr(0, place.column - 1)) + 1);
}

std::string Problems::excerpt(const Problem& problem) const {
  if (problem.place.line == 0 || problem.place.text >= texts_.size()) return "";
  const std::string_view line = line_of(texts_[problem.place.text].content, problem.place.line);
  const size_t at = std::min<size_t>(problem.place.column - 1, line.size());
  if (line.empty() || at >= kWidest) return "";
  const std::string_view shown = line.substr(0, kWidest);
  const size_t underlined = columns_of(shown.substr(at, problem.width));
  return fmt::format("{:>5} | {}\n      | {:{}}{:^>{}}\n", problem.place.line, printable(shown), "",
                     columns_of(shown.substr(0, at)), "", std::max<size_t>(1, underlined));
}

std::string Problems::report() const {
  std::vector<const Problem*> sorted;
  sorted.reserve(problems_.size());
  for (const Problem& problem : problems_) sorted.push_back(&problem);
  std::ranges::stable_sort(sorted, {}, [](const Problem* problem) { return problem->place; });
  std::string text;
  for (size_t i = 0; i < std::min(sorted.size(), kMostShown); ++i) {
    const Problem& problem = *sorted[i];
    text += fmt::format("{}: {}\n{}", name_of(problem.place), problem.message, excerpt(problem));
    if (!problem.expected.empty()) text += fmt::format("        expected: {}\n", problem.expected);
  }
  if (sorted.size() > kMostShown) text += fmt::format("and {} more\n", sorted.size() - kMostShown);
  return text;
}

}  // namespace hvlab::scenario
