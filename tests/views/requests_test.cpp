// Catches requests that are dropped, percentiles and hops that are not those of stats.json, and files that
// are damaged or broken off.
#include <catch2/catch.hpp>
#include <fstream>

#include "sim/base/user_error.hpp"
#include "sim/views/requests.hpp"
#include "temporary_folder.hpp"

namespace hvlab::views {
namespace {

using observe::IoOperation;
using observe::IoStage;
using observe::IoWhere;

// A request of system 1 that begins at `begin` ns and takes `guest` ns in its kernel, then `medium`.
std::string line(u64 begin, u64 guest, u64 medium, unsigned parts = 1, const std::string& operation = "write",
                 unsigned system = 1, u64 bytes = 4096) {
  const auto ns = [](u64 time) { return std::to_string(time) + "000"; };
  const u64 end = begin + guest + medium;
  return R"({"system":)" + std::to_string(system) + R"(,"operation":")" + operation +
         R"(","sector":8,"bytes":)" + std::to_string(bytes) + R"(,"begin":)" + ns(begin) + R"(,"end":)" +
         ns(end) + R"(,"cycles":)" + std::to_string(guest + medium) + R"(,"complete":true,"parts":)" +
         std::to_string(parts) + R"(,"copied":100,"exits":{"io":2},"unseen":["injected"],"pieces":[)" +
         R"(["call","guest-kernel",0,)" + ns(begin) + "," + ns(begin + guest) + "," + std::to_string(guest) +
         R"(],["medium","medium",0,)" + ns(begin + guest) + "," + ns(end) + "," + std::to_string(medium) +
         "]]}\n";
}

// A file with this text, for as long as the test runs.
class File {
 public:
  explicit File(const std::string& text) : path_(folder_.path / "io.jsonl") { write(text); }
  void write(const std::string& text) const { std::ofstream(path_, std::ios::binary) << text; }
  const std::filesystem::path& path() const { return path_; }
  std::string name() const { return path_.string(); }

 private:
  test::TemporaryFolder folder_{"views-requests"};
  std::filesystem::path path_;
};

constexpr u64 kHz = 1'000'000'000;

}  // namespace

TEST_CASE("a line of io.jsonl is read in full") {
  const auto request = parse_request(line(1000, 20, 300));
  REQUIRE(request);
  CHECK(request->io.system == 1);
  CHECK(request->io.operation == IoOperation::Write);
  CHECK(request->io.bytes == 4096);
  CHECK(request->io.begin == 1'000'000);
  CHECK(request->io.end == 1'320'000);
  CHECK(request->io.copied == 100);
  CHECK(request->cycles == 320);
  CHECK(request->exits.at("io") == 2);
  CHECK(!request->io.saw(IoStage::Injected));
  CHECK(request->io.complete());
  REQUIRE(request->io.pieces.size() == 2);
  CHECK(request->io.pieces[1].where == IoWhere::Medium);
  CHECK(request->io.pieces[1].end == 1'320'000);
}

