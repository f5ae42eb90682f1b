// What differs between runs is told by its weight, and with what was measured: hand-made runs, known answers.
#include "sim/lab/comparison_differences.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/lab/comparison.hpp"
#include "sim/lab/difference_words.hpp"
#include "sim/observe/io_request.hpp"
#include "sim/observe/ledger.hpp"
#include "sim/views/messages.hpp"

using namespace hvlab::lab;
using What = Difference::What;

namespace {

constexpr hvlab::u64 kMillion = 1'000'000;

// A cycle is a nanosecond.
RunWindow window(const LedgerRows& ledger, const std::vector<ExitSum>& exits = {}, unsigned processors = 1) {
  RunWindow made;
  for (const auto& [account, cycles] : ledger) made.cycles += cycles;
  made.seconds = static_cast<double>(made.cycles) * 1e-9 / processors;
  made.ledger = ledger;
  made.exits = exits;
  return made;
}

MeasuredRun run_of(const std::string& way, const RunWindow& link) {
  MeasuredRun run;
  run.way = way;
  run.log.size = "full";
  run.log.done = true;
  run.log.start_nanoseconds = 10 * kMillion;
  run.log.phases = {{"cpu", 1, 2 * kMillion},
                    {"link", 2, static_cast<hvlab::u64>(std::llround(link.seconds * 1e9))}};
  run.phases = {window({{"host-user", 2 * kMillion}}), link};
  run.started = {0.012};
  run.memory = 100 * 1048576.0;
  return run;
}

RunWindow bare_link() {
  return window({{"host-kernel", 500'000}, {"host-user", 500'000}, {"idle", kMillion}});
}

// 3 ms longer: 61, 22 and 17 %.
RunWindow hosted_link() {
  return window({{"guest-user", 500'000},
                 {"guest-kernel", 500'000},
                 {"host-kernel", 1'830'000},
                 {"vmm-process", 660'000},
                 {"world-switch", 510'000},
                 {"idle", kMillion}},
                {{"hlt", 20, 20, 2 * kMillion}, {"io", 100, 100, 900'000}});
}

const Difference& the(const std::vector<Difference>& all, What what, const std::string& subject = "") {
  for (const Difference& each : all) {
    if (each.what == what && each.subject == subject) return each;
  }
  throw std::runtime_error("no such difference");
}

std::string said(const Difference& difference, const std::string& language = "en") {
  return why(difference, words_of(language, read_meanings()));
}

nlohmann::ordered_json group(const std::string& guest, double picoseconds, double copied) {
  return {{"system", 0},
          {"operation", "write"},
          {"bytes", 4096},
          {"requests", 10},
          {"called", 10},
          {"parts", 0},
          {"copies_known", 10},
          {"copied", copied * 10},
          {"exits", {{"io", guest == "guest-kernel" ? 30 : 0}}},
          {"picoseconds", picoseconds * 10},
          {"hops",
           {{{"where", guest}, {"picoseconds", 10e6 * 10}},
            {{"where", "medium"}, {"picoseconds", 20e6 * 10}},
            {{"where", "hypervisor"}, {"picoseconds", (picoseconds - 30e6) * 10}}}}};
}

}  // namespace

// Catches a bare machine's kernel taken for a host's, halts counted as costs, shares of the wrong whole.
TEST_CASE("a phase's extra time is split by the ledger, and its exits are told with their cost") {
  const std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("hosted", hosted_link())};
  const auto all = differences(runs);
  const Difference& link = the(all, What::Phase, "link");
  CHECK(*ratio(link) == Approx(2.5));
  REQUIRE(link.parts.size() == 3);
  CHECK(link.parts[0].name == "host-kernel");
  CHECK(link.parts[0].extra == Approx(1.83e-3));
  CHECK(said(link) ==
        "The phase link takes 2.50 times as long under hosted as under bare: 5.00 ms instead of 2.00 ms. "
        "The extra 3.00 ms: 61% the host's kernel, 22% the VMM process, 17% entering and leaving guests. "
        "120 exits fall into that time, 24,000 a second, 83% of them io. "
        "Until the guest runs again each but hlt, which is waiting, costs 9.00 µs, together 18% of the "
        "processors' time. "
        "io: The guest accessed a port that the hypervisor keeps from it.");
  CHECK(said(link, "ja") ==
        "hostedではlinkにbareの2.50倍かかる(2.00 msに対して5.00 ms)。"
        "増えた3.00 msの内訳: ホストのカーネル 61%、VMMのプロセス 22%、ゲストへの出入り 17%。"
        "その間にVM exitが120回(毎秒24,000回)起き、その83%はio。"
        "待ち時間であるhltを除けば、ゲストが再び走るまで1回に9.00 µs、合わせてプロセッサ時間の18%。"
        "io: ゲストが捕捉されるI/Oポートにアクセスした。");
  CHECK(explained_names(link) == std::vector<std::string>{"link", "host-kernel", "io"});
}

// Catches a sentence that claims a cause where the ledger shows only that nobody worked.
TEST_CASE("waiting is called waiting") {
  RunWindow slow = bare_link();
  slow = window({{"host-kernel", 500'000}, {"host-user", 500'000}, {"idle", 3 * kMillion}});
  const std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("apps", slow)};
  CHECK(said(the(differences(runs), What::Phase, "link")) ==
        "The phase link takes 2.00 times as long under apps as under bare: 4.00 ms instead of 2.00 ms. "
        "The extra 2.00 ms: 100% idle processors. What idle processors wait for, the ledger does not tell. "
        "idle: The processor is halted and waits for an interrupt.");
}

TEST_CASE("time of the workload's own code is not blamed on what is beneath it") {
  const RunWindow slow =
      window({{"guest-kernel", 500'000}, {"guest-user", 2 * kMillion}, {"idle", kMillion}});
  const std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("partition", slow)};
  const auto all = differences(runs);
  const Difference& link = the(all, What::Phase, "link");
  REQUIRE(link.parts.size() == 1);
  CHECK(link.parts[0].name == kOwnUser);
  CHECK(said(link).find("100% the workload's programs. Whether that code does more, or the same more slowly, "
                        "the ledger does not tell.") != std::string::npos);
  CHECK(explained_names(link) == std::vector<std::string>{"link"});
}

// Catches gains hidden by what fell at the same time.
TEST_CASE("what rises and what falls are told apart") {
  const RunWindow busy =
      window({{"guest-kernel", 500'000}, {"guest-user", 500'000}, {"hypervisor", 2 * kMillion}});
  const std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("monolithic", busy)};
  CHECK(
      said(the(differences(runs), What::Phase, "link"))
          .find("Processor time: 2.00 ms more (100% the hypervisor), 1.00 ms less (100% idle processors).") !=
      std::string::npos);
}

TEST_CASE("without a ledger of the phase nothing is said of where the time goes") {
  std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("hosted", hosted_link())};
  runs[1].phases.clear();
  const std::string text = said(the(differences(runs), What::Phase, "link"));
  CHECK(text.find("was not measured in both runs") != std::string::npos);
  CHECK(text.find('%') == std::string::npos);
}

// Catches the ledger of two instances taken for that of one.
TEST_CASE("instances side by side have no ledger of their own") {
  std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("apps", hosted_link())};
  runs[1].others = {runs[1].log};
  const auto all = differences(runs);
  const Difference& link = the(all, What::Phase, "link");
  CHECK(link.parts.empty());
  CHECK(said(link).find("2 instances run side by side, not 1") != std::string::npos);
}

TEST_CASE("requests differ by place, and copies only one run makes have no ratio") {
  std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("hosted", hosted_link())};
  for (MeasuredRun& run : runs) run.work = window({{"host-user", 4 * kMillion}});
  runs[0].io = {group("host-kernel", 30e6, 0)};
  runs[1].io = {group("guest-kernel", 90e6, 8192)};
  const auto all = differences(runs);
  const Difference& write = the(all, What::Request, "write");
  CHECK(*ratio(write) == Approx(3));
  CHECK(said(write) ==
        "A write takes 3.00 times as long under hosted as under bare: 90.0 µs instead of 30.0 µs. "
        "The extra 60.0 µs: 100% the hypervisor. 3.0 exits fall into it, under bare 0.0.");
  const Difference& copied = the(all, What::Copied, "write");
  CHECK(!ratio(copied));
  CHECK(said(copied) ==
        "For a write processors copy 8,192 bytes under hosted; under bare they copy nothing. It is "
        "4,096 bytes long, so that is 2.0 times its length. Where on its way they are made was "
        "not recorded.");
}

TEST_CASE("what a run does not have at all is said so, and no ratio of nothing") {
  std::vector<MeasuredRun> runs = {run_of("hosted", hosted_link()), run_of("bare", bare_link())};
  for (MeasuredRun& run : runs) run.work = run.phases[1];
  const auto all = differences(runs);
  CHECK(said(the(all, What::Exits)) ==
        "Under bare guests are never left while the workload is in its phases, under hosted 24,000 times a "
        "second.");
}

// Catches a tiny phase with a large ratio that goes before what costs time.
TEST_CASE("the weightiest comes first, and what hardly differs is not there") {
  std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("hosted", hosted_link())};
  for (MeasuredRun& run : runs) run.log.phases.push_back({"chase", 3, &run == &runs[0] ? 1'000U : 10'000U});
  runs[1].started = {0.0121};
  const auto all = differences(runs);
  REQUIRE(all.size() == 3);
  CHECK(all[0].what == What::Phase);  // ln 2.5 * 5/7
  CHECK(all[0].subject == "link");
  CHECK(all[1].what == What::Workload);  // ln 1.75
  CHECK(all[2].subject == "chase");      // ln 10 / 700
  CHECK(weight(all[0]) > weight(all[1]));
}

TEST_CASE("memory is compared with the first that counts it") {
  std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("container", bare_link()),
                                   run_of("kvm", bare_link())};
  runs[1].log.memory = 4 * 1048576;
  runs[2].log.memory = 40 * 1048576;
  runs[2].guest_memory = 32 * 1048576;
  runs[2].vcpus = {{{"vm", 1}}};
  const auto all = differences(runs);
  REQUIRE(all.size() == 1);
  CHECK(said(all[0]) ==
        "An instance needs 10.0 times as much memory under kvm as under container: 40.0 MiB instead "
        "of 4.00 MiB. 32.0 MiB of that is the virtual machine's own memory as it was configured, "
        "8.00 MiB what comes on top.");
}

TEST_CASE("failed runs are neither compared nor compared with") {
  std::vector<MeasuredRun> runs = {run_of("bare", bare_link()), run_of("hosted", hosted_link())};
  runs[1].failure = "no";
  CHECK(differences(runs).empty());
  std::swap(runs[0].failure, runs[1].failure);
  CHECK(differences(runs).empty());
  CHECK(differences({}).empty());
  CHECK(differences_text({}, 80).empty());
}

// Catches a change of the documented shape, and an order that is not the same each time.
TEST_CASE("the JSON has the documented members, and another way can be compared with") {
  Comparison comparison{{run_of("bare", bare_link()), run_of("hosted", hosted_link())}, {}, {}};
  comparison.runs[1].place = 1;
  const auto json = comparison_json(comparison)["differences"];
  REQUIRE(json.size() == 2);
  const auto& link = json[0];
  for (const char* member : {"what", "subject", "run", "baseline", "processors", "place", "baseline_place",
                             "value", "reference", "unit", "ratio", "weight", "why", "explain"})
    CHECK(link.contains(member));
  CHECK(link["what"] == "phase.time");
  CHECK(link["run"] == "hosted");
  CHECK(link["place"] == 1);
  CHECK(link["unit"] == "s");
  CHECK(link["why"]["en"].get<std::string>().starts_with("The phase link takes"));
  CHECK(json.dump() == comparison_json(comparison)["differences"].dump());

  compare_with(comparison, "hosted");
  const auto turned = comparison_json(comparison)["differences"];
  CHECK(turned[0]["run"] == "bare");
  CHECK(turned[0]["ratio"].get<double>() == Approx(0.4));
  CHECK(turned[0]["why"]["en"].get<std::string>().find("The 3.00 ms less: 61% the host's kernel") !=
        std::string::npos);
  CHECK_THROWS_WITH(compare_with(comparison, "xen"), "--baseline 'xen': give one of hosted, bare");
}

// Catches a place or account that is shown by its stored name because nobody gave it words.
TEST_CASE("every account and place has words in both languages") {
  for (const std::string language : {"en", "ja"}) {
    const auto messages = hvlab::views::Messages::load(language);
    for (size_t i = 0; i < hvlab::observe::kAccounts; ++i)
      CHECK(messages.has(std::string("why.account.") +
                         hvlab::observe::name(static_cast<hvlab::observe::Account>(i))));
    for (size_t i = 0; i < hvlab::observe::kIoPlaces; ++i)
      CHECK(messages.has(std::string("why.account.") +
                         hvlab::observe::name(static_cast<hvlab::observe::IoWhere>(i))));
    for (size_t i = 0; i < static_cast<size_t>(hvlab::observe::IoOperation::Count); ++i)
      CHECK(messages.has(std::string("why.request.") +
                         hvlab::observe::name(static_cast<hvlab::observe::IoOperation>(i))));
  }
}
