// `hvlab boot --record` on a tiny kernel. Catches directories that differ between equal runs, or whose parts
// do not agree.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "sim/record/run_reader.hpp"
#include "temporary_folder.hpp"

namespace hvlab {
namespace {

namespace fs = std::filesystem;
using namespace record;

// The PIT ticks; "ok\n" on the serial port, its FIFOs on; port reads; power-off.
const std::vector<u8> kCode = {0xb0, 0x36, 0xe6, 0x43, 0xb0, 0x10, 0xe6, 0x40, 0xe6, 0x40, 0x66, 0xba, 0xfa,
                               0x03, 0xb0, 0x01, 0xee, 0x66, 0xba, 0xf8, 0x03, 0xb0, 0x6f, 0xee, 0xb0, 0x6b,
                               0xee, 0xb0, 0x0a, 0xee, 0xb9, 0x00, 0x10, 0x00, 0x00, 0xe4, 0x40, 0xe2, 0xfc,
                               0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef};
const std::vector<u8> kForever = {0xeb, 0xfe};

// A Multiboot 0.6.96 image whose header gives its addresses.
std::string kernel(const test::TemporaryFolder& folder, const std::vector<u8>& code) {
  constexpr u32 kMagic = 0x1BADB002, kFlags = 0x10000, kBase = 0x100000;
  const u32 header[] = {kMagic, kFlags, 0u - kMagic - kFlags, kBase, kBase, 0, 0, kBase + 32};
  const u8* bytes = reinterpret_cast<const u8*>(header);
  std::vector<u8> file(bytes, bytes + sizeof header);
  file.insert(file.end(), code.begin(), code.end());
  return folder.file("kernel", file);
}

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int boot(const std::string& options) {
  return WEXITSTATUS(std::system((HVLAB_PROGRAM " boot " + options + " </dev/null >/dev/null 2>&1").c_str()));
}

struct Output {
  int status;
  std::string text;
};

Output hvlab(const test::TemporaryFolder& folder, const std::string& arguments) {
  const std::string file = (folder.path / "output").string();
  const int ended = std::system((HVLAB_PROGRAM " " + arguments + " >" + file + " 2>&1").c_str());
  return {WEXITSTATUS(ended), content(file)};
}

}  // namespace

TEST_CASE("two runs leave the same bytes, but for run.json") {
  const test::TemporaryFolder folder("record");
  const std::string options = "--reproducible --cpus 2 --record-level full --kernel " + kernel(folder, kCode);
  const fs::path a = folder.path / "a", b = folder.path / "b";
  REQUIRE(boot(options + " --record " + a.string()) == 0);
  REQUIRE(boot(options + " --record " + b.string()) == 0);
  unsigned files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(a)) {
    if (!entry.is_regular_file() || entry.path().filename() == "run.json") continue;
    CAPTURE(entry.path().string());
    CHECK(content(entry.path()) == content(b / fs::relative(entry.path(), a)));
    ++files;
  }
  CHECK(files == 6);  // resolved.json, stats.json, stats.csv, trace.hvt, junit.xml, console/com1.txt
  CHECK(content(a / "console/com1.txt") == "ok\n");
  REQUIRE(boot(options + " --record " + a.string()) == 2);  // it holds a run already
}

TEST_CASE("the trace's accounts are the statistics' ledger, its counts their events") {
  const test::TemporaryFolder folder("record-ledger");
  const fs::path path = folder.path / "run";
  for (const char* level : {"summary", "full"}) {
    fs::remove_all(path);
    REQUIRE(boot("--cpus 2 --kernel " + kernel(folder, kCode) + " --record " + path.string() +
                 " --record-level " + level) == 0);
    const RunReader run(path.string());
    const TraceReader trace = run.trace();
    REQUIRE(trace.complete());
    // The cycles between states add up to the ledger, exactly.
    std::map<std::string, u64> ledger, events;
    std::map<u16, Record> open;
    trace.each(0, kNever, [&](const Record& r) {
      if (r.kind != trace_kind::kState || trace.lanes().at(r.lane).type != LaneType::Core) return true;
      if (open.contains(r.lane)) ledger[trace.state_name(r.lane, open[r.lane].a)] += r.b - open[r.lane].b;
      open[r.lane] = r;
      return true;
    });
    for (const auto& [account, cycles] : run.stats()["ledger"].items()) {
      CAPTURE(account);
      CHECK(ledger[account] == cycles.get<u64>());
    }
    for (const Entry& entry : trace.levels().back().entries)
      if (entry.what < what::kTime) events[trace.name(NameTable::Kind, entry.what)] += entry.value;
    for (const auto& [kind, count] : run.stats()["events"].items()) {
      CAPTURE(kind);
      CHECK(events[kind] == count.get<u64>());
    }
  }
}

