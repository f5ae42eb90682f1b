// Catches a text that one language has and another lacks, and places for values that differ.
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "sim/base/user_error.hpp"
#include "sim/observe/io_request.hpp"
#include "sim/views/hop_words.hpp"
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

// Catches a hop that is English on a Japanese page, and English words that differ from those of stats.json.
TEST_CASE("every hop of a request has its words in every language") {
  const Messages english = Messages::load("en"), japanese = Messages::load("ja");
  for (size_t i = 0; i < static_cast<size_t>(observe::IoOperation::Count); ++i) {
    for (size_t stage = 0; stage < observe::kIoStages; ++stage) {
      for (size_t place = 0; place < observe::kIoPlaces; ++place) {
        const std::string label =
            observe::io_hop_label(static_cast<observe::IoOperation>(i), static_cast<observe::IoStage>(stage),
                                  static_cast<observe::IoWhere>(place));
        CAPTURE(label);
        CHECK(hop_words(english, label) == label);
        const std::string words = hop_words(japanese, label);
        CHECK((words != label || label == "exit" || label == "entry"));
        CHECK(words.find_first_of(" ") ==
              (words.find(": ") == std::string::npos ? words.npos : words.find(": ") + 1));
      }
    }
  }
  CHECK(hop_words(japanese, "afterwards: medium") == "その後: 媒体");
}

}  // namespace hvlab::views
