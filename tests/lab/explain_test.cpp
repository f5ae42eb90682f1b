// Would catch: a name that the program prints and cannot explain, an explanation of nothing, one without its
// source or its Japanese.
#include "sim/lab/explain_data.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/lab/metric_names.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit_totals.hpp"
#include "sim/observe/ledger.hpp"

using namespace hvlab;
using namespace hvlab::lab;

namespace {

bool explained(const char* list, const std::string& name) {
  const auto entries = explanations(list);
  return std::ranges::any_of(entries, [&](const Explanation& entry) { return explains(entry, name); });
}

}  // namespace

TEST_CASE("every account, event, metric, exit reason and phase is explained") {
  for (size_t i = 0; i < observe::kAccounts; ++i)
    CHECK(explained("accounts", observe::name(static_cast<observe::Account>(i))));
  for (size_t i = 0; i < static_cast<size_t>(observe::EventKind::Count); ++i) {
    CAPTURE(observe::name(static_cast<observe::EventKind>(i)));
    CHECK(explained("events", observe::name(static_cast<observe::EventKind>(i))));
  }
  for (const scenario::Metric& metric : metric_names()) {
    CAPTURE(metric.name);
    CHECK(explained("metrics", metric.name));
  }
  for (const std::string& reason : exit_reasons()) {
    CAPTURE(reason);
    CHECK(explained("exits", reason));
  }
  for (u64 code = 0; code < 0x60; ++code) CHECK(explained("exits", observe::svm_exit_label(code)));
  for (const std::string& phase : workload_phases()) CHECK(explained("phases", phase));
}

TEST_CASE("entries are whole, and about something") {
  for (const char* list : {"accounts", "events", "exits", "metrics", "phases", "glossary"}) {
    const auto entries = explanations(list);
    CHECK(entries.size() > 5);
    for (const Explanation& entry : entries) {
      CAPTURE(list, entry.name);
      CHECK_FALSE(entry.name.empty());
      CHECK_FALSE(entry.en.empty());
      CHECK_FALSE(entry.ja.empty());
      CHECK_FALSE(entry.source.empty());
      CHECK(std::ranges::count(entries, entry.name, &Explanation::name) == 1);
    }
  }
  CHECK(explanations("accounts").size() == observe::kAccounts);
  CHECK(explanations("events").size() == static_cast<size_t>(observe::EventKind::Count));
  CHECK(explanations("phases").size() == workload_phases().size());
}

TEST_CASE("the nearest of several entries is taken") {
  CHECK(best_of({{"", "exits.*", "", "", ""}, {"", "exits.*.cycles", "", "", ""}}).front().name ==
        "exits.*.cycles");
  CHECK(best_of({{"", "exits.*", "", "", ""}, {"", "exits.cycles", "", "", ""}}).front().name ==
        "exits.cycles");
}
