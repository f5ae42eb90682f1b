// Catches figures of profiles/overhead that are told from the wrong run or in the wrong unit, a figure that
// runs do not measure and that is lost when files are made anew, and files that the command would write
// otherwise than they are.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/base/data_path.hpp"
#include "sim/base/user_error.hpp"
#include "sim/lab/overhead_figures.hpp"
#include "sim/lab/overhead_files.hpp"

namespace hvlab::lab {

namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A phase that took `cycles`, a quarter of them idle, at 1 GHz.
void add_phase(MeasuredRun& run, const std::string& name, u64 cycles, u64 steps, u64 bytes) {
  run.log.phases.push_back({name, 1, cycles, steps, bytes});
  RunWindow window;
  window.cycles = cycles;
  window.seconds = static_cast<double>(cycles) * 1e-9;
  window.ledger = {{"guest-user", cycles - cycles / 4}, {"idle", cycles / 4}};
  run.phases.push_back(window);
}

SourceRun run_of(const std::string& way, u64 times) {
  SourceRun source;
  source.origin = "ways, " + way;
  source.run.way = way;
  source.run.processor = "amd-zen2";
  source.run.log.size = "full";
  source.run.log.done = true;
  add_phase(source.run, "cpu", 1'000'000, 48, 0);
  add_phase(source.run, "syscall", 400'000 * times, 1000, 0);
  add_phase(source.run, "disk", 4'000'000 * times, 0, 15 * 16384);
  add_phase(source.run, "link", 1'000'000 * times, 100, 0);
  add_phase(source.run, "link-bulk", 4'000'000 * times, 0, 100 * 1024);
  return source;
}

u64 value_in(const MeasuredOverhead& overhead, const std::string& name) {
  for (const media::Figure& figure : overhead.figures)
    if (figure.name == name) return figure.value;
  FAIL("there is no " << name);
  return 0;
}

SourceRun memory_run(u64 given, u64 memory) {
  SourceRun source = run_of("kvm", 3);
  source.origin = "memory, kvm";
  source.run.log.size = "quick";
  source.run.phases.resize(1);
  source.run.log.phases.resize(1);
  source.run.log.given = given;
  source.run.log.memory = memory;
  return source;
}

}  // namespace

TEST_CASE(
    "what a way costs is what it takes more than the machine itself, by phase, request, packet and KiB") {
  const std::vector<MeasuredOverhead> all = measured_overheads({run_of("bare", 1), run_of("kvm", 2)});
  REQUIRE(all.size() == 2);
  const MeasuredOverhead& kvm = all[1];
  CHECK(kvm.name == "kvm");
  CHECK(value_in(kvm, "cpu_permille") == 1000);
  CHECK(value_in(kvm, "syscall_permille") == 2000);
  // Three quarters of 4 000 000 cycles for 15 requests and a flush; of 1 000 000 for 200 packets; ...
  CHECK(value_in(kvm, "disk_request_cycles") == 187'500);
  CHECK(value_in(kvm, "disk_request_ns") == 250'000);
  CHECK(value_in(kvm, "packet_cycles") == 3750);
  CHECK(value_in(kvm, "packet_ns") == 5000);
  CHECK(value_in(kvm, "stream_kib_cycles") == 30'000);
  for (const media::Figure& figure : kvm.figures) CHECK(figure.source == "measured: ways, kvm");
}

TEST_CASE("what requests cost is told from the last of several times, against the machine likewise") {
  SourceRun warm = run_of("kvm", 3), bare = run_of("bare", 1);
  for (SourceRun* each : {&warm, &bare}) {
    const std::vector<RunWindow> last = each->run.phases;
    for (RunWindow& window : each->run.phases) window.cycles *= 7;
    each->run.phases.insert(each->run.phases.end(), last.begin(), last.end());
    each->run.log.again = true;
    each->origin = "warm";
  }
  const std::vector<MeasuredOverhead> all =
      measured_overheads({warm, bare, run_of("bare", 1), run_of("kvm", 2)});
  CHECK(value_in(all[0], "disk_request_cycles") == 375'000);
  CHECK(value_in(all[0], "disk_request_ns") == 500'000);
  CHECK(value_in(all[0], "syscall_permille") == 2000);
  for (const media::Figure& figure : all[0].figures)
    CHECK((figure.source == "measured: warm") == (figure.name.find("permille") == std::string::npos));
}

TEST_CASE(
    "a way on another processor, and a teaching system, have names of their own and their own machine") {
  SourceRun other = run_of("kvm", 2), bare = run_of("bare", 1), teaching = run_of("hosted", 2);
  other.run.processor = "intel-skylake,-ept";
  teaching.run.teaching = true;
  const std::vector<MeasuredOverhead> all = measured_overheads({bare, other, teaching});
  CHECK(all[1].name == "kvm-intel-skylake");
  CHECK(all[2].name == "teaching-hosted");
  // There is nothing to compare them with.
  CHECK(all[1].figures.empty());
  CHECK(all[2].figures.empty());
}

TEST_CASE("memory is told from machines that were given all of theirs, in a fixed and a growing part") {
  constexpr u64 kMiB = 1 << 20;
  const std::vector<MeasuredOverhead> all =
      measured_overheads({run_of("bare", 1), memory_run(100 * kMiB, 121 * kMiB),
                          memory_run(500 * kMiB, 525 * kMiB), run_of("kvm", 2)});
  CHECK(value_in(all[1], "memory_mib") == 20);
  CHECK(value_in(all[1], "memory_permille") == 10);
  // The run that has most phases is the one for these.
  CHECK(value_in(all[1], "syscall_permille") == 2000);
}

TEST_CASE("the time from launch to start is told from a run as the machine itself has one") {
  SourceRun memory = memory_run(100 << 20, 120 << 20), usual = run_of("kvm", 2);
  memory.run.launched = usual.run.launched = 1;
  memory.run.started = {1.5};
  usual.run.started = {1.25};
  const std::vector<MeasuredOverhead> all = measured_overheads({run_of("bare", 1), memory, usual}),
                                      lone = measured_overheads({memory});
  CHECK(value_in(all[1], "launch_ms") == 250);
  for (const media::Figure& figure : lone[0].figures) CHECK(figure.name != "launch_ms");
}

TEST_CASE("a container takes what it takes more than a process") {
  SourceRun apps = run_of("apps", 1), container = run_of("container", 1), machine = run_of("kvm", 2);
  apps.run.log.memory = 4 << 20;
  container.run.log.memory = 6 << 20;
  machine.run.log.memory = 90 << 20;
  machine.run.guest_memory = 128 << 20;
  const std::vector<MeasuredOverhead> all = measured_overheads({run_of("bare", 1), apps, container, machine});
  CHECK(value_in(all[2], "memory_mib") == 2);
  // A machine that has touched 90 of its 128 MiB says nothing.
  for (const media::Figure& figure : all[3].figures) CHECK(!figure.name.starts_with("memory"));
}

TEST_CASE("a way moves if all that were moved went on, and stands still for the longest") {
  SourceRun moved = run_of("kvm", 1);
  moved.run.log.moves = {{.completed = true, .seconds = 0.1, .downtime = 0.017, .bytes = 1, .rounds = 3}};
  std::vector<MeasuredOverhead> all = measured_overheads({moved});
  CHECK(value_in(all[0], "moves_while_running") == 1);
  CHECK(value_in(all[0], "move_standstill_ms") == 17);
  moved.run.log.moves[0].completed = false;
  all = measured_overheads({moved});
  CHECK(value_in(all[0], "moves_while_running") == 0);
}

TEST_CASE("the profiles are files as the command writes them") {
  const fs::path folder = data_folder("profiles/overhead");
  for (const std::string& name : media::profile_names("overhead")) {
    CAPTURE(name);
    CHECK(overhead_text(overhead_file(folder.string(), name)) == content(folder / (name + ".yaml")));
  }
}

TEST_CASE("what runs do not measure stays, and another processor begins with the way's own figures") {
  const std::string folder = data_folder("profiles/overhead").string();
  cluster::Overhead file = overhead_file(folder, "kvm-intel-nehalem");
  CHECK(file.title.ends_with("On a processor as intel-nehalem."));
  const std::string before = overhead_text(file);
  take_measured(file, {"kvm-intel-nehalem", {{"packet_cycles", 1234567, "measured: \"here\""}}});
  const std::string after = overhead_text(file);
  CHECK(after.find("packet_cycles: {value: 1234567, source: \"measured: \\\"here\\\"\"}\n") !=
        std::string::npos);
  CHECK(std::ranges::count(after, '\n') == std::ranges::count(before, '\n'));
  CHECK(after.substr(after.find("services_ms")) == before.substr(before.find("services_ms")));
  CHECK_THROWS_AS(overhead_file(folder, "no-such-way"), UserError);
}

}  // namespace hvlab::lab