TEST_CASE("percentiles are those of the definition, over all requests") {
  std::string text;
  for (u64 i = 0; i < 100; ++i) text += line(10'000 - i, 10, 100 + i);  // later ones begin earlier
  const File file(text);
  const Requests requests = Requests::load(file.path(), kHz);
  CHECK(requests.problem().empty());
  REQUIRE(requests.groups().size() == 1);
  const Requests::Group& group = requests.groups().front();
  CHECK(group.exits.at("io") == 200);
  const std::vector<HopTimes> hops = hop_table(requests, group);
  REQUIRE(hops.size() == 3);
  CHECK(hops[0].label == "guest kernel: system call");
  CHECK(hops[0].p50 == 10'000);
  CHECK(hops[1].where == IoWhere::Medium);
  CHECK(hops[1].p50 == 149'000);
  CHECK(hops[1].p90 == 189'000);
  CHECK(hops[1].p99 == 198'000);
  CHECK(hops[1].most == 199'000);
  CHECK(hops[2].label.empty());
  CHECK(hops[2].mean == Approx(159'500));
  CHECK(hops[2].mean_cycles == Approx(159.5));
  CHECK(hops[2].requests == 100);
}

TEST_CASE("a request is chosen by its place in time or by how long it took, and read again") {
  const File file(line(500, 10, 300) + line(100, 10, 200) + line(900, 10, 200));
  const Requests requests = Requests::load(file.path(), kHz);
  const Requests::Group& group = requests.groups().front();
  CHECK(requests.read(group.by_begin[0]).io.begin == 100'000);
  CHECK(requests.read(group.by_begin[2]).io.begin == 900'000);
  CHECK(requests.read(requests.at_percentile(group, 50)).io.begin == 100'000);  // the first of two as quick
  CHECK(requests.read(requests.at_percentile(group, 100)).io.begin == 500'000);
  CHECK(requests.read(requests.at_percentile(group, 0)).io.begin == 100'000);
  file.write("");
  CHECK_THROWS_WITH(requests.read(0), Catch::Contains("has changed"));
}

TEST_CASE("what others carry out stands for an operation") {
  const File file(line(1, 10, 20, 0, "write", 2) + line(2, 10, 30, 1, "write", 1) +
                  line(3, 1, 1, 0, "read", 0));
  const Requests requests = Requests::load(file.path(), kHz);
  REQUIRE(requests.innermost(IoOperation::Write) != nullptr);
  CHECK(std::get<0>(requests.innermost(IoOperation::Write)->key) == 1);
  CHECK(std::get<0>(requests.innermost(IoOperation::Read)->key) == 0);
  CHECK(requests.innermost(IoOperation::Ping) == nullptr);
  CHECK(requests.find({1, IoOperation::Write, 4096}) != nullptr);
  CHECK(requests.find({1, IoOperation::Write, 512}) == nullptr);
}

TEST_CASE("lines that are no requests are said once, and the rest is shown") {
  const std::string gap = R"({"system":1,"operation":"write","sector":8,"bytes":4096,"begin":1,"end":9,)"
                          R"("cycles":1,"parts":0,"unseen":[],"pieces":[["call","medium",0,2,9,1]]})";
  const File file(line(1, 2, 3) + "{\"system\": 1}\n" + line(9, 2, 3) + "nonsense\n" + gap + "\n");
  const Requests requests = Requests::load(file.path(), kHz);
  CHECK(requests.size() == 2);
  CHECK(requests.problem() == file.name() + ": line 2 is no request, nor are 2 others; left out");
  for (
      const char* bad :
      {"", "[]", "null", "{", R"({"system":"x"})", R"({"system":-1})",
       R"({"system":1,"operation":"write","sector":8,"bytes":4096,"begin":9,"end":1,"cycles":1,"parts":0,"unseen":[]})",
       R"({"system":1,"operation":"write","sector":8,"bytes":1,"begin":1,"end":9,"cycles":1,"parts":0,"unseen":7})",
       R"({"system":1,"operation":"write","sector":8,"bytes":1,"begin":1,"end":9,"cycles":1,"parts":0,"unseen":[],"pieces":[["?","medium",0,1,9,1]]})"})
    CHECK(!parse_request(bad));
}

TEST_CASE("a file that breaks off within a line is shown up to there") {
  const std::string whole = line(1, 2, 3) + line(9, 2, 3);
  for (const size_t cut : {size_t{1}, size_t{10}, size_t{100}}) {
    const File file(whole.substr(0, whole.size() - cut - 1));
    const Requests requests = Requests::load(file.path(), kHz);
    CHECK(requests.size() == 1);
    CHECK(requests.problem() == file.name() + ": breaks off within line 2");
  }
  CHECK(Requests::load(File("").path(), kHz).size() == 0);
  CHECK_THROWS_AS(Requests::load("no such file", kHz), UserError);
}

TEST_CASE("whoever reads can be told to stop, and tells how far it is") {
  std::string text;
  for (u64 i = 1; i <= 50; ++i) text += line(i, 1, 2);
  Progress progress;
  const File file(text);
  CHECK(Requests::load(file.path(), kHz, &progress).size() == 50);
  CHECK(progress.fraction() == 1);
  Progress stopped;
  stopped.stop = true;
  CHECK(Requests::load(file.path(), kHz, &stopped).size() < 50);
}

TEST_CASE("hops of several runs find their rows") {
  const auto hop = [](IoStage stage, IoWhere where, const char* label) {
    return HopTimes{.stage = stage, .where = where, .label = label, .requests = 1};
  };
  const HopTimes call = hop(IoStage::Call, IoWhere::GuestKernel, "call"),
                 exit = hop(IoStage::Submit, IoWhere::Exit, "exit"),
                 medium = hop(IoStage::Medium, IoWhere::Medium, "medium"), whole = hop({}, {}, "");
  const auto rows = joined_hops({{call, medium, whole}, {call, exit, medium, whole}});
  CHECK(rows == std::vector<std::vector<int>>{{0, 0}, {-1, 1}, {1, 2}, {2, 3}});
  // The same thing in another place has the same row; two of a kind have two.
  const HopTimes ours = hop(IoStage::Driver, IoWhere::HostKernel, "driver"),
                 theirs = hop(IoStage::Driver, IoWhere::Hypervisor, "driver");
  CHECK(joined_hops({{call, ours, whole}, {call, theirs, whole}}) ==
        std::vector<std::vector<int>>{{0, 0}, {1, 1}, {2, 2}});
  CHECK(joined_hops({{call, ours, theirs, whole}, {theirs, whole}}) ==
        std::vector<std::vector<int>>{{0, -1}, {1, -1}, {2, 0}, {3, 1}});
  const HopTimes other = hop(IoStage::Driver, IoWhere::HostKernel, "driver");
  CHECK(joined_hops({{call, medium, whole}, {other, whole}}) ==
        std::vector<std::vector<int>>{{-1, 0}, {0, -1}, {1, -1}, {2, 1}});
}

}  // namespace hvlab::views
