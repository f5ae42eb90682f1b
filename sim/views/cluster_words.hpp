// What happened in clusters, and why, in the words of a catalogue of messages.
#pragma once

#include <string>
#include <vector>

#include "sim/record/cluster_reader.hpp"
#include "sim/views/messages.hpp"

namespace hvlab::views {

/// The key of what a recording calls by a text of its own: "cluster.refusal.not-enough-memory" of the kind
/// "refusal" and "not enough memory".
std::string word_key(const std::string& kind, const std::string& text);
/// The words for it; the text itself if the catalogue has none, as of a later version.
std::string words_of(const Messages& say, const std::string& kind, const std::string& text);

/// What an occurrence of this name is called: "move begins"; the name itself if the catalogue has no words.
std::string event_words(const Messages& say, const std::string& name);
/// value_text() in words.
std::string value_words(const Messages& say, const record::ClusterFacts& facts,
                        const record::ClusterEvent& event);

/// Why it moved: who asked, with which figures; how it ended. Each sentence with the key of its message
/// ("cluster.why.benefit").
struct WhySentence {
  std::string key, text;
};
std::vector<WhySentence> why_moved(const Messages& say, const record::ClusterFacts& facts,
                                   const record::ClusterMove& move);

}  // namespace hvlab::views
