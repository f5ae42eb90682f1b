// Catches a text that code asks for and no catalogue has (its key would stand in the window), and one that
// nothing asks for any more.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "sim/views/messages.hpp"

namespace hvlab::views {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The sources that say something from the catalogue.
std::vector<fs::path> speaking_sources() {
  std::vector<fs::path> found;
  for (const char* folder : {"visualizer", "sim/views", "sim/lab"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(HVLAB_SOURCE_DIR) / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cpp" && extension != ".hpp") continue;
      const std::string text = content(entry.path());
      if (text.find("essages") != std::string::npos || text.find("say(") != std::string::npos)
        found.push_back(entry.path());
    }
  std::ranges::sort(found);
  return found;
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it)
    found.insert((*it)[1].str());
  return found;
}

// "a.b" where it is said as it stands, alone or as one of two.
std::set<std::string> said_literals(const std::string& text) {
  static const std::regex kAlone(R"re((?:say|messages_?)\(\s*"([^"]+)"\s*[,)])re");
  static const std::regex kFirst(R"re(say\([^"()]*\?\s*"([^"]+)"\s*:)re");
  static const std::regex kSecond(R"re(say\([^"()]*\?\s*"[^"]+"\s*:\s*"([^"]+)"\s*[,)])re");
  std::set<std::string> found = matches(text, kAlone);
  found.merge(matches(text, kFirst));
  found.merge(matches(text, kSecond));
  return found;
}

}  // namespace

TEST_CASE("every text that code asks for is in the catalogue, and none is left that nothing asks for") {
  static const std::regex kLiteral(R"re("((?:[^"\\\n]|\\.)*)")re");
  static const std::regex kPrefix(R"re("([a-z][a-z_.-]*\.)"\)?\s*\+)re");
  const Messages messages = Messages::load("en");
  std::set<std::string> literals, prefixes;
  size_t said = 0;
  for (const fs::path& file : speaking_sources()) {
    const std::string text = content(file);
    literals.merge(matches(text, kLiteral));
    prefixes.merge(matches(text, kPrefix));
    for (const std::string& key : said_literals(text)) {
      CAPTURE(file.string(), key);
      CHECK(messages.has(key));
      ++said;
    }
  }
  CHECK(said > 200);  // else the patterns above fit the code's style no more
  for (const auto& [key, text] : messages.all()) {
    CAPTURE(key);
    const auto begins = [&](const std::string& prefix) { return key.starts_with(prefix); };
    CHECK((literals.contains(key) || std::ranges::any_of(prefixes, begins)));
  }
}

}  // namespace hvlab::views
