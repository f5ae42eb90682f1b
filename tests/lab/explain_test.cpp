// Would catch: a name that the program prints and cannot explain, an explanation of nothing, one without its
// source or its Japanese.
#include "sim/lab/explain_data.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "sim/cluster/log_text.hpp"
#include "sim/lab/metric_names.hpp"
#include "sim/observe/event.hpp"
#include "sim/observe/exit.hpp"
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
    CHECK(explained(observe::is_vmx_label(reason) ? "intel-exits" : "exits", reason));
  }
  for (const std::string& name : exit_classes()) {
    CAPTURE(name);
    CHECK(explained("exit-classes", name));
  }
  for (u64 code = 0; code < 0x60; ++code) CHECK(explained("exits", observe::exit_label(code)));
  for (const std::string& phase : workload_phases()) CHECK(explained("phases", phase));
  for (const std::string& what : cluster::occurrence_names()) CHECK(explained("occurrences", what));
}

// The words that a newcomer to clusters asks for first.
TEST_CASE("words of clusters are explained") {
  for (const char* word : {"consolidation", "live migration", "pre-copy", "high availability", "HA", "DRS",
                           "admission control", "maintenance mode", "datastore", "SAN", "pooled storage"}) {
    CAPTURE(word);
    CHECK(explained("glossary", word));
  }
}

TEST_CASE("entries are whole, and about something") {
  for (const char* list : {"accounts", "events", "exits", "intel-exits", "exit-classes", "metrics", "phases",
                           "occurrences", "glossary"}) {
    const auto entries = explanations(list);
    CHECK(entries.size() > 5);
    for (const Explanation& entry : entries) {
      CAPTURE(list, entry.name);
      CHECK_FALSE(entry.name.empty());
      CHECK_FALSE(entry.en.empty());
      CHECK_FALSE(entry.ja.empty());
      CHECK_FALSE(entry.source.empty());
      CHECK(std::ranges::count(entries, entry.name, &Explanation::name) == 1);
      for (const std::string& also : entry.also) {
        CAPTURE(also);
        CHECK_FALSE(also.empty());
        CHECK(std::ranges::count_if(entries, [&](const Explanation& one) { return explains(one, also); }) ==
              1);
      }
    }
  }
  CHECK(explanations("accounts").size() == observe::kAccounts);
  CHECK(explanations("events").size() == static_cast<size_t>(observe::EventKind::Count));
  CHECK(explanations("exit-classes").size() == exit_classes().size());
  CHECK(explanations("phases").size() == workload_phases().size());
  CHECK(explanations("occurrences").size() == cluster::occurrence_names().size());
}

// Typed anew from the SDM, vol. 3, table C-1: number of the last reason of each run without a gap.
TEST_CASE("all of Intel's basic exit reasons are explained, in order") {
  constexpr std::pair<unsigned, unsigned> kRuns[] = {{0, 34}, {36, 37}, {39, 41}, {43, 70}, {72, 79}};
  constexpr std::pair<unsigned, const char*> kSome[] = {{0, "EXCEPTION_NMI"},
                                                        {1, "EXTERNAL_INTERRUPT"},
                                                        {2, "TRIPLE_FAULT"},
                                                        {7, "INTERRUPT_WINDOW"},
                                                        {10, "CPUID"},
                                                        {12, "HLT"},
                                                        {18, "VMCALL"},
                                                        {20, "VMLAUNCH"},
                                                        {24, "VMRESUME"},
                                                        {28, "CR_ACCESS"},
                                                        {30, "IO_INSTRUCTION"},
                                                        {31, "MSR_READ"},
                                                        {32, "MSR_WRITE"},
                                                        {36, "MWAIT_INSTRUCTION"},
                                                        {37, "MONITOR_TRAP_FLAG"},
                                                        {40, "PAUSE_INSTRUCTION"},
                                                        {44, "APIC_ACCESS"},
                                                        {48, "EPT_VIOLATION"},
                                                        {49, "EPT_MISCONFIG"},
                                                        {52, "PREEMPTION_TIMER"},
                                                        {54, "WBINVD"},
                                                        {55, "XSETBV"},
                                                        {58, "INVPCID"},
                                                        {62, "PML_FULL"},
                                                        {66, "SPP_EVENT"},
                                                        {70, "ENCLV"},
                                                        {74, "BUS_LOCK"},
                                                        {75, "NOTIFY"},
                                                        {79, "WRMSRLIST"}};
  const auto entries = explanations("intel-exits");
  size_t at = 0;
  for (const auto& [first, last] : kRuns) {
    for (unsigned number = first; number <= last; ++number, ++at) {
      CAPTURE(number);
      REQUIRE(at < entries.size());
      CHECK(entries[at].source ==
            "Intel SDM vol. 3, appendix C, basic exit reason " + std::to_string(number));
      const auto some = std::ranges::find(kSome, number, &std::pair<unsigned, const char*>::first);
      if (some != std::end(kSome)) CHECK(entries[at].name == some->second);
      CHECK(entries[at].name == observe::exit_label(u64{1} << 32 | number));
    }
  }
  CHECK(at == entries.size());
}

