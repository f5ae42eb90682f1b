// Would catch: suggestions that are far from the word, or missing where one letter is wrong.
#include "sim/scenario/spelling.hpp"

#include <catch2/catch.hpp>

using namespace hvlab::scenario;

TEST_CASE("distances count letters to insert, drop, replace and swap") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("cores", "coers") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("same", "same") == 0);
}

TEST_CASE("the nearest word is suggested, and none that is far") {
  const std::vector<std::string> known = {"cores", "costs", "memory", "at_most"};
  CHECK(nearest("coers", known) == "cores");
  CHECK(nearest("Memory", known) == "memory");
  CHECK(nearest("at-most", known) == "at_most");
  CHECK(nearest("processor", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest(std::string(100'000, 'x'), known).empty());
}

TEST_CASE("a list that is too long says how much of it is left out, and leaves out more than one") {
  const std::vector<std::string> words = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
  CHECK(word_list(words) == "a, b, c, d, e, f, g, h, i, j, k, l, m");
  std::vector<std::string> more = words;
  more.emplace_back("n");
  CHECK(word_list(more) == "a, b, c, d, e, f, g, h, i, j, k, l, and 2 more");
}
