#include "sim/scenario/spelling.hpp"

#include <algorithm>
#include <cctype>

namespace hvlab::scenario {

namespace {

constexpr size_t kLongest = 64;  // longer words are nobody's misspelling
constexpr size_t kListed = 12;

std::string folded(std::string_view word) {
  std::string result(word);
  for (char& c : result) c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  if (word.empty() || word.size() > kLongest) return "";
  const std::string wanted = folded(word);
  std::string best;
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = edit_distance(wanted, folded(candidate));
    if (distance >= least) continue;
    least = distance;
    best = candidate;
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string best = nearest(word, known);
  return best.empty() ? "" : "; did you mean '" + best + "'?";
}

std::string word_list(const std::vector<std::string>& words) {
  std::string text;
  const size_t listed = words.size() == kListed + 1 ? kListed + 1 : std::min(words.size(), kListed);
  for (size_t i = 0; i < listed; ++i) text += (i == 0 ? "" : ", ") + words[i];
  return words.size() > listed ? text + ", and " + std::to_string(words.size() - listed) + " more" : text;
}

}  // namespace hvlab::scenario
