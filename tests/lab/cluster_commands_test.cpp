// Runs the built program on small clusters. Catches a run that leaves other files than equal ones or none, a
// timeline that is off by a second, a command that does not know clusters, a mistake that is told too late.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "temporary_folder.hpp"

namespace hvlab {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* kFailing = R"(title: A host fails
cluster:
  length: 1h
  hosts: [{name: server, count: 3}]
  datastores: [{name: san}]
  vms:
    - {name: web, count: 2, host: server-2}
    - {name: giant, memory: 1TiB}
  ha: {timings: vsphere-5.0}
  overheads: {kvm.launch_ms: 0, kvm.services_ms: 20000}
  events: [{at: 10min, fail: {host: server-2}}]
)";

struct Place : test::TemporaryFolder {
  Place() : TemporaryFolder("cluster-commands") {}

  void file(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
  int hvlab(const std::string& words) const {
    const std::string command =
        "cd " + path.string() + " && " HVLAB_PROGRAM " " + words + " >out 2>err </dev/null";
    const int ended = std::system(command.c_str());
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  }
  std::string out() const { return content(path / "out"); }
  std::string err() const { return content(path / "err"); }
  nlohmann::json printed() const { return nlohmann::json::parse(out()); }
};

using Catch::Contains;

}  // namespace

TEST_CASE("a cluster's run says what happened, and leaves it") {
  const Place place;
  place.file("fails.yaml", kFailing);
  REQUIRE(place.hvlab("run fails.yaml") == 0);
  CHECK_THAT(place.out(), Contains("ends with complete") && Contains("server-1") &&
                              Contains("Refused: 1 x no host takes it") &&
                              Contains("0:10:18  ha-dead        server-2"));
  const fs::path run = place.path / "runs/fails/latest";
  for (const char* file : {"run.json", "scenario.yaml", "resolved.yaml", "resolved.json", "stats.json",
                           "stats.csv", "cluster.jsonl", "junit.xml", "results.json"}) {
    CAPTURE(file);
    CHECK(fs::exists(run / file));
  }
  const auto stats = nlohmann::json::parse(content(run / "stats.json"));
  CHECK(stats["metrics"]["group.web.restarts"]["value"] == 2);
  CHECK(stats["metrics"]["ha.detection"] == nlohmann::json{{"value", 18e12}, {"unit", "ps"}});
  CHECK(stats["refusals"]["no host takes it"] == 1);
  // Of all reasons the one of most hosts, with what is lacking where it is least.
  CHECK_THAT(place.out(),
             Contains("no host takes it (3 hosts: not enough memory)") &&
                 Contains("giant: no host takes it (3 hosts: not enough memory, server-1 lacks "));
  for (const auto& figure : stats["figures"]) CHECK_FALSE(figure["origin"].get<std::string>().empty());
  CHECK(nlohmann::json::parse(content(run / "run.json"))["state"] == "complete");
}

// Catches a run of a cluster that does not say what its ways cost, and from where.
TEST_CASE("results say where the figures of ways come from") {
  const Place place;
  place.file("fails.yaml", std::string(kFailing) + "vary: {cluster.overheads.kvm.memory_mib: [7, 8]}\n");
  REQUIRE(place.hvlab("run fails.yaml --json") == 0);
  const nlohmann::json groups = place.printed()["costs"];
  REQUIRE(groups.size() == 2);
  CHECK(groups[0]["ways"] == nlohmann::json{"kvm", "mixed"});
  CHECK(groups[0]["cells"] == nlohmann::json{"memory_mib=7"});
  size_t measured = 0;
  for (const auto& cost : groups[1]["costs"]) {
    const auto origin = cost["origin"].get<std::string>(), source = cost["source"].get<std::string>();
    measured += origin == "measured";
    CHECK((origin == "assumed") == (source.rfind("assumed", 0) == 0));
    if (cost["name"] == "kvm.memory_mib") CHECK((origin == "set" && cost["value"] == 8));
  }
  CHECK(measured > 5);
}

