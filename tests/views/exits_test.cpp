// Catches exits counted twice or not at all, costs that are not those of the ledger of exits, filters that
// let others through, pages that overlap.
#include <catch2/catch.hpp>
#include <fstream>

#include "exit_recording.hpp"
#include "sim/views/exits.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

using test::kHlt;
using test::kIo;
using test::kNpf;

ExitFilter only(std::optional<unsigned> vm, std::optional<u64> reason, u64 least = 0, u64 most = ~u64{0}) {
  ExitFilter filter;
  filter.vm = vm;
  filter.reason = reason;
  filter.least = least;
  filter.most = most;
  return filter;
}

record::TraceReader recorded() {
  const test::TemporaryFolder folder("views-exits");
  const std::string path = (folder.path / "trace.hvt").string();
  test::record_exits(path);
  return record::TraceReader(path);
}

const ExitRow& row(const std::vector<ExitRow>& rows, u64 reason) {
  const auto found = std::ranges::find(rows, reason, &ExitRow::reason);
  REQUIRE(found != rows.end());
  return *found;
}

}  // namespace

TEST_CASE("exits are summed up by machine, virtual processor and reason with their costs") {
  const record::TraceReader trace = recorded();
  const ExitSummary all = sum_exits(trace, 0, kNever);
  CHECK(all.problem.empty());
  CHECK(total(all.rows).count == 6);
  const std::vector<ExitRow> reasons = grouped(all.rows, ExitBy::Reason);
  REQUIRE(reasons.size() == 3);
  // hlt: 300 of the one that went on on the other processor; the other one's guest did not run again
  CHECK(reasons[0].reason_name == "hlt");
  CHECK(reasons[0].count == 2);
  CHECK(reasons[0].handled == 1);
  CHECK(reasons[0].cycles == 300);
  CHECK(reasons[1].reason_name == "npf");
  CHECK(reasons[1].cycles == 200);
  CHECK(reasons[1].least == 50);
  CHECK(reasons[1].most == 150);
  CHECK(reasons[1].mean() == 100);
  CHECK(reasons[1].percentile(50) == 50);
  CHECK(reasons[1].percentile(99) == 150);
  CHECK(reasons[2].cycles == 180);
  const std::vector<ExitRow> machines = grouped(all.rows, ExitBy::Machine);
  REQUIRE(machines.size() == 2);
  CHECK(machines[0].vm == 1);
  CHECK(machines[0].count == 4);
  CHECK(machines[0].cycles == 600);
  CHECK(machines[1].count == 2);
  CHECK(row(grouped(all.rows, ExitBy::VcpuAndReason), kNpf).vm == 1);
}

