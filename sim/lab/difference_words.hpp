// Differences between runs in sentences: templates of messages/LANGUAGE.yaml ("why"), meanings of explain/.
#pragma once

#include <string>
#include <vector>

#include "sim/lab/comparison_differences.hpp"
#include "sim/lab/explain_data.hpp"
#include "sim/views/messages.hpp"

namespace hvlab::lab {

/// What explain/ says of accounts and exit reasons (AMD's, then Intel's).
struct Meanings {
  std::vector<Explanation> accounts, exits;
};
/// Throws UserError if a data file is damaged.
Meanings read_meanings();

struct Words {
  views::Messages messages;
  Meanings meanings;
};
/// Throws UserError if there is no such language.
Words words_of(const std::string& language, const Meanings& meanings);

/// A few sentences: what differs by how much; what the extra consists of, by what was measured; what exits
/// have to do with it; what the most frequent reason means. What the numbers do not tell is said too. Of the
/// same numbers always the same.
std::string why(const Difference& difference, const Words& words);

/// The names that `hvlab explain` knows and that the sentences speak of.
std::vector<std::string> explained_names(const Difference& difference);

/// Three digits with a unit that suits: "12.4 ms", "67.0 MiB".
std::string seconds_text(double seconds);
std::string bytes_text(double bytes);
/// Whole, with commas: "57,050".
std::string count_text(double count);

}  // namespace hvlab::lab