TEST_CASE("occurrences are expected to the second") {
  const Place place;
  const std::string text = kFailing;
  place.file("right.yaml", text +
                               "expect:\n  - {log: ha-dead, host: server, at: 18s, since: fault}\n"
                               "  - {log: serves, machine: web, at: 10min 38s, within: 1s, equals: 2}\n");
  CHECK(place.hvlab("validate right.yaml") == 3);  // a time is a number and a unit
  place.file("right.yaml", text +
                               "expect:\n  - {log: ha-dead, host: server, at: 18s, since: fault}\n"
                               "  - {log: serves, machine: web, at: 637s, within: 1s, equals: 2}\n"
                               "  - {log: refused, reason: no host takes it, equals: 1}\n"
                               "  - {log: ha-dead, host: server-1, equals: 0}\n");
  CHECK(place.hvlab("run right.yaml") == 0);
  place.file("wrong.yaml", text + "expect:\n  - {log: ha-dead, at: 17s, since: fault}\n");
  CHECK(place.hvlab("run wrong.yaml") == 1);
  CHECK_THAT(place.out(), Contains("FAIL log has ha-dead at 17s since fault at least 1: 0 (at 18s)"));
}

TEST_CASE("cells of clusters are varied, verified and compared") {
  const Place place;
  place.file("two.yaml", std::string(kFailing) +
                             "vary: {cluster.ha.on: [true, false]}\n"
                             "expect: [{metric: restarts, in: {cluster.ha.on: false}, equals: 0}]\n");
  REQUIRE(place.hvlab("run two.yaml --verify") == 0);
  CHECK(fs::exists(place.path / "runs/two/latest/on=true/cluster.jsonl"));
  CHECK(place.hvlab("compare two") == 1);
  CHECK_THAT(place.out(), Contains("machines.downtime") && Contains("lines are equal, then they part"));
  CHECK(place.hvlab("compare two/on=true two/on=true") == 0);
  CHECK(place.hvlab("trace two/on=true --filter what=ha-dead") == 0);
  CHECK_THAT(place.out(), Contains("ha-dead        server-2"));
  CHECK(place.hvlab("trace two/on=maybe") == 6);
  CHECK_THAT(place.err(), Contains("the cells of 'runs/two/latest' are on=true, on=false"));
  CHECK(place.hvlab("compare runs/two/latest/on=true runs/two/latest/on=true") == 0);
  REQUIRE(place.hvlab("compare two --json") == 1);
  CHECK(place.printed()["equal"] == false);
}

