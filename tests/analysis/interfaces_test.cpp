// H9 and H22 follow the numbers: made-up runs of one image lead to each word.
#include <catch2/catch.hpp>

#include "sim/analysis/verdict.hpp"

using namespace hvlab::analysis;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The phases cpu and disk took so long; 0: the guest did not finish.
Measurement took(const std::string& way, double cpu, double disk, std::uint64_t hash = 7) {
  Measurement m;
  m.way = way;
  m.phases = {{"cpu", cpu, {}}, {"disk", disk, {}}};
  m.each = {{"", cpu > 0, cpu + disk, {{"cpu", 3}, {"disk", hash}}}};
  return m;
}

}  // namespace

// Catches each half of the claim passed over.
TEST_CASE("H9 asks for speed and for where the image runs") {
  std::vector<Measurement> all = {took("monolithic", 1, 4), took("monolithic-pv", 1, 1), took("hosted", 1, 5),
                                  took("hosted-pv", 1, 2)};
  CHECK(judge_portability(all).word == Word::HoldsIf);
  CHECK(has(judge_portability(all).text, "an image has one interface only"));
  CHECK(has(judge_portability(all).text, "Faster in disk (x0.25). As fast in cpu (x1.00)."));
  all.push_back(took("driver-domain", 0, 0));
  CHECK(judge_portability(all).word == Word::Holds);
  CHECK(has(judge_portability(all).text, "It does not under driver-domain."));
  all.back() = took("driver-domain", 1, 1, 8);
  CHECK(judge_portability(all).word == Word::Holds);
  all.pop_back();
  all[1] = took("monolithic-pv", 2, 5), all[3] = took("hosted-pv", 1, 5);
  CHECK(judge_portability(all).word == Word::DoesNotHold);
  CHECK(judge_portability({all.data(), 2}).word == Word::CannotBeTested);
}

// Catches a translated program that computes something else, and its cost left out.
TEST_CASE("H22 asks whether a translated program computes the same") {
  std::vector<Measurement> all = {took("bare", 1, 1), took("qemu-user", 12, 8)};
  CHECK(judge_translation(all).word == Word::Holds);
  CHECK(has(judge_translation(all).text, "qemu-user takes x10.0 of the time."));
  all.push_back(took("qemu-tcg", 20, 20, 8));
  CHECK(judge_translation(all).word == Word::HoldsIf);
  CHECK(has(judge_translation(all).text, "by qemu-user, not by qemu-tcg"));
  all.erase(all.begin() + 1);
  CHECK(judge_translation(all).word == Word::DoesNotHold);
  all.pop_back();
  CHECK(judge_translation(all).word == Word::CannotBeTested);
}

// Catches a machine that was moved and then computed something else, or never ended, taken for one that was
// moved.
TEST_CASE("H24 asks whether a system that was moved goes on") {
  std::vector<Measurement> all = {took("kvm", 1, 1), took("hosted", 1, 1), took("bare", 1, 1)};
  CHECK(judge_moves(all).word == Word::CannotBeTested);
  for (size_t i : {0, 1}) all[i].each[0].moves = {{true, 0.5, 0.03, 4e7, 3}};
  CHECK(judge_moves(all).word == Word::Holds);
  CHECK(has(judge_moves(all).text, "under kvm and hosted"));
  CHECK(judge_moves(all).figures.size() == 6);
  all[1].each[0].moves[0].completed = false;
  CHECK(judge_moves(all).word == Word::HoldsIf);
  CHECK(has(judge_moves(all).text, "Not so under hosted."));
  all[1].each[0].moves[0].completed = true;
  all[0].each[0].hashes[1].second = 8;
  all[1].each[0].done = false;
  CHECK(judge_moves(all).word == Word::DoesNotHold);
}