// Typed anew from the APM, vol. 2, appendix C: the codes above the numbered ranges.
TEST_CASE("all of AMD's exit codes are explained") {
  constexpr std::pair<u64, const char*> kCodes[] = {
      {0x60, "interrupt"},   {0x61, "nmi"},        {0x62, "smi"},
      {0x63, "init"},        {0x64, "vintr"},      {0x65, "selective-cr0-write"},
      {0x66, "read-idtr"},   {0x67, "read-gdtr"},  {0x68, "read-ldtr"},
      {0x69, "read-tr"},     {0x6A, "write-idtr"}, {0x6B, "write-gdtr"},
      {0x6C, "write-ldtr"},  {0x6D, "write-tr"},   {0x6E, "rdtsc"},
      {0x6F, "rdpmc"},       {0x70, "pushf"},      {0x71, "popf"},
      {0x72, "cpuid"},       {0x73, "rsm"},        {0x74, "iret"},
      {0x75, "int-n"},       {0x76, "invd"},       {0x77, "pause"},
      {0x78, "hlt"},         {0x79, "invlpg"},     {0x7A, "invlpga"},
      {0x7B, "io"},          {0x7C, "msr"},        {0x7D, "task-switch"},
      {0x7E, "ferr-freeze"}, {0x7F, "shutdown"},   {0x80, "vmrun"},
      {0x81, "vmmcall"},     {0x82, "vmload"},     {0x83, "vmsave"},
      {0x84, "stgi"},        {0x85, "clgi"},       {0x86, "skinit"},
      {0x87, "rdtscp"},      {0x88, "icebp"},      {0x89, "wbinvd"},
      {0x8A, "monitor"},     {0x8B, "mwait"},      {0x8C, "mwait-conditional"},
      {0x8D, "xsetbv"},      {0x8E, "rdpru"},      {0x8F, "write-efer-trap"},
      {0xA2, "invpcid"},     {0x400, "npf"},       {~u64{0}, "invalid"}};
  for (const auto& [code, name] : kCodes) {
    CAPTURE(code);
    CHECK(observe::exit_label(code) == name);
    CHECK(explained("exits", name));
  }
  for (const char* without :
       {"invlpgb", "invlpgb-illegal", "mcommit", "tlbsync", "bus-lock", "idle-hlt", "avic-incomplete-ipi",
        "avic-noaccel", "vmgexit", "busy", "idle-required", "invalid-pmc"})
    CHECK(explained("exits", without));
  for (const char* range :
       {"read-cr15", "write-cr0", "read-dr7", "write-dr15", "exception-31", "write-cr3-trap"})
    CHECK(explained("exits", range));
}

TEST_CASE("the nearest of several entries is taken") {
  CHECK(best_of({{"", "exits.*", "", "", "", {}}, {"", "exits.*.cycles", "", "", "", {}}}).front().name ==
        "exits.*.cycles");
  CHECK(best_of({{"", "exits.*", "", "", "", {}}, {"", "exits.cycles", "", "", "", {}}}).front().name ==
        "exits.cycles");
}
