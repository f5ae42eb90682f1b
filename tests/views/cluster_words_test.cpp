// Catches something that the simulation of clusters was taught to tell and that nobody has a word, or a
// class, for: it would stand in the list under its key, as if it were something ordinary.
#include <catch2/catch.hpp>

#include "sim/cluster/life.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/cluster/migration.hpp"
#include "sim/views/cluster_events.hpp"
#include "sim/views/messages.hpp"

namespace hvlab::views {

TEST_CASE("every occurrence has a class, and words in every language") {
  for (const std::string& kind : cluster::occurrence_names()) {
    CAPTURE(kind);
    CHECK(known_class(kind).has_value());
    for (const std::string& language : languages())
      CHECK(Messages::load(language).has("cluster.event." + kind));
  }
  CHECK(class_of("ha-dead") == EventClass::Availability);
  CHECK(class_of("snapshot") == EventClass::Machine);
  CHECK_FALSE(known_class("of-a-later-version").has_value());
  CHECK(class_of("of-a-later-version") == EventClass::Machine);
}

TEST_CASE("every reason of a move, and every rule, has words in every language") {
  std::vector<std::string> keys;
  for (size_t i = 0; i < static_cast<size_t>(cluster::MoveReason::Count); ++i)
    keys.push_back("cluster.why." + std::string(name(static_cast<cluster::MoveReason>(i))));
  for (size_t i = 1; i < static_cast<size_t>(cluster::PlaceRule::Count); ++i)  // the first is none
    keys.push_back("cluster.rule." + std::string(name(static_cast<cluster::PlaceRule>(i))));
  for (const std::string& language : languages()) {
    const Messages messages = Messages::load(language);
    for (const std::string& key : keys) {
      CAPTURE(language, key);
      CHECK(messages.has(key));
    }
  }
}

}  // namespace hvlab::views
