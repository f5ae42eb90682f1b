// Catches something that the simulation of clusters was taught to tell and that nobody has a word, or a
// class, for: it would stand in the list under its key, as if it were something ordinary.
#include <catch2/catch.hpp>

#include "cluster_samples.hpp"
#include "sim/cluster/faults.hpp"
#include "sim/cluster/life.hpp"
#include "sim/cluster/log_text.hpp"
#include "sim/cluster/migration.hpp"
#include "sim/cluster/refusal.hpp"
#include "sim/views/cluster_events.hpp"
#include "sim/views/cluster_words.hpp"
#include "sim/views/messages.hpp"
#include "temporary_folder.hpp"

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

TEST_CASE("every refusal, kind of fault and reason has words in every language") {
  std::vector<std::string> keys;
  for (size_t i = 0; i < static_cast<size_t>(cluster::Refusal::Count); ++i)
    keys.push_back(word_key("refusal", std::string(text(static_cast<cluster::Refusal>(i)))));
  for (size_t i = 0; i < static_cast<size_t>(cluster::FaultKind::Count); ++i)
    keys.push_back(word_key("fault", std::string(name(static_cast<cluster::FaultKind>(i)))));
  for (size_t i = 0; i < static_cast<size_t>(cluster::MoveReason::Count); ++i)
    keys.push_back(word_key("reason", std::string(name(static_cast<cluster::MoveReason>(i)))));
  for (const std::string& language : languages()) {
    const Messages messages = Messages::load(language);
    for (const std::string& key : keys) {
      CAPTURE(language, key);
      CHECK(messages.has(key));
    }
  }
}

TEST_CASE("values and reasons are told in the language; what a later version says, as it says it") {
  record::ClusterFacts facts = test::cluster_facts(2, 2);
  facts.events = {{"refused", "refusal"}, {"moved", "ns"}};
  facts.refusals = {"not enough memory", "of a later version"};
  const Messages japanese = Messages::load("ja"), english = Messages::load("en");
  record::ClusterEvent event;
  CHECK(value_words(english, facts, event) == "not enough memory");
  CHECK(value_words(japanese, facts, event) == "メモリが足りない");
  event.value = 1;
  CHECK(value_words(japanese, facts, event) == "of a later version");
  event = {.what = 1, .value = 1'000'000'000};
  CHECK(value_words(japanese, facts, event) == "1 s");
  record::ClusterMove move = test::cluster_move(0);
  move.stage = static_cast<u32>(record::MoveStage::Failed);
  move.refusal = 0;
  CHECK(why_moved(japanese, facts, move).back().text == "失敗しました: メモリが足りない。");
}

TEST_CASE("occurrences are found by what they are called") {
  const test::TemporaryFolder folder("cluster-words");
  const std::string path = (folder.path / record::kClusterFile).string();
  test::write_cluster(path, 2, 10, 60);
  const record::ClusterReader reader(path);
  const Messages english = Messages::load("en"), japanese = Messages::load("ja");
  const size_t moves = filtered_events(reader, {"move", ""}).size();
  REQUIRE(moves > 0);
  CHECK(filtered_events(reader, {"move", english("cluster.event.moved")}, &english).size() == moves);
  CHECK(filtered_events(reader, {"move", japanese("cluster.event.moved")}, &japanese).size() == moves);
  CHECK(filtered_events(reader, {"move", japanese("cluster.event.moved")}).empty());
}

}  // namespace hvlab::views
