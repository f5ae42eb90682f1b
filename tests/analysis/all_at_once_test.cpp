// H8 follows the numbers: made-up schedules of two machines lead to each word.
#include <catch2/catch.hpp>

#include "sim/analysis/verdict.hpp"

using namespace hvlab::analysis;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Ten seconds of two machines; the second one's waiting.
Measurement schedule(const std::string& way, const std::string& policy, double beside_idle, double partly) {
  Measurement m;
  m.way = way;
  m.processors = 4;
  m.instances = 2;
  m.scheduler = policy;
  m.waits = {{1, 10, 0, 0}, {2, 10, beside_idle, partly}};
  return m;
}

std::vector<Measurement> with_kvm(double beside_idle, double partly) {
  return {schedule("kvm", "", beside_idle, partly), schedule("monolithic", "strict", 6, 0.1),
          schedule("monolithic", "relaxed", 0.2, 8)};
}

}  // namespace

// Catches a verdict that does not look at both: a processor left free, and machines that run in part.
TEST_CASE("H8 asks whether KVM waits for a whole machine") {
  CHECK(judge_all_at_once(with_kvm(6, 0.1)).word == Word::Holds);
  CHECK(judge_all_at_once(with_kvm(0.4, 8)).word == Word::DoesNotHold);
  CHECK(judge_all_at_once(with_kvm(6, 8)).word == Word::DoesNotHold);
  CHECK(has(judge_all_at_once(with_kvm(0.4, 8)).text,
            "kvm: machine 2 waits in 4.0 % of its time while a processor is free; machine 2 runs with a part "
            "of its "
            "virtual processors, others waiting, in 80.0 %."));
  CHECK(has(judge_all_at_once(with_kvm(0.4, 8)).text, "KVM hands out free processors"));
  CHECK(has(judge_all_at_once(with_kvm(6, 8)).text, "KVM leaves processors free, but runs a part"));
}

// Catches a half of the claim that is passed over, and a measure that cannot show what is asked.
TEST_CASE("H8 needs strict co-scheduling to show it, and relaxed not to") {
  std::vector<Measurement> all = with_kvm(6, 0.1);
  all[2] = schedule("monolithic", "relaxed", 3, 1);
  CHECK(judge_all_at_once(all).word == Word::HoldsIf);
  all = with_kvm(6, 0.1);
  all[1] = schedule("monolithic", "strict", 0.4, 0);
  CHECK(judge_all_at_once(all).word == Word::CannotBeTested);
  CHECK(has(judge_all_at_once(all).text, "strict co-scheduling does not show"));
  all = with_kvm(6, 0.1);
  CHECK(judge_all_at_once({all.data(), 2}).word == Word::CannotBeTested);
  all[0].waits.pop_back();  // one machine alone
  CHECK(judge_all_at_once(all).word == Word::CannotBeTested);
}

// Catches Xen's runs that are measured and not told, or that change a verdict which says nothing of Xen.
TEST_CASE("H8 tells of Xen beside the others") {
  std::vector<Measurement> all = with_kvm(6, 0.1);
  all.push_back(schedule("xen-pv", "", 0.3, 7));
  CHECK(judge_all_at_once(all).word == Word::Holds);
  CHECK(has(judge_all_at_once(all).text,
            "xen-pv: machine 2 waits in 3.0 % of its time while a processor is free; machine 2 runs with a "
            "part of its "
            "virtual processors, others waiting, in 70.0 %."));
  CHECK(judge_all_at_once(all).figures.size() == 16);
}
