// Live runs: attached to, paused, stepped, asked; and clients that say nonsense.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

#include "live_boot.hpp"
#include "temporary_folder.hpp"

namespace hvlab {
namespace {

using namespace record;
using namespace test;

/// The walk of each document on a processor, a guest or two, at every kind of stop.
void look_everywhere(Viewer& viewer) {
  const Json state = viewer.ask({{"do", "state"}, {"address", "0xffffffff80100000"}})["state"];
  REQUIRE(state["schema"] == "hvlab.machine/1");
  REQUIRE(state["processors"].size() == 2);
  for (const Json& block : state["control_blocks"]) CHECK(block["fields"].size() > 60);
}

}  // namespace

// Catches any way in which looking, pausing or stepping gets into what is simulated: the files hold every
// count, the hash of all events and the whole trace.
TEST_CASE("a run that was paused, stepped and looked at leaves the same bytes as one undisturbed") {
  const test::TemporaryFolder folder("live-same");
  const fs::path a = folder.path / "a", b = folder.path / "b";
  REQUIRE(WEXITSTATUS(std::system((boot_command(a, "--record-level full")).c_str())) == kLimit);
  Run run(b, "--record-level full --live=wait");
  {
    const std::string socket = run.socket();
    CHECK((fs::status(socket).permissions() & fs::perms::all) ==
          (fs::perms::owner_read | fs::perms::owner_write));
    Viewer viewer(socket);
    CHECK(viewer.ask({{"do", "status"}})["paused"] == true);
    CHECK(viewer.ask({{"do", "status"}})["time"] == 0);
    CHECK(viewer.step({{"to", "time"}, {"time", 5'000'000'000}})["time"].get<u64>() >= 4'990'000'000);
    for (int i = 0; i < 60; ++i) viewer.step({{"to", "instruction"}, {"processor", i % 2}});
    const Json first = viewer.step({{"to", "exit"}});
    CHECK(first["why"].get<std::string>().starts_with("exit "));
    look_everywhere(viewer);
    for (int i = 0; i < 40; ++i) viewer.step({{"to", "exit"}});
    const Json other = viewer.step({{"to", "exit"}, {"vm", 2}, {"vcpu", 0}});
    CHECK(other["vm"] == 2);
    look_everywhere(viewer);
    for (int i = 0; i < 300; ++i) viewer.step({{"to", "instruction"}, {"processor", other["processor"]}});
    const Json walk =
        viewer.ask({{"do", "walk"}, {"vm", 1}, {"vcpu", 0}, {"address", "0xffffffff80101000"}})["walk"];
    CHECK(walk["second_stage"] == true);
    CHECK(viewer.ask({{"do", "tail"}})["records"].size() > 10);
    CHECK(viewer.ask({{"do", "speed"}, {"speed", 0.02}})["ok"] == true);
    CHECK(viewer.ask({{"do", "go"}})["ok"] == true);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK(viewer.ask({{"do", "pause"}})["ok"] == true);
    CHECK(viewer.ask({{"do", "speed"}, {"speed", 0}})["ok"] == true);
    CHECK(viewer.ask({{"do", "go"}})["ok"] == true);
    CHECK(viewer.until("ended")["end"] == "time-limit");
    CHECK(run.wait() == kLimit);
    CHECK_FALSE(fs::exists(socket));
  }
  CHECK_FALSE(RunReader(b.string()).run().contains("live"));
  check_same(a, b);
}

// Catches a step that goes too far or not at all.
TEST_CASE("a step is one instruction, and one exit") {
  const test::TemporaryFolder folder("live-step");
  Run run(folder.path / "a", "--live=wait");
  Viewer viewer(run.socket());
  viewer.step({{"to", "exit"}});
  u64 before = viewer.ask({{"do", "status"}})["instructions"].get<u64>();
  const u64 processor = viewer.ask({{"do", "status"}})["processor"].get<u64>();
  for (int i = 0; i < 50; ++i) {
    viewer.step({{"to", "instruction"}, {"processor", processor}});
    const u64 now = viewer.ask({{"do", "status"}})["instructions"].get<u64>();
    CHECK(now == before + 1);
    before = now;
  }
  const auto exits = [&] {
    u64 sum = 0;
    const Json status = viewer.ask({{"do", "status"}});
    for (const Json& vcpu : status["virtual_processors"]) sum += vcpu["exits"].get<u64>();
    return sum;
  };
  for (int i = 0; i < 20; ++i) {
    const u64 had = exits();
    viewer.step({{"to", "exit"}});
    CHECK(exits() == had + 1);
  }
  CHECK(viewer.ask({{"do", "step"}, {"to", "time"}, {"time", 1}})["ok"] == false);
}

// Catches a client that keeps a run from going on by asking without end, and a step that counts as made when
// only the next request has come.
TEST_CASE("requests that come without end hold no run up") {
  const test::TemporaryFolder folder("live-flood");
  Run run(folder.path / "a", "--live=wait");
  Viewer viewer(run.socket());
  viewer.step({{"to", "exit"}});
  const u64 processor = viewer.ask({{"do", "status"}})["processor"].get<u64>();
  u64 before = viewer.ask({{"do", "status"}})["instructions"].get<u64>();
  for (int i = 0; i < 200; ++i) {
    viewer.client.ask({{"do", "step"}, {"to", "instruction"}, {"processor", processor}});
    for (int k = 0; k < 8; ++k) viewer.client.ask({{"do", "status"}});  // on its heels
    viewer.until("running");
    viewer.until("paused");
    const u64 now = viewer.ask({{"do", "status"}})["instructions"].get<u64>();
    CHECK(now > before);
    before = now;
  }
  REQUIRE(viewer.ask({{"do", "go"}})["ok"] == true);
  u64 last = 0;
  for (int i = 0; i < 32; ++i) last = viewer.client.ask({{"do", "status"}});
  for (int i = 0; i < 100'000 && viewer.client.connected(); ++i) {  // always 32 that are not answered yet
    viewer.client.poll(10);
    while (viewer.client.connected() && viewer.client.answer(last - 31))
      last = viewer.client.ask({{"do", "status"}});
  }
  CHECK_FALSE(viewer.client.connected());
  CHECK(run.wait() == kLimit);
}

// Catches a run that waits for ever for somebody who has gone.
TEST_CASE("a run goes on when its last viewer leaves") {
  const test::TemporaryFolder folder("live-leave");
  Run run(folder.path / "a", "--live=wait");
  {
    Viewer viewer(run.socket());
    viewer.ask({{"do", "status"}});
  }
  CHECK(run.wait() == kLimit);
}

// Catches a client that can stop, confuse or crash a run by what it sends.
TEST_CASE("nonsense from a client is refused, and the run goes on") {
  const test::TemporaryFolder folder("live-garbage");
  const fs::path a = folder.path / "a", b = folder.path / "b";
  REQUIRE(WEXITSTATUS(std::system(boot_command(a, "").c_str())) == kLimit);
  Run run(b, "--live=wait");
  const std::string socket = run.socket();
  Viewer viewer(socket);
  const auto refused = [&](const Json& request) {
    CAPTURE(request.dump());
    const Json answer = viewer.ask(request);
    CHECK(answer["ok"] == false);
    CHECK_FALSE(answer.value("error", "").empty());
  };
  refused({{"do", "fly"}});
  refused(Json::object());
  refused({{"do", 7}});
  refused({{"do", "step"}, {"to", 7}});
  refused({{"do", "step"}, {"to", "instruction"}, {"processor", 99}});
  refused({{"do", "step"}, {"to", "instruction"}, {"processor", -1}});
  refused({{"do", "step"}, {"to", "exit"}, {"vm", 1e300}});
  refused({{"do", "speed"}, {"speed", -1}});
  refused({{"do", "speed"}, {"speed", 1e300}});
  refused({{"do", "state"}, {"processor", 2}});
  refused({{"do", "state"}, {"address", "12x"}});
  refused({{"do", "walk"}});
  refused({{"do", "walk"}, {"address", 1}, {"vm", 9}});
  refused({{"do", "walk"}, {"address", 1}, {"access", "lick"}});
  refused({{"do", "tail"}, {"from", "here"}});
  std::mt19937_64 random(3);
  for (int round = 0; round < 60; ++round) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(socket.begin(), socket.end(), address.sun_path);
    const int raw = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(connect(raw, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    std::string bytes;
    if (round % 3 == 0) bytes = std::string("\x05\0\0\0[[[[[", 9);           // a frame that is no request
    if (round % 3 == 1) bytes = std::string("\xff\xff\xff\xff{}", 6);        // a frame that is too long
    if (round % 3 == 2) bytes = std::string("\x40\0\0\0{\"do\": \"st", 14);  // half of one
    for (int i = 0; i < round; ++i) bytes += static_cast<char>(random());
    send(raw, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    close(raw);
  }
  CHECK(viewer.ask({{"do", "status"}})["paused"] == true);
  CHECK(viewer.ask({{"do", "go"}})["ok"] == true);
  viewer.until("ended");
  CHECK(run.wait() == kLimit);
  check_same(a, b);
}

}  // namespace hvlab