// Catches a run that Ctrl-C kills, that says it is whole, or whose files end in the middle.
TEST_CASE("Ctrl-C ends a cluster's run with what it has until then") {
  const Place place;
  place.file(
      "long.yaml",
      "title: Long\ncluster:\n  length: 200d\n  hosts: [{name: h, count: 40}]\n  datastores: [{name: s}]\n"
      "  vms: [{name: x, count: 400, memory: 1GiB, vcpus: 1, demand: {shape: bursts, noise: 0.1}, io: "
      "{reads: 9}}]\n"
      "  ha: {}\n  drs: {}\n");
  const std::string script = "cd " + place.path.string() +
                             " && { " HVLAB_PROGRAM
                             " run long.yaml >out 2>err </dev/null & } && pid=$! && "
                             "for i in $(seq 600); do [ -e runs/long/2*/run.json ] && break; sleep 0.1; done "
                             "&& sleep 1 && kill -INT $pid && "
                             "wait $pid";
  const int ended = std::system(script.c_str());
  REQUIRE(WIFEXITED(ended));
  CHECK(WEXITSTATUS(ended) == 130);
  const fs::path run = place.path / "runs/long/latest";
  CHECK(nlohmann::json::parse(content(run / "run.json"))["state"] == "partial");
  const auto stats = nlohmann::json::parse(content(run / "stats.json"));
  CHECK(stats["whole"] == false);
  CHECK(stats["seconds"].get<double>() < 200 * 86'400);
  CHECK(nlohmann::json::parse(content(run / "results.json"))["cells"][0]["ending"] == "interrupted");
  std::istringstream log(content(run / "cluster.jsonl"));
  size_t lines = 0;
  for (std::string line; std::getline(log, line); ++lines) REQUIRE(nlohmann::json::accept(line));
  CHECK(lines >= 400);
  CHECK_THAT(content(run / "junit.xml"), Contains("interrupted") && Contains("</testsuite>"));
  for (const auto& entry : fs::directory_iterator(run))
    CHECK_FALSE(entry.path().filename().string().starts_with('.'));
  CHECK(place.hvlab("stat long") == 0);
  CHECK_THAT(place.err(), Contains("run 'long' is partial"));
}

// Catches numbers of a cluster beside those of a machine, as if they were of one kind.
TEST_CASE("a cluster's run is not compared with a machine's") {
  const Place place;
  place.file("fails.yaml", kFailing);
  REQUIRE(place.hvlab("run fails.yaml") == 0);
  fs::create_directories(place.path / "runs/machine/latest");
  fs::copy_file(place.path / "runs/fails/latest/run.json", place.path / "runs/machine/latest/run.json");
  std::ofstream(place.path / "runs/machine/latest/stats.json") << R"({"schema": "hvlab.stats/1"})";
  for (const char* order :
       {"compare fails machine", "compare machine fails", "compare fails machine --json"}) {
    CHECK(place.hvlab(order) == 2);
    CHECK(place.out().empty());
    CHECK(place.err() ==
          "hvlab: 'fails' is a run of a cluster and 'machine' one of a machine: they have no metric in "
          "common\n");
  }
}

TEST_CASE("the log is printed as it is asked for") {
  const Place place;
  place.file("fails.yaml", kFailing);
  REQUIRE(place.hvlab("run fails.yaml") == 0);
  CHECK(place.hvlab("trace fails --filter what=ha-dead") == 0);
  CHECK(place.out() == "       0:10:18  ha-dead        server-2, seen by server-3\n");
  CHECK(place.hvlab("trace fails --filter what=serves,machine=web* --from 10min --json") == 0);
  CHECK(place.printed()["occurrences"].size() == 2);
  CHECK(place.hvlab("trace fails --filter core=1") == 2);
  CHECK(place.hvlab("stat fails") == 0);
  CHECK_THAT(place.out(), Contains("host.server-3.used.peak") && Contains("assumed"));
}

TEST_CASE("a trace that is none is told before anything runs") {
  const Place place;
  place.file("traced.yaml",
             "title: x\ncluster:\n  length: 1h\n  hosts: [{name: h}]\n"
             "  vms: [{name: v, demand: {shape: trace, file: load.csv}}]\n"
             "expect: [{metric: group.v.served, at_least: 0.9}]\n");
  CHECK(place.hvlab("run traced.yaml") == 6);
  CHECK_THAT(place.out(), Contains("load.csv"));
  CHECK_FALSE(fs::exists(place.path / "runs/traced"));
  place.file("load.csv", "time,part\n0,0.5\n300,12\n");
  CHECK(place.hvlab("run traced.yaml") == 6);
  CHECK_THAT(place.out(), Contains("load.csv:3: '12'"));
  place.file("load.csv", "time,part\n0,0.5\n300,1\n");
  CHECK(place.hvlab("run traced.yaml") == 0);
}

// Catches a claim that nothing is run for, and whose silence looks like success.
TEST_CASE("a claim that a tier has no scenario for is told") {
  const Place place;
  CHECK(place.hvlab("claims H10 --tier machine") == 2);
  CHECK(place.err() == "hvlab: claims: no scenario of tier machine judges H10; leave --tier out\n");
  CHECK(place.hvlab("claims H1 H10 --tier attic") == 2);
  CHECK_THAT(place.err(), Contains("there are machine and cluster"));
}

TEST_CASE("init writes a cluster that runs") {
  const Place place;
  CHECK(place.hvlab("init first --cluster") == 0);
  CHECK(place.hvlab("run first.yaml") == 0);
}

TEST_CASE("figures of ways are varied, and swept") {
  const Place place;
  place.file("ways.yaml",
             "title: x\ncluster:\n  length: 1h\n  hosts: [{name: h, memory: 8GiB}]\n"
             "  vms: [{name: v, count: 4, memory: 2000MiB}]\n  overheads: {kvm.memory_permille: 0}\n"
             "vary: {cluster.overheads.kvm.memory_mib: [10, 200]}\n"
             "expect:\n"
             "  - {metric: machines.running, in: {cluster.overheads.kvm.memory_mib: 10}, equals: 4}\n"
             "  - {metric: machines.running, in: {cluster.overheads.kvm.memory_mib: 200}, equals: 3}\n");
  CHECK(place.hvlab("run ways.yaml") == 0);
  CHECK_THAT(place.out(), Contains("memory_mib=200"));
}

}  // namespace hvlab
