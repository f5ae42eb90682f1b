// Runs the built program as somebody does who makes mistakes. Catches an option that is passed over in
// silence, a name that is misspelt and looks like one to which nothing has happened, a message of the
// program's inside, a table of cells that is read beyond its end, results that are cut off and look whole.
#include <sys/wait.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "temporary_folder.hpp"

namespace hvlab {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

constexpr const char* kVaried = R"(title: Four cells
cluster:
  length: 1h
  hosts: [{name: host, count: 2}]
  datastores: [{name: san}]
  vms: [{name: old, count: 2}]
  ha: {}
vary: {cluster.ha.on: [true, false], cluster.vms.0.memory: [4GiB, 1TiB]}
)";

struct Place : test::TemporaryFolder {
  Place() : TemporaryFolder("cluster-mistakes") {
    std::ofstream(path / "four.yaml") << kVaried;
    REQUIRE(hvlab("run four.yaml") == 0);
  }

  /// The exit status of hvlab with these words; what it prints is in files "out" and "err".
  int hvlab(const std::string& words, const std::string& out = "out") const {
    const std::string command =
        "cd " + path.string() + " && " HVLAB_PROGRAM " " + words + " >" + out + " 2>err </dev/null";
    const int ended = std::system(command.c_str());
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  }
  std::string content(const char* name) const {
    std::ifstream in(path / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string out() const { return content("out"); }
  std::string err() const { return content("err"); }
  nlohmann::json printed() const { return nlohmann::json::parse(out()); }
};

}  // namespace

TEST_CASE("cells of a cluster stand side by side, however many they are") {
  const Place place;
  REQUIRE(place.hvlab("compare four --json") == 1);
  REQUIRE(place.printed()["runs"].size() == 4);
  for (const auto& metric : place.printed()["metrics"]) {
    CAPTURE(metric["metric"].get<std::string>());
    REQUIRE(metric["values"].size() == 4);
    for (const auto& value : metric["values"]) CHECK(value.is_number());
  }
  CHECK(place.hvlab("stat four") == 0);
  CHECK_THAT(place.out(), Contains("machines.running") && Contains("on=false,memory=1TiB"));
  REQUIRE(place.hvlab("stat four --json") == 0);
  CHECK(place.printed()["cells"].size() == 4);
  CHECK(place.printed()["cells"][1]["stats"]["metrics"]["machines.running"]["value"] == 0);
  // What never ran was never served, in no hour either.
  CHECK(place.printed()["cells"][1]["stats"]["metrics"]["machines.served.worst"]["value"] == 0);
}

TEST_CASE("what a cluster's run has not is told in a line") {
  const Place place;
  const std::pair<const char*, const char*> mistakes[] = {
      {"stat four --by vm", "stat: --by is of runs of machines"},
      {"compare four --hops", "compare: --hops is of runs of machines"},
      {"compare four --baseline bare", "compare: --baseline is of runs of machines"},
      {"top four/on=true,memory=4GiB --at 1s", "is a run of a cluster"},
      {"inspect four/on=true,memory=4GiB --at 1s", "is a run of a cluster"},
      {"overhead four", "is a run of a cluster"},
      {"trace four/on=true,memory=4GiB --filter what=serve", "did you mean 'serves'?"},
      {"trace four/on=true,memory=4GiB --from 2s --until 1s", "--until is not behind --from"},
      {"trace four/on=true,memory=4GiB --export csv f --limit 5", "--limit and --json are for printing"},
      {"run four.yaml --cell on=true", "there is no cell 'on=true'; there are on=true,memory=4GiB, "},
      {"validate four.yaml --resolve --cell on=true", "there is no cell 'on=true'; there are "},
      {"run .", "'.' is a folder"},
      {"validate nothing.yaml", "'nothing.yaml' cannot be read: No such file"},
      {"list quantities", "there is no kind 'quantities'; see 'hvlab list'"},
  };
  for (const auto& [words, message] : mistakes) {
    CAPTURE(words);
    CHECK(place.hvlab(words) == 2);
    CHECK(place.out().empty());
    CHECK_THAT(place.err(), Contains(message));
    CHECK(std::ranges::count(place.err(), '\n') == 1);
  }
}

TEST_CASE("a word is explained whatever its capitals") {
  const Place place;
  CHECK(place.hvlab("explain drs") == 0);
  CHECK_THAT(place.out(), Contains("drs (word)"));
  CHECK(place.hvlab("explain vMotion") == 0);
  CHECK(place.hvlab("explain dsr") == 2);
  CHECK_THAT(place.err(), Contains("'dsr' is no name here"));
}

TEST_CASE("a name that nothing has happened to is noted") {
  const Place place;
  CHECK(place.hvlab("trace 'four/on=true,memory=4GiB' --filter host=hots-1") == 0);
  CHECK(place.out().empty());
  CHECK_THAT(place.err(), Contains("nothing in the log has host 'hots-1'; did you mean 'host-1'?"));
  CHECK(place.hvlab("trace 'four/on=true,memory=4GiB' --filter host=host-1") == 0);
  CHECK(place.err().empty());
}

// Standard output that takes nothing stands for a disk that is full.
TEST_CASE("results that standard output does not take are no success") {
  if (!fs::is_character_file("/dev/full")) return;
  const Place place;
  for (const char* words : {"run four.yaml --json", "stat four", "list metrics", "--help"}) {
    CAPTURE(words);
    CHECK(place.hvlab(words, "/dev/full") == 2);
    CHECK_THAT(place.err(), Contains("hvlab: standard output: "));
  }
}

TEST_CASE("a trace that is not there is told with the line that names it") {
  const Place place;
  std::ofstream(place.path / "traced.yaml") << "title: x\ncluster:\n  hosts: [{name: h}]\n"
                                               "  vms: [{name: v, demand: {shape: trace, file: load.csv}}]\n";
  CHECK(place.hvlab("run traced.yaml") == 6);
  CHECK_THAT(place.out(),
             Contains("traced.yaml:4:48: trace 'load.csv': cannot be read: No such file or directory"));
}

}  // namespace hvlab
