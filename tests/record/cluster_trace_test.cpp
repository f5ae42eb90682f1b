// A cluster's trace: what is written is read, at any moment, whole or broken off, and nothing crashes a
// reader.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cluster_samples.hpp"
#include "sim/base/user_error.hpp"
#include "sim/record/cluster_overview.hpp"
#include "sim/record/cluster_reader.hpp"

namespace hvlab::record {

namespace {

using test::kSecond;

struct File {
  std::string path =
      std::filesystem::temp_directory_path() / ("hvlab-cluster-" + std::to_string(getpid()) + ".hvc");
  ~File() { std::filesystem::remove(path); }

  std::vector<char> bytes() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::vector<char>& bytes) const {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
};

void look_everywhere(ClusterReader& reader) {
  for (u64 time = 0; time <= reader.end(); time += std::max<u64>(1, reader.end() / 7)) reader.at(time);
  size_t seen = 0;
  reader.each(0, kClusterNever, [&](ClusterTime, const ClusterState&) { return ++seen < 100'000; });
}

}  // namespace

TEST_CASE("a cluster's trace says everything as it was, at any moment, forwards and backwards") {
  const File file;
  test::write_cluster(file.path, 3, 10, 60);
  ClusterReader reader(file.path);
  CHECK(reader.complete());
  CHECK(reader.problem().empty());
  CHECK(reader.end() == 3600 * kSecond);
  CHECK(reader.facts().hosts[2].name == "host-3");
  CHECK(reader.facts().machines[9].way == "kvm");
  CHECK(reader.facts().assumed[0].source == "assumed: 100 ms");
  CHECK(reader.facts().ha);
  CHECK(reader.events().size() == 11);
  CHECK(reader.events().back().value == kSecond);
  REQUIRE(reader.moves().size() == 1);
  CHECK(reader.moves()[0] == test::cluster_move(0));
  CHECK(reader.at(310 * kSecond).machines[0].host == 0);
  CHECK(reader.at(311 * kSecond).machines[0].host == 1);
  CHECK(reader.at(3599 * kSecond).hosts[0].is() == HostCondition::On);
  CHECK(reader.at(3600 * kSecond).hosts[0].is() == HostCondition::Failed);
  const MachineSample early = reader.at(60 * kSecond).machines[3];
  CHECK(early.wants == 500 + (3 * 37 + 101) % 700);
  CHECK(early.gets() == std::min(early.wants, 1000u));
  CHECK(reader.at(119 * kSecond).machines[3] == early);
  CHECK(reader.at(0).stores[0].offered == 100);
}

TEST_CASE("a trace of many blocks is the same as if each moment were read from the beginning") {
  const File file;
  test::write_cluster(file.path, 20, 3000, 240);
  ClusterReader all(file.path), some(file.path);
  CHECK(all.blocks_between(0, kClusterNever) > 2);
  std::vector<ClusterState> states;
  std::vector<ClusterTime> times;
  all.each(0, kClusterNever, [&](ClusterTime at, const ClusterState& state) {
    times.push_back(at);
    states.push_back(state);
    return true;
  });
  CHECK(times.size() == 242);  // one for each minute, one for the move
  CHECK(std::ranges::is_sorted(times));
  for (size_t i = times.size(); i-- > 0;) {
    const ClusterState& state = some.at(times[i]);
    REQUIRE(state.machines == states[i].machines);
    REQUIRE(state.hosts == states[i].hosts);
  }
}

TEST_CASE("the overview's means are those of the time, whatever the width of its spans") {
  const File file;
  test::write_cluster(file.path, 2, 4, 60);
  const ClusterReader reader(file.path);
  const ClusterOverview& overview = reader.overview();
  CHECK(overview.spans <= 1024);
  CHECK(overview.width * overview.spans >= reader.end());
  double sum = 0;
  for (u32 span = 0; span < overview.spans; ++span) {
    const u64 until = std::min(reader.end(), (span + 1) * overview.width);
    sum += overview.hosts[span].wanted * static_cast<double>(until - span * overview.width);
  }
  // 4000 to 8500 MHz in ten steps, six times.
  CHECK(sum / static_cast<double>(reader.end()) == Approx(6250).epsilon(0.001));
  CHECK(overview.hosts[0].on == 1000);
}

TEST_CASE("an overview up to the last nanosecond that there is comes to an end") {
  for (const ClusterTime end : {kClusterNever, kClusterNever - 1, (ClusterTime{1} << 63) + 1}) {
    OverviewBuilder builder(1, 0);
    builder.host(0, 0, {.wanted = 4000});
    builder.host(0, end / 4, {.wanted = 8000});
    const ClusterOverview overview = builder.finish(end);
    REQUIRE(overview.spans >= 512);
    CHECK(overview.hosts.size() == overview.spans);
    CHECK(overview.hosts.front().wanted == 4000);
    CHECK(overview.hosts.back().wanted == 8000);
  }
}

TEST_CASE("a cluster's trace that broke off is shown up to there, with an overview of its own") {
  const File file;
  test::write_cluster(file.path, 20, 3000, 240, false);
  const std::vector<char> whole = file.bytes();
  file.write({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(whole.size() / 2)});
  ClusterReader reader(file.path);
  CHECK_FALSE(reader.complete());
  CHECK(reader.problem().find("broke off") != std::string::npos);
  CHECK(reader.end() > 0);
  CHECK(reader.overview().hosts.size() == 20 * reader.overview().spans);
  CHECK(reader.at(reader.end()).hosts.size() == 20);
  file.write({whole.begin(), whole.begin() + 40});
  CHECK_THROWS_AS(ClusterReader(file.path), UserError);
}

TEST_CASE("no byte of a cluster's trace that is wrong, and no length, crashes its reader") {
  const File file;
  test::write_cluster(file.path, 3, 10, 10);
  const std::vector<char> whole = file.bytes();
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<char> bytes = whole;
    if (i % 2 == 0) bytes[i] = static_cast<char>(bytes[i] ^ (1 << i % 8));
    if (i % 2 == 1) bytes.resize(i);
    file.write(bytes);
    try {
      ClusterReader reader(file.path);
      look_everywhere(reader);
    } catch (const UserError&) {
    }
  }
}

TEST_CASE("equal recordings have equal bytes") {
  const File file;
  test::write_cluster(file.path, 3, 100, 30);
  const std::vector<char> first = file.bytes();
  test::write_cluster(file.path, 3, 100, 30);
  CHECK(file.bytes() == first);
}

}  // namespace hvlab::record
