// H6 and H7 follow the numbers: made-up runs on made-up processors lead to each word.
#include <catch2/catch.hpp>

#include "sim/analysis/verdict.hpp"

using namespace hvlab::analysis;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The workload took so long; 0: it did not finish.
Measurement on(const std::string& processor, Assistance assistance, const std::string& way, double seconds) {
  Measurement m;
  m.way = way;
  m.processor = processor;
  m.assistance = assistance;
  m.phases = {{"cpu", seconds, {}}};
  m.each = {{"", seconds > 0, seconds, {{"cpu", 7}}}};
  return m;
}

std::vector<Measurement> generations(double old_kvm, double new_kvm) {
  return {on("old", Assistance::Guests, "bare", 1),
          on("old", Assistance::Guests, "xen-pv", 1.4),
          on("old", Assistance::Guests, "kvm", old_kvm),
          on("new", Assistance::NestedPaging, "bare", 1),
          on("new", Assistance::NestedPaging, "xen-pv", 1.4),
          on("new", Assistance::NestedPaging, "kvm", new_kvm)};
}

std::vector<Measurement> with_and_without(double kvm_without, double pv_without, double hvm_without) {
  std::vector<Measurement> all;
  for (const char* way : {"kvm", "xen-pv", "xen-hvm"})
    all.push_back(on("yes", Assistance::NestedPaging, way, 1));
  all.push_back(on("no", Assistance::None, "kvm", kvm_without));
  all.push_back(on("no", Assistance::None, "xen-pv", pv_without));
  all.push_back(on("no", Assistance::None, "xen-hvm", hvm_without));
  return all;
}

}  // namespace

// Catches processors that are thrown together, and an overhead that is gone taken for one that is lower.
TEST_CASE("H6 compares techniques on one processor at a time") {
  CHECK(judge_assistance(generations(1.3, 1.2)).word == Word::Holds);
  CHECK(judge_assistance(generations(1.6, 1.2)).word == Word::HoldsIf);
  CHECK(judge_assistance(generations(1.3, 1.01)).word == Word::HoldsIf);
  CHECK(judge_assistance(generations(1.6, 1.5)).word == Word::DoesNotHold);
  CHECK(has(judge_assistance(generations(1.3, 1.01)).text, "the processor has no nested paging;"));
  CHECK_FALSE(has(judge_assistance(generations(1.01, 1.2)).text, "the processor has no nested paging;"));
  const std::string text = judge_assistance(generations(1.6, 1.2)).text;
  CHECK(has(text, "Lower, and still there: kvm on new (nested paging) and not xen-pv (x1.20, not x1.40)."));
  CHECK(has(text, "Not lower: kvm on old (shadow paging) and not xen-pv (x1.60, not x1.40)."));
}

// Catches a way without its bare machine, and one that did not finish, in the figures.
TEST_CASE("H6 needs the bare machine of each processor") {
  std::vector<Measurement> all = generations(1.3, 1.2);
  all[0].each[0].done = false;
  CHECK(judge_assistance(all).figures.size() == 2);
  all[3].processor = "another";
  CHECK(judge_assistance(all).word == Word::CannotBeTested);
}

// Catches each half taken for the whole.
TEST_CASE("H7 asks who runs without assistance") {
  CHECK(judge_need_of_assistance(with_and_without(0, 1, 0)).word == Word::Holds);
  CHECK(judge_need_of_assistance(with_and_without(1, 1, 0)).word == Word::HoldsIf);
  CHECK(judge_need_of_assistance(with_and_without(0, 0, 0)).word == Word::HoldsIf);
  CHECK(judge_need_of_assistance(with_and_without(0, 1, 1)).word == Word::HoldsIf);
  CHECK(judge_need_of_assistance(with_and_without(1, 1, 1)).word == Word::DoesNotHold);
  const std::string text = judge_need_of_assistance(with_and_without(0, 1, 0)).text;
  CHECK(has(text, "Without it run: xen-pv on no."));
  CHECK(has(text, "Without it end without a guest: kvm on no and xen-hvm on no."));
}

// Catches a verdict about need from runs that work nowhere, or were not done.
TEST_CASE("H7 needs runs that work with assistance") {
  std::vector<Measurement> all = with_and_without(0, 1, 0);
  all[2] = on("yes", Assistance::NestedPaging, "xen-hvm", 0);
  CHECK(judge_need_of_assistance(all).word == Word::CannotBeTested);
  CHECK(judge_need_of_assistance({all.data(), 5}).word == Word::CannotBeTested);
  CHECK(judge_need_of_assistance({}).word == Word::CannotBeTested);
}
