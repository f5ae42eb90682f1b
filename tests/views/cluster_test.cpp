// What the cluster view and the report make of a recorded cluster: where boxes stand, how far moves are, what
// is said.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <numeric>

#include "cluster_samples.hpp"
#include "sim/views/cluster_curves.hpp"
#include "sim/views/cluster_events.hpp"
#include "sim/views/cluster_layout.hpp"
#include "sim/views/cluster_moves.hpp"
#include "sim/views/cluster_picture.hpp"
#include "sim/views/cluster_totals.hpp"

namespace hvlab::views {

namespace {

using record::ClusterMove;
using record::ClusterReader;
using test::kSecond;

struct Sample {
  std::string path =
      std::filesystem::temp_directory_path() / ("hvlab-views-cluster-" + std::to_string(getpid()));
  explicit Sample(u32 hosts = 3, u32 machines = 10, u32 minutes = 60) {
    test::write_cluster(path, hosts, machines, minutes);
  }
  ~Sample() { std::filesystem::remove(path); }
};

float area_of(const Box& box) { return box.width() * box.height(); }

bool overlap(const Box& a, const Box& b) {
  constexpr float kLittle = 0.01F;
  return a.left + kLittle < b.right && b.left + kLittle < a.right && a.top + kLittle < b.bottom &&
         b.top + kLittle < a.bottom;
}

}  // namespace

TEST_CASE("hosts' boxes fill their area, none on another, for any number of them") {
  const Box area{10, 20, 1010, 520};
  for (const size_t count : {1, 2, 3, 7, 100, 1000}) {
    const std::vector<Box> boxes = grid_of(count, area, 4, 1.3F);
    CAPTURE(count);
    REQUIRE(boxes.size() == count);
    float sum = 0;
    for (const Box& box : boxes) {
      CHECK(box.left >= area.left);
      CHECK(box.right <= area.right + 0.01F);
      CHECK(box.bottom <= area.bottom + 0.01F);
      CHECK(box.width() > 4);
      sum += area_of(box);
    }
    CHECK(sum > 0.45F * area_of(area));
    for (size_t i = 1; i < std::min<size_t>(count, 50); ++i) CHECK_FALSE(overlap(boxes[i - 1], boxes[i]));
  }
  CHECK(grid_of(0, area, 4, 1).empty());
}

TEST_CASE("machines' areas are in proportion, and what is free of a host stays free") {
  const std::vector<double> weights = {4, 4, 32, 8, 8, 4, 16};
  const Box area{0, 0, 300, 200};
  const std::vector<Box> boxes = strips_of(weights, 128, area);
  REQUIRE(boxes.size() == weights.size());
  for (size_t i = 0; i < boxes.size(); ++i) {
    CHECK(area_of(boxes[i]) == Approx(weights[i] / 128 * 300 * 200).epsilon(0.001));
    for (size_t j = 0; j < i; ++j) CHECK_FALSE(overlap(boxes[i], boxes[j]));
  }
  // More than there is: all of it is taken, and no more.
  const std::vector<Box> crowded = strips_of(weights, 10, area);
  CHECK(crowded.back().bottom <= 200.01F);
  CHECK(strips_of({}, 10, area).empty());
}

TEST_CASE("a picture has machines where they are, and a host's load is what is wanted of it") {
  const Sample sample;
  ClusterReader reader(sample.path);
  const ClusterPicture before = cluster_picture(reader, reader.at(305 * kSecond), 305 * kSecond);
  CHECK(before.hosts[0].machines == std::vector<u32>{0, 3, 6, 9});
  CHECK(before.machines[0] == MachineLook::Moving);
  CHECK(before.moves == std::vector<u32>{0});
  CHECK(before.hosts[1].coming == std::vector<u32>{0});
  CHECK(before.hosts[0].primary);
  CHECK(before.hosts[0].wanted == Approx((4000 + 5 * 500) / 16000.0));
  const ClusterPicture after = cluster_picture(reader, reader.at(400 * kSecond), 400 * kSecond);
  CHECK(after.hosts[1].machines.front() == 0);
  CHECK(after.moves.empty());
  const ClusterPicture last = cluster_picture(reader, reader.at(3600 * kSecond), 3600 * kSecond);
  CHECK(last.on == 2);
  CHECK(last.hosts[0].condition == record::HostCondition::Failed);
}

TEST_CASE("a move is where its rounds say, and its outlook is what they come to") {
  const ClusterMove move = test::cluster_move(0);
  record::PolicyFacts policy;
  policy.downtime_goal = 500'000'000;
  CHECK(progress_of(move, 299 * kSecond).stage == record::MoveStage::Waiting);
  const MoveProgress first = progress_of(move, 304 * kSecond);
  CHECK(first.stage == record::MoveStage::Rounds);
  CHECK(first.round == 0);
  CHECK(first.part == Approx(0.5));
  CHECK(first.sent == u64{2} << 30);
  CHECK(progress_of(move, 309 * kSecond).round == 1);
  CHECK(progress_of(move, 310 * kSecond + kSecond / 2).stage == record::MoveStage::LastCopy);
  CHECK(progress_of(move, 311 * kSecond).stage == record::MoveStage::Done);
  const std::vector<RoundPicture> rounds = rounds_of(move, policy);
  REQUIRE(rounds.size() == 2);
  CHECK(rounds[0].outlook == Outlook::First);
  CHECK(rounds[0].bandwidth == Approx(4.0 * (1 << 30) / 8));
  CHECK(rounds[1].outlook == Outlook::Enough);
  // One that writes as much as it sends gets nowhere; one that writes half needs so many rounds more.
  ClusterMove stuck = move, halves = move;
  stuck.rounds = {{kSecond, 1'000'000'000, 990'000'000, 1000}, {kSecond, 990'000'000, 980'000'000, 1000}};
  halves.rounds = {{8 * kSecond, 8'000'000'000, 4'000'000'000, 1000},
                   {4 * kSecond, 4'000'000'000, 2'000'000'000, 1000}};
  CHECK(rounds_of(stuck, policy).back().outlook == Outlook::Stuck);
  CHECK(rounds_of(halves, policy).back().outlook == Outlook::Converges);
  CHECK(rounds_of(halves, policy).back().rounds_left == 2);  // 2 GB, 1 GB, 0.5 GB: what a second half sends
}

TEST_CASE("a move that was given up while it waited took no time, and is no moment to show first") {
  ClusterMove waited = test::cluster_move(1);
  waited.stage = static_cast<u64>(record::MoveStage::Failed);
  waited.asked = 3000 * kSecond;
  waited.began = waited.rounds_began = waited.stopped = 0;
  waited.ended = 3500 * kSecond;
  waited.rounds.clear();
  CHECK_FALSE(has_begun(waited));
  CHECK(lasted(waited) == 0);
  CHECK(progress_of(waited, 3100 * kSecond).stage == record::MoveStage::Waiting);
  CHECK(has_begun(test::cluster_move(0)));
  CHECK(lasted(test::cluster_move(0)) == 11 * kSecond);
  const Sample sample;
  record::ClusterWriter writer(sample.path, test::cluster_facts(2, 2));
  writer.move(test::cluster_move(0));
  writer.move(waited);
  writer.finish(3600 * kSecond);
  CHECK(first_moment(ClusterReader(sample.path)) == 305 * kSecond + kSecond / 2);
}

TEST_CASE("why it moved has the balancer's figures") {
  record::ClusterFacts facts = test::cluster_facts(2, 2);
  facts.imbalance_threshold = 100;
  const std::vector<CardLine> lines = why_lines(facts, test::cluster_move(0));
  const auto line = [&](const std::string& key) {
    const auto found = std::ranges::find(lines, key, &CardLine::first);
    REQUIRE(found != lines.end());
    return found->second;
  };
  CHECK(line("cluster.why.balance") == std::vector<std::string>{"host-1"});
  CHECK(line("cluster.why.imbalance") == std::vector<std::string>{"30.0 %", "12.0 %", "10.0 %"});
  CHECK(line("cluster.why.benefit") == std::vector<std::string>{"5.0", "0.7"});
  CHECK(line("cluster.why.done")[1] == "1 s");
}

TEST_CASE("occurrences are filtered by class and by name, and jumped to in order") {
  const Sample sample;
  const ClusterReader reader(sample.path);
  CHECK(filtered_events(reader, {}).size() == 1);  // the move; that machines start is ordinary
  CHECK(filtered_events(reader, {"machine,move", ""}).size() == 11);
  CHECK(filtered_events(reader, {"machine", "vm-10"}).size() == 1);
  const std::vector<u32> all = filtered_events(reader, {"machine,move", ""});
  CHECK(next_event(reader, all, 0) == 10);
  CHECK(next_event(reader, all, 311 * kSecond) == all.size());
  CHECK(event_before(reader, all, 311 * kSecond) == 9);
  CHECK(event_before(reader, all, 0) == all.size());
  const Flags flags = flags_of(reader, 0, 3600 * kSecond, 60);
  CHECK(flags.at(EventClass::Machine, 0) == 10);
  CHECK(flags.at(EventClass::Move, 5) == 1);
  CHECK(value_text(reader.facts(), reader.events().back()) == "1 s");
}

TEST_CASE("curves are the same mean load from the overview and from the states") {
  const Sample sample(4, 10, 240);
  ClusterReader reader(sample.path);
  const ClusterCurves far = cluster_curves(reader, 0, reader.end(), 10, 0);
  const ClusterCurves near = cluster_curves(reader, 0, reader.end(), 100'000, 100);
  const auto mean = [](const std::vector<float>& values, size_t from, size_t to) {
    return std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(from),
                           values.begin() + static_cast<std::ptrdiff_t>(to), 0.0) /
           static_cast<double>(to - from);
  };
  CHECK(mean(far.wanted, 10, 20) == Approx(mean(near.wanted, 100'000, 200'000)).epsilon(0.002));
  CHECK(mean(far.wanted, 10, 20) == Approx(6250 / 16000.0).epsilon(0.01));
}

// Catches sums that are of another span, or of other hosts, than they say; and states that are kept for a
// span that they do not reach.
TEST_CASE("all hosts together are the sum of each, of any span, in any order") {
  const Sample sample(4, 10, 240);
  ClusterReader reader(sample.path), again(sample.path);
  ClusterTotals totals;
  const TotalCurves far = totals.curves(reader, 0, reader.end(), 10, 0);
  CHECK(std::accumulate(far.wanted.begin(), far.wanted.end(), 0.0) / 10 ==
        Approx(6250 / 16000.0).epsilon(0.01));
  CHECK(std::accumulate(far.power.begin(), far.power.end(), 0.0) / 10 == Approx(4 * 120).epsilon(0.01));
  constexpr u32 kColumns = 5000;
  for (const auto& [from, until] :
       {std::pair{0, 14'400}, {300, 400}, {14'000, 14'400}, {0, 60}, {290, 420}}) {
    CAPTURE(from, until);
    const TotalCurves all = totals.curves(reader, from * kSecond, until * kSecond, kColumns, 100);
    const ClusterCurves each = cluster_curves(again, from * kSecond, until * kSecond, kColumns, 100);
    for (u32 column = 0; column < kColumns; column += 97) {
      double power = 0, wanted = 0;
      for (u32 host = 0; host < 4; ++host) {
        power += each.power[host * kColumns + column];
        wanted += each.wanted[host * kColumns + column] / 4;
      }
      CHECK(all.power[column] == Approx(power).epsilon(1e-4));
      CHECK(all.wanted[column] == Approx(wanted).epsilon(1e-4));
    }
  }
}

TEST_CASE("times are told as people read a clock") {
  CHECK(clock_text(18'750 * kSecond, kSecond) == "05:12:30");
  CHECK(clock_text(2 * 86'400 * kSecond + 5 * kSecond, kSecond) == "2d 00:00:05");
  CHECK(clock_text(1'234'567'890, 1'000'000) == "00:00:01.235");
  CHECK(span_text(85'000'000) == "85 ms");
  CHECK(span_text(200 * kSecond) == "3 min 20 s");
  CHECK(rate_text(117'400'000) == "117 MB/s");
  CHECK(amount_text(1'234'000'000) == "1.23 GB");
}

}  // namespace hvlab::views
