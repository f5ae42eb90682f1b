#include "sim/analysis/verdict.hpp"

#include <fmt/format.h>

#include <array>

namespace hvlab::analysis {

std::string_view name(Word word) {
  constexpr std::array<std::string_view, 4> kNames = {"holds", "holds if", "does not hold",
                                                      "cannot be tested here"};
  return kNames[static_cast<size_t>(word)];
}

int compare(double a, double b) {
  if (a > b * kTie) return 1;
  return b > a * kTie ? -1 : 0;
}

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

std::string list(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i)
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : between) + words[i];
  return text;
}

}  // namespace hvlab::analysis
