// "Did you mean": the known word nearest to one that is not known.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hvlab::scenario {

/// Letters to insert, drop, replace, or swap with a neighbour to make `a` of `b` (optimal string alignment).
size_t edit_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, the first of equals; empty if none is near: more than a third of its
/// letters would have to change. Case and the choice of - or _ do not count.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

/// "; did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

/// "a, b, c", cut after about ten words.
std::string word_list(const std::vector<std::string>& words);

}  // namespace hvlab::scenario