TEST_CASE("a run that is stopped is partial, and keeps what was measured") {
  const test::TemporaryFolder folder("record-stop");
  const std::string path = (folder.path / "run").string(), image = kernel(folder, kForever);
  const pid_t child = fork();
  if (child == 0) {
    execl(HVLAB_PROGRAM, "hvlab", "boot", "--reproducible", "--kernel", image.c_str(), "--record",
          path.c_str(), nullptr);
    _exit(1);
  }
  for (unsigned i = 0; i < 1000 && !fs::exists(path + "/trace.hvt"); ++i) usleep(10'000);
  REQUIRE(fs::exists(path + "/trace.hvt"));
  usleep(200'000);  // until it runs, and takes the signal
  CHECK(RunReader(path).state() == RunState::Running);
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 130);
  const RunReader run(path);
  CHECK(run.state() == RunState::Partial);
  CHECK(run.trace().complete());
  CHECK(run.stats()["cycles"].get<u64>() > 0);
}

TEST_CASE("the commands that look at runs say what is equal, what differs, and what is missing") {
  const test::TemporaryFolder folder("record-look");
  const std::string a = (folder.path / "a").string(), b = (folder.path / "b").string(),
                    c = (folder.path / "c").string(), image = kernel(folder, kCode);
  REQUIRE(boot("--reproducible --record-level full --kernel " + image + " --record " + a) == 0);
  REQUIRE(boot("--reproducible --record-level full --kernel " + image + " --record " + b) == 0);
  REQUIRE(boot("--reproducible --record-level full --cpu intel-skylake --kernel " + image + " --record " +
               c) == 0);
  const Output equal = hvlab(folder, "compare " + a + " " + b);
  CHECK(equal.status == 0);
  CHECK(equal.text.starts_with("The runs are equal."));
  const Output other = hvlab(folder, "compare --json " + a + " " + b + " " + c);
  CHECK(other.status == 1);
  const Json compared = Json::parse(other.text);
  CHECK(compared["schema"] == "hvlab.compare/1");
  CHECK(compared["events"][0]["equal"] == true);
  CHECK(compared["events"][1]["equal"] == false);
  CHECK(Json::parse(hvlab(folder, "stat --json " + a).text)["ledger"][0]["cycles"] > 0);
  CHECK(Json::parse(hvlab(folder, "stat --json --by device " + a).text)["devices"].size() > 2);
  CHECK(hvlab(folder, "top " + a + " --at 1us --window 2us").text.find("host-kernel") != std::string::npos);
  CHECK(hvlab(folder, "trace " + a + " --export csv").text ==
        hvlab(folder,
              "--version >/dev/null; python3 " HVLAB_SOURCE_DIR "/docs/read_trace.py " + a + "/trace.hvt")
            .text);
  for (const char* command : {"stat", "compare", "trace", "top"}) {
    CAPTURE(command);
    const std::string more = std::string(command) == "compare" ? " " + a
                             : std::string(command) == "top"   ? " --at 1us"
                                                               : "";
    CHECK(hvlab(folder, std::string(command) + " /no/such/run" + more).status == 6);
    CHECK(hvlab(folder, std::string(command) + " --nonsense").status == 2);
    CHECK(hvlab(folder, std::string(command) + " --help").status == 0);
  }
  fs::remove(fs::path(a) / "trace.hvt");
  CHECK(hvlab(folder, "trace " + a).status == 6);
}

// Files may grow to 2 KiB here (ulimit's unit is 512 bytes): a disk that fills up while the run goes on.
TEST_CASE("a run whose files do not fit on the disk is partial, and says what is missing") {
  const test::TemporaryFolder folder("record-full");
  const std::string run = (folder.path / "run").string(), script = (folder.path / "script").string();
  std::ofstream(script) << "trap '' XFSZ; ulimit -f 4; exec " HVLAB_PROGRAM
                           " boot --record-level full --kernel "
                        << kernel(folder, kCode) << " --record " << run << " </dev/null 2>&1 | cat >" << run
                        << ".out\n";
  REQUIRE(std::system(("sh " + script).c_str()) == 0);
  CHECK(content(run + ".out").find("the run directory is partial: ") != std::string::npos);
  const RunReader reader(run);
  CHECK(reader.state() == RunState::Partial);
  CHECK(reader.run()["problem"].get<std::string>().find("File too large") != std::string::npos);
  CHECK(!reader.trace().complete());
  CHECK(!fs::exists(run + "/stats.json"));  // not a part of it
  CHECK(!fs::exists(run + "/stats.json.part"));
}

}  // namespace hvlab
