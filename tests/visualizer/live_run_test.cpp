// The viewer's side of a live run, against one that answers what it likes.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>

#include "temporary_folder.hpp"
#include "visualizer/live_runs.hpp"

namespace hvlab::test {
namespace {

using record::Json;
using visualizer::LiveRun;

/// Listens where a run would, and says what the test tells it to.
class FakeRun {
 public:
  explicit FakeRun(const std::string& path) : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 4) == 0);
  }
  ~FakeRun() {
    leave();
    close(listener_);
  }
  FakeRun(const FakeRun&) = delete;
  FakeRun& operator=(const FakeRun&) = delete;

  void accept() { client_ = ::accept(listener_, nullptr, nullptr); }
  void leave() {
    if (client_ >= 0) close(client_);
    client_ = -1;
  }
  void raw(const std::string& bytes) const {
    REQUIRE(send(client_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  void say(const Json& body) const {
    const std::string text = body.dump();
    std::string frame;
    for (int i = 0; i < 4; ++i) frame += static_cast<char>(text.size() >> (8 * i));
    raw(frame + text);
  }
  /// The requests that have come.
  std::vector<Json> heard() {
    std::vector<Json> requests;
    char bytes[4096];
    for (ssize_t count; (count = recv(client_, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
      in_.append(bytes, static_cast<size_t>(count));
    while (in_.size() >= 4) {
      const size_t length = static_cast<u8>(in_[0]) + (size_t{static_cast<u8>(in_[1])} << 8);
      if (in_.size() < 4 + length) break;
      requests.push_back(Json::parse(in_.substr(4, length)));
      in_.erase(0, 4 + length);
    }
    return requests;
  }

 private:
  int listener_, client_ = -1;
  std::string in_;
};

Json status_of(u64 time, bool paused) {
  return {{"ok", true},
          {"time", time},
          {"paused", paused},
          {"why", paused ? "asked for" : ""},
          {"speed", 0.01},
          {"instructions", 77},
          {"virtual_processors", {{{"vm", 1}, {"vcpu", 0}, {"exits", 5}}}}};
}

struct Attached {
  explicit Attached(const TemporaryFolder& folder)
      : path((folder.path / "s").string()), fake(path), run(path) {
    fake.accept();
    run.poll(0);
    answer(status_of(1000, false));
  }
  /// Answers the last request that has come.
  void answer(Json body) {
    const std::vector<Json> requests = fake.heard();
    REQUIRE(!requests.empty());
    body["id"] = requests.back()["id"];
    fake.say(body);
    run.poll(0);
  }
  void pause(u64 time) {
    Json news = status_of(time, true);
    news["event"] = "paused";
    fake.say(news);
    run.poll(0);
  }
  std::string path;
  FakeRun fake;
  LiveRun run;
};

}  // namespace

TEST_CASE("how a run stands is asked for now and then, and a stop is told once") {
  const TemporaryFolder folder("live-run");
  Attached a(folder);
  REQUIRE(a.run.status());
  CHECK(a.run.status()->time == 1000);
  CHECK(a.run.status()->speed == Approx(0.01));
  CHECK(a.run.status()->vcpus.at(0).exits == 5);
  a.run.poll(0.1);
  CHECK(a.fake.heard().empty());
  a.run.poll(0.3);
  CHECK(a.fake.heard().at(0)["do"] == "status");
  a.pause(2500);
  CHECK(a.run.take_stop() == 2500);
  CHECK_FALSE(a.run.take_stop());
  CHECK(a.fake.heard().at(0)["do"] == "tail");
  a.run.poll(9);  // one that is paused says by itself when it goes on
  CHECK(a.fake.heard().empty());
  a.run.step_exit(visualizer::LiveVcpu{.vm = 2, .vcpu = 1});
  const Json step = a.fake.heard().at(0);
  CHECK((step["to"] == "exit" && step["vm"] == 2 && step["vcpu"] == 1));
}

TEST_CASE("a run that goes on is paused before it is stepped") {
  const TemporaryFolder folder("live-step");
  Attached a(folder);
  a.run.step_exit(std::nullopt);
  const std::vector<Json> asked = a.fake.heard();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0]["do"] == "pause");
  CHECK((asked[1]["do"] == "step" && !asked[1].contains("vm")));
}

TEST_CASE("the machine's document is asked for once at each stop and address") {
  const TemporaryFolder folder("live-state");
  Attached a(folder);
  CHECK_FALSE(a.run.state("").busy);  // it goes on
  a.pause(2500);
  a.fake.heard();
  CHECK(a.run.state("0x1000").busy);
  CHECK(a.run.state("0x1000").busy);
  a.answer({{"ok", true}, {"state", {{"time", 2500}}}});
  REQUIRE(a.run.state("0x1000").document != nullptr);
  CHECK((*a.run.state("0x1000").document)["time"] == 2500);
  CHECK(a.fake.heard().empty());
  a.pause(2600);
  CHECK(a.run.state("0x1000").busy);
  a.answer({{"ok", false}, {"error", "no"}});
  CHECK(a.run.state("0x1000").problem == "no");
}

// Catches a document of an earlier stop that is taken for that of the present one.
TEST_CASE("a document that comes after the next stop is not shown") {
  const TemporaryFolder folder("live-late");
  Attached a(folder);
  a.pause(2500);
  a.fake.heard();
  a.run.state("");
  const Json request = a.fake.heard().at(0);
  a.pause(2600);
  a.fake.say({{"id", request["id"]}, {"ok", true}, {"state", {{"time", 2500}}}});
  a.run.poll(0);
  CHECK(a.run.state("").document == nullptr);
  CHECK(a.run.state("").busy);
}

// Catches a viewer that crashes, hangs or shows what is no more by what a run says, or that it has gone.
TEST_CASE("nonsense ends the connection or is left out; one that has gone is told") {
  const TemporaryFolder folder("live-nonsense");
  SECTION("no JSON") {
    Attached a(folder);
    a.fake.raw(std::string("\5\0\0\0[[[[[", 9));
    CHECK(a.run.poll(0.1));
    CHECK_FALSE(a.run.attached());
  }
  SECTION("too long") {
    Attached a(folder);
    a.fake.raw("\xff\xff\xff\xff{}");
    CHECK(a.run.poll(0.1));
    CHECK_FALSE(a.run.attached());
  }
  SECTION("other types") {
    Attached a(folder);
    a.fake.say({{"event", 7}});
    a.fake.say({{"event", "paused"},
                {"time", "late"},
                {"paused", true},
                {"why", {1}},
                {"speed", "fast"},
                {"processor", -1},
                {"virtual_processors", {1, "two", {{"vm", "x"}}}}});
    a.fake.say({{"id", 999}, {"ok", true}});
    a.fake.say({{"id", "x"}, {"ok", 3}});
    a.run.poll(0.1);
    CHECK(a.run.attached());
    CHECK(a.run.status()->time == 0);
    CHECK(a.run.status()->paused);
    a.answer({{"ok", true}, {"written", "many"}});
    CHECK_FALSE(a.run.take_tail());
  }
  SECTION("closed") {
    Attached a(folder);
    a.fake.leave();
    CHECK(a.run.poll(0.1));
    CHECK_FALSE(a.run.attached());
    CHECK_FALSE(a.run.status());
    a.run.go();
    CHECK_FALSE(a.run.poll(0.2));
    CHECK_FALSE(a.run.state("").busy);
  }
  SECTION("nobody there") {
    LiveRun run((folder.path / "none").string());
    CHECK_FALSE(run.attached());
    CHECK_FALSE(run.problem().empty());
    CHECK_FALSE(run.poll(0));
  }
}

// Catches a window that hangs in a full socket of a run that is stopped.
TEST_CASE("a run that answers nothing gets no endless requests") {
  const TemporaryFolder folder("live-mute");
  const std::string path = (folder.path / "s").string();
  FakeRun fake(path);
  LiveRun run(path);
  for (int i = 0; i < 100'000; ++i) {
    run.go();
    if (i % 100 == 0) run.poll(i);
  }
  CHECK(run.attached());
  fake.accept();
  CHECK(fake.heard().size() <= 16);
}

// Catches keys that are pressed faster than a run answers, and count from an old pace.
TEST_CASE("a pace that was asked for holds before the run has answered") {
  const TemporaryFolder folder("live-pace");
  Attached a(folder);
  a.run.set_speed(0.001);
  CHECK(a.run.status()->speed == 0.001);
}

TEST_CASE("paces follow each other from fast to slow") {
  using visualizer::other_speed;
  CHECK(other_speed(0, 1) == 1);
  CHECK(other_speed(1, 1) == 0.1);
  CHECK(other_speed(1, -1) == 0);
  CHECK(other_speed(0, -1) == 0);
  CHECK(other_speed(0.05, 1) == 0.01);
  CHECK(other_speed(0.05, -1) == 0.1);
  CHECK(other_speed(visualizer::live_speeds().back(), 1) == visualizer::live_speeds().back());
}

}  // namespace hvlab::test
