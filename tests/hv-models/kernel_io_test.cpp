// Requests of the kernel followed hop by hop, by its marks.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kernel_run.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::test;
using Json = nlohmann::json;

namespace {

struct Followed {
  KernelRun run;
  Json io;                     // of the statistics
  std::vector<Json> requests;  // one by one
};

Followed follow(unsigned processors, const std::string& program, std::vector<std::string> options) {
  const TemporaryFolder folder("io");
  const std::string statistics = (folder.path / "stats").string(), list = (folder.path / "requests").string();
  for (const std::string& each : {std::string("--stats"), statistics, std::string("--io-requests"), list})
    options.push_back(each);
  Followed result{.run = run_kernel(processors, program, options), .io = {}, .requests = {}};
  result.io = Json::parse(std::ifstream(statistics)).at("io");
  std::ifstream lines(list);
  for (std::string line; std::getline(lines, line);) result.requests.push_back(Json::parse(line));
  return result;
}

u64 count(const Json& io, const std::string& operation, const char* what) {
  u64 sum = 0;
  for (const Json& group : io)
    if (group.at("operation") == operation) sum += group.at(what).get<u64>();
  return sum;
}

// Pieces that follow each other from the request's beginning to its end.
bool contiguous(const Json& request) {
  u64 at = request.at("begin");
  for (const Json& piece : request.at("pieces")) {
    if (piece[3] != at || piece[4].get<u64>() <= at) return false;
    at = piece[4];
  }
  return at == request.at("end");
}

}  // namespace

// Catches requests of which a stage is missing, that belong to no system call, or whose hops are not their
// time.
TEST_CASE("each request to a disk is followed from its call to its return") {
  const TemporaryFolder folder("disk");
  const std::string disk = (folder.path / "disk").string();
  std::ofstream(disk).flush();
  std::filesystem::resize_file(disk, 16 << 20);
  for (const char* interface : {"virtio", "ide"}) {
    for (const unsigned processors : {1u, 3u}) {
      const Followed seen = follow(processors, "/bin/workload --quick --disk /dev/disk0",
                                   {"--disk", disk + ",if=" + interface});
      CAPTURE(interface, processors, seen.run.console, seen.run.errors);
      REQUIRE(seen.run.well());
      CHECK(seen.requests.size() == 9);
      for (const char* operation : {"read", "write"}) {
        CHECK(count(seen.io, operation, "requests") == 4);
        CHECK(count(seen.io, operation, "complete") == 4);
        CHECK(count(seen.io, operation, "called") == 4);
      }
      for (const Json& request : seen.requests) {
        CAPTURE(request.dump());
        CHECK(contiguous(request));
        CHECK(request.at("system") == 0);
      }
    }
  }
}

// Catches datagrams and pings that are not followed onto the wire and back.
TEST_CASE("datagrams and pings are round trips") {
  for (const char* card : {"virtio", "e1000"}) {
    const Followed seen = follow(1, "/bin/network", {"--net", "peer", "--nic", card});
    CAPTURE(card, seen.run.console, seen.run.errors);
    REQUIRE(seen.run.well());
    CHECK(count(seen.io, "round-trip", "requests") > 40);  // 20 pings, 20 datagrams, a pattern
    CHECK(count(seen.io, "round-trip", "requests") == count(seen.io, "round-trip", "complete"));
    for (const Json& request : seen.requests) CHECK(contiguous(request));
  }
}