// Catches runs on two vendors' processors that have no row in common, and a marked device among missing
// pages.
TEST_CASE("exits of both vendors are summed up by class") {
  const test::TemporaryFolder folder("views-exit-classes");
  const std::string path = (folder.path / "trace.hvt").string();
  constexpr u64 kVmx = u64{1} << 32;
  test::ExitRecording run(path);
  const auto leave = [&](u64 cycle, u64 reason, u64 info1, u64 info2) {
    run.exit(0, cycle, reason, info1, info2, 0x1000, 10);
    run.handle(0, cycle, cycle + 50, 0x1000, 0x9000);
  };
  run.entry(0, 50, 0x1000, 0x9000);
  leave(100, kNpf, 0x1'0000'000F, 0xFEE0'0000);
  leave(200, kNpf, 0x1'0000'0006, 0x4000);
  leave(300, kVmx | 49, 0, 0xFEE0'0000);
  leave(400, kVmx | 0, 0xCAFE, 0x8000'0B0E);
  leave(500, kNpf, 0x1'0000'000D, 0xFEE0'0020);
  run.finish(1000);
  const record::TraceReader trace(path);
  const std::vector<ExitRow> rows = sum_exits(trace, 0, kNever).rows;
  const std::vector<ExitRow> classes = grouped(rows, ExitBy::Class);
  REQUIRE(classes.size() == 3);
  CHECK(classes[0].reason_name == "mmio");
  CHECK(classes[0].count == 3);
  CHECK(classes[0].cycles == 150);
  CHECK(grouped(rows, ExitBy::Reason).size() == 4);  // npf twice: of two classes
  ExitFilter filter;
  filter.exit_class = observe::ExitClass::PageFault;
  CHECK(total(filtered(rows, filter)).count == 1);
  const ExitList list = list_exits(trace, 0, kNever, filter, ExitOrder::Time, 0, 10);
  REQUIRE(list.matching == 1);
  CHECK(qualification_text(list.exits.front()) == "vector 14, address cafeh");
  CHECK(total(count_exits(trace, 0, kNever).rows).count == 5);
}

TEST_CASE("an exit belongs to the span in which it happened, with all of its cost") {
  const record::TraceReader trace = recorded();
  const ExitSummary some = sum_exits(trace, 300 * kNanosecond, 600 * kNanosecond);
  CHECK(total(some.rows).count == 2);
  CHECK(total(some.rows).cycles == 250);  // 100 of them within the span's last 100
  CHECK(sum_exits(trace, 301 * kNanosecond, 500 * kNanosecond).rows.empty());
}

TEST_CASE("the trace's own summary counts the same exits") {
  const record::TraceReader trace = recorded();
  const auto [from, until] = GENERATE(std::pair<u64, u64>(0, 3000), std::pair<u64, u64>(300, 600));
  const ExitSummary counted = count_exits(trace, from * kNanosecond, until * kNanosecond),
                    summed = sum_exits(trace, from * kNanosecond, until * kNanosecond);
  REQUIRE(counted.rows.size() == summed.rows.size());
  for (size_t i = 0; i < counted.rows.size(); ++i) {
    CHECK(counted.rows[i].reason_name == summed.rows[i].reason_name);
    CHECK(counted.rows[i].vm == summed.rows[i].vm);
    CHECK(counted.rows[i].count == summed.rows[i].count);
  }
}

TEST_CASE("single exits are listed by time or by cost, page by page") {
  const record::TraceReader trace = recorded();
  const ExitList first = list_exits(trace, 0, kNever, {}, ExitOrder::Time, 0, 4);
  CHECK(first.matching == 6);
  REQUIRE(first.exits.size() == 4);
  CHECK(first.exits[0].time == 200 * kNanosecond);
  CHECK(first.exits[0].info1 == 6);
  CHECK(first.exits[0].info2 == 0xFEE0'00B0);
  CHECK(first.exits[0].rip == 0xFFFF'8010);
  CHECK(first.exits[0].guest_cycles == 100);
  const ExitList second = list_exits(trace, 0, kNever, {}, ExitOrder::Time, 4, 4);
  REQUIRE(second.exits.size() == 2);
  CHECK(second.exits[0].time == 700 * kNanosecond);
  CHECK(second.exits[0].entry_core == 1);
  CHECK(!second.exits[1].entered);
  const ExitList dear = list_exits(trace, 0, kNever, {}, ExitOrder::Cost, 1, 2);
  REQUIRE(dear.exits.size() == 2);
  CHECK(dear.exits[0].cycles(trace.frequency_hz()) == 150);
  CHECK(dear.exits[1].cycles(trace.frequency_hz()) == 100);
}

TEST_CASE("filters take what fits and nothing else") {
  const record::TraceReader trace = recorded();
  const auto matching = [&](const ExitFilter& filter) {
    return list_exits(trace, 0, kNever, filter, ExitOrder::Time, 0, 0).matching;
  };
  CHECK(matching(only(2, {})) == 2);
  CHECK(matching(only({}, kIo)) == 2);
  CHECK(matching(only(1, kIo)) == 1);
  CHECK(matching(only({}, {}, 80, 150)) == 3);
  CHECK(matching(only({}, kHlt, 1)) == 1);
  CHECK(total(filtered(sum_exits(trace, 0, kNever).rows, only(1, kIo))).cycles == 100);
}

TEST_CASE("what the words of information of an exit mean") {
  const record::TraceReader trace = recorded();
  const auto exits = list_exits(trace, 0, kNever, {}, ExitOrder::Time, 0, 9).exits;
  CHECK(qualification_text(exits[0]) == "guest-physical fee000b0h, write, not mapped");
  CHECK(qualification_text(exits[1]) == "guest-physical fee00020h, read, not mapped");
  CHECK(qualification_text(exits[2]) == "port 3f8h out, 1 byte");
  CHECK(qualification_text(exits[3]) == "port 3f8h in, 1 byte");
  CHECK(qualification_text(exits[4]).empty());
}

TEST_CASE("a histogram's percentiles are right to its buckets, at any size of number") {
  CostHistogram costs;
  for (u64 cost = 1; cost <= 100'000; ++cost) costs.add(cost);
  for (const unsigned percent : {1U, 50U, 90U, 99U, 100U}) {
    const auto exact = static_cast<double>(percent) * 1000;
    CHECK(static_cast<double>(costs.percentile(percent)) >= exact);
    CHECK(static_cast<double>(costs.percentile(percent)) <= exact * 1.032);
  }
  for (const u64 cost : {u64{0}, u64{31}, u64{32}, u64{33}, u64{1} << 40, ~u64{0}}) {
    CHECK(CostHistogram::least_of(CostHistogram::bucket_of(cost)) <= cost);
    if (cost != ~u64{0}) CHECK(CostHistogram::least_of(CostHistogram::bucket_of(cost) + 1) > cost);
  }
  u64 counted = 0;
  for (const CostHistogram::Bar& bar : costs.bars(2)) {
    CHECK(bar.until > bar.from);
    counted += bar.count;
  }
  CHECK(counted == 100'000);
}

TEST_CASE("of a damaged trace what is before the damage is shown, and the damage is said") {
  const test::TemporaryFolder folder("views-damaged");
  const std::string path = (folder.path / "trace.hvt").string();
  test::record_exits(path);
  {
    const record::TraceReader whole(path);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(whole.chunks().at(0).offset) + 70);
    file.put('\x55');
  }
  const record::TraceReader trace(path);
  CHECK_THAT(sum_exits(trace, 0, kNever).problem, Catch::Contains("checksum"));
  CHECK_THAT(list_exits(trace, 0, kNever, {}, ExitOrder::Time, 0, 5).problem, Catch::Contains("checksum"));
}

}  // namespace hvlab::views
