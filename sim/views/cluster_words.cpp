#include "sim/views/cluster_words.hpp"

#include <cctype>

#include "sim/views/cluster_events.hpp"
#include "sim/views/cluster_moves.hpp"
#include "sim/views/cluster_picture.hpp"

namespace hvlab::views {

std::string word_key(const std::string& kind, const std::string& text) {
  std::string key = "cluster." + kind + ".";
  for (const char c : text) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter) {
      key += c;
    } else if (key.back() != '-') {
      key += '-';
    }
  }
  return key;
}

std::string words_of(const Messages& say, const std::string& kind, const std::string& text) {
  const std::string key = word_key(kind, text);
  return say.has(key) ? say(key) : text;
}

std::string event_words(const Messages& say, const std::string& name) { return words_of(say, "event", name); }

std::string value_words(const Messages& say, const record::ClusterFacts& facts,
                        const record::ClusterEvent& event) {
  const std::string text = value_text(facts, event);
  if (event.what >= facts.events.size() || text.empty()) return text;
  const std::string& kind = facts.events[event.what].value;
  return kind == "refusal" || kind == "fault" || kind == "reason" ? words_of(say, kind, text) : text;
}

std::vector<WhySentence> why_moved(const Messages& say, const record::ClusterFacts& facts,
                                   const record::ClusterMove& move) {
  std::vector<WhySentence> sentences;
  for (auto [key, values] : why_lines(facts, move)) {
    if (key == "cluster.why.failed") values = {words_of(say, "refusal", values.front())};
    sentences.push_back({key, say(key, values)});
  }
  return sentences;
}

}  // namespace hvlab::views
