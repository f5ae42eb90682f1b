// Catches a text that one language has and another lacks, and places for values that differ.
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "sim/base/user_error.hpp"
#include "sim/views/messages.hpp"

namespace hvlab::views {
namespace {

std::set<std::string> places(const std::string& text) {
  static const std::regex kPlace(R"(\{[0-9]\})");
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), kPlace), end; it != end; ++it)
    found.insert(it->str());
  return found;
}

}  // namespace

TEST_CASE("every language has every text, with the same places for values") {
  const Messages english = Messages::load("en");
  REQUIRE(english.all().size() > 5);
  REQUIRE(languages() == std::vector<std::string>{"en", "ja"});
  for (const std::string& language : languages()) {
    const Messages other = Messages::load(language);
    for (const auto& [key, text] : english.all()) {
      CAPTURE(language, key);
      CHECK(other.has(key));
      CHECK(!other(key).empty());
      CHECK(places(other(key)) == places(text));
    }
    for (const auto& [key, text] : other.all()) {
      CAPTURE(language, key);
      CHECK(english.has(key));
    }
  }
}

TEST_CASE("a language without a catalogue is told with those that have one") {
  CHECK_THROWS_WITH(Messages::load("fr"), "language 'fr': there are en, ja");
}

TEST_CASE("values go to their places, and a place without one stays") {
  const Messages messages = Messages::load("en");
  CHECK(messages("{1} of {0}, {7} {x}", {"a", "b"}) == "b of a, {7} {x}");
}

}  // namespace hvlab::views
