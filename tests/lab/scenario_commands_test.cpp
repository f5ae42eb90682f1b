// Runs the built program on scenarios of a few lines with kernels of a few bytes. Catches an exit status that
// stands for something else, results that are not written or no JSON, runs that leave other files than equal
// ones.
#include <sys/wait.h>

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

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder with a kernel "off" that switches the machine off and one "loop" that never ends: Multiboot
/// 0.6.96, header and code loaded at 1 MiB.
struct Place : test::TemporaryFolder {
  Place() : TemporaryFolder("scenario-commands") {
    kernel("off", {0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef});  // PM1a_CNT: S5
    kernel("loop", {0xeb, 0xfe});
    kernel("halt", {0xfa, 0xf4});
  }

  void kernel(const std::string& name, const std::vector<u8>& code) {
    constexpr u32 kMagic = 0x1BADB002, kFlags = 0x10000, kBase = 0x100000;
    const u32 header[] = {kMagic, kFlags, 0u - kMagic - kFlags, kBase, kBase, 0, 0, kBase + 32};
    std::vector<u8> bytes(reinterpret_cast<const u8*>(header), reinterpret_cast<const u8*>(header + 8));
    bytes.insert(bytes.end(), code.begin(), code.end());
    file(name, bytes);
  }

  void scenario(const std::string& name, const std::string& kernel, const std::string& rest) {
    std::ofstream(path / name) << "title: x\nsoftware: {kernel: {file: " << kernel
                               << "}}\nmachine: {memory: 16MiB}\n"
                               << rest;
  }

  /// The exit status of hvlab with these words, run here; what it prints is in files "out" and "err".
  int hvlab(const std::string& words) const {
    const std::string command =
        "cd " + path.string() + " && " HVLAB_PROGRAM " " + words + " >out 2>err </dev/null";
    const int ended = std::system(command.c_str());
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
  }
  nlohmann::json printed() const { return nlohmann::json::parse(content(path / "out")); }
};

}  // namespace

TEST_CASE("every way in which a scenario can fail has its exit status") {
  Place place;
  place.scenario("good.yaml", "off", "expect: [{metric: instructions, at_least: 1}]\n");
  CHECK(place.hvlab("run good.yaml") == 0);
  place.scenario("wrong.yaml", "off", "expect: [{metric: instructions, at_most: 1}]\n");
  CHECK(place.hvlab("run wrong.yaml") == 1);
  CHECK(place.hvlab("run") == 2);
  CHECK(place.hvlab("run nowhere.yaml") == 2);
  place.scenario("invalid.yaml", "off", "colour: blue\n");
  CHECK(place.hvlab("run invalid.yaml") == 3);
  place.scenario("hang.yaml", "halt", "");
  CHECK(place.hvlab("run hang.yaml") == 4);
  place.scenario("limit.yaml", "loop", "limits: {time: 1ms}\n");
  CHECK(place.hvlab("run limit.yaml") == 5);
  place.scenario("missing.yaml", "no-such-kernel", "");
  CHECK(place.hvlab("run missing.yaml") == 6);
}

TEST_CASE("an image that is not the one wanted is missing") {
  Place place;
  place.scenario("sum.yaml", "off, sha256: " + std::string(64, '0'), "");
  CHECK(place.hvlab("run sum.yaml") == 6);
  CHECK(content(place.path / "out").find("is not the file that the scenario wants") != std::string::npos);
}

// Catches a machine that does not start in its ROM, and mistakes in images that are found late or without a
// place.
TEST_CASE("firmware of the user's own starts from a disk of the user's own") {
  Place place;
  std::vector<u8> rom(64 << 10), disk(1 << 20), cd(20 * 2048);
  const std::vector<u8> reset = {0xba, 0xf9, 0x0c, 0xb0,
                                 0x06, 0xee, 0xf4};               // mov dx, CF9h; mov al, 6; out dx, al
  const std::vector<u8> vector = {0xea, 0x00, 0x00, 0x00, 0xf0};  // jmp F000:0000
  std::copy(reset.begin(), reset.end(), rom.begin());
  std::copy(vector.begin(), vector.end(), rom.end() - 16);
  place.file("rom", rom);
  place.file("unsigned", disk);
  disk[510] = 0x55;
  disk[511] = 0xaa;
  place.file("disk", disk);
  place.file("cd", cd);
  const auto scenario = [&](const std::string& software) {
    std::ofstream(place.path / "s.yaml")
        << "title: x\nsoftware:\n  " << software << "\n  firmware: {file: rom}\nending: reset\n";
    return place.hvlab("run s.yaml");
  };
  CHECK(scenario("disk: {file: disk, interface: ide}") == 0);
  const std::pair<const char*, const char*> mistakes[] = {
      {"disk: {file: nothing}", "s.yaml:3:16: 'nothing' is missing"},
      {"disk: {file: unsigned}", "s.yaml:3:16: 'unsigned' cannot be booted: its first sector"},
      {"iso: {file: cd}", "s.yaml:3:15: 'cd' is no ISO 9660 image"},
      {"iso: {sha256: 0000000000000000000000000000000000000000000000000000000000000000, file: cd}",
       "'cd' is not the file that the scenario wants"},
  };
  for (const auto& [software, message] : mistakes) {
    CHECK(scenario(software) == 6);
    INFO(content(place.path / "out") << content(place.path / "err"));
    CHECK(content(place.path / "out").find(message) != std::string::npos);
  }
}

TEST_CASE("endings that a scenario expects are no failure") {
  Place place;
  place.scenario("a.yaml", "halt", "ending: hang\n");
  place.scenario("b.yaml", "loop", "ending: time-limit\nlimits: {time: 1ms}\n");
  place.scenario("c.yaml", "a.yaml", "ending: refused\n");
  CHECK(place.hvlab("regress . --json --junit junit.xml") == 0);
  const nlohmann::json document = place.printed();
  CHECK(document["schema"] == "hvlab.regress/1");
  REQUIRE(document["scenarios"].size() == 3);
  for (const auto& scenario : document["scenarios"]) CHECK(scenario["status"] == 0);
  CHECK(content(place.path / "junit.xml").find("<testsuite name=\"c\" tests=\"1\" failures=\"0\"") !=
        std::string::npos);
}

TEST_CASE("of several scenarios the gravest counts, and the others run") {
  Place place;
  place.scenario("a.yaml", "off", "expect: [{metric: instructions, at_most: 1}]\n");
  place.scenario("b.yaml", "loop", "limits: {time: 1ms}\n");
  place.scenario("c.yaml", "off", "colour: blue\n");
  place.scenario("d.yaml", "off", "");
  CHECK(place.hvlab("regress .") == 3);
  CHECK(content(place.path / "out").find("4 scenarios: 1 passed, 2 failed, 1 not valid\n") !=
        std::string::npos);
}

TEST_CASE("a run leaves its files, and equal runs leave equal ones") {
  Place place;
  place.scenario("two.yaml", "off",
                 "vary: {machine.costs.port_access: [10, 1000]}\nexpect: [{metric: time, at_most: 1s}]\n");
  CHECK(place.hvlab("run two.yaml --verify --json") == 0);
  const nlohmann::json document = place.printed();
  CHECK(document["schema"] == "hvlab.result/1");
  CHECK(document["partial"] == false);
  const auto& cells = document["cells"];
  REQUIRE(cells.size() == 2);
  CHECK(cells[0]["metrics"]["time"]["unit"] == "ps");
  CHECK(cells[0]["metrics"]["time"]["value"] < cells[1]["metrics"]["time"]["value"]);
  const fs::path latest = place.path / "runs/two/latest";
  const std::string before = content(latest / "results.json");
  for (const char* file : {"run.json", "stats.json", "scenario.yaml", "resolved.yaml", "trace.hvt"})
    CHECK(fs::exists(latest / "port_access=10" / file));
  CHECK(content(latest / "port_access=10/scenario.yaml") == content(place.path / "two.yaml"));
  CHECK(place.hvlab("run two.yaml") == 0);
  CHECK(content(latest / "results.json") == before);
  CHECK(place.hvlab("validate runs/two/latest/port_access=10/resolved.yaml") == 0);
}

// Catches a killed run of several cells that looks finished, and readers that make nothing of such a run.
TEST_CASE("a run of several cells says what they are and how far it came") {
  Place place;
  place.scenario("two.yaml", "off", "vary: {machine.costs.port_access: [10, 1000]}\n");
  REQUIRE(place.hvlab("run two.yaml") == 0);
  const fs::path file = place.path / "runs/two/latest/run.json";
  nlohmann::json run = nlohmann::json::parse(content(file));
  CHECK(run["state"] == "complete");
  CHECK(run["command"] == nlohmann::json({"run", "two.yaml"}));
  REQUIRE(run["cells"].size() == 2);
  CHECK(run["cells"][1]["folder"] == "port_access=1000");
  CHECK(run["cells"][1]["settings"]["machine.costs.port_access"] == "1000");

  REQUIRE(place.hvlab("stat two --json") == 0);
  const nlohmann::json cells = place.printed()["cells"];
  REQUIRE(cells.size() == 2);
  CHECK(cells[1]["cell"] == "port_access=1000");
  CHECK(cells[1]["end"] == "power-off");
  CHECK(place.hvlab("compare two") == 1);  // no workload: number by number, and the costs differ
  CHECK(content(place.path / "out").find("port_access=1000") != std::string::npos);
  CHECK(place.hvlab("trace two") == 6);
  CHECK(content(place.path / "err").find("has cells; which?") != std::string::npos);

  run["state"] = "running";
  run["process"]["id"] = 1;
  run["process"]["start"] = "-";
  std::ofstream(file) << run;
  CHECK(place.hvlab("stat two") == 0);
  CHECK(content(place.path / "err").find("run 'two' is killed") != std::string::npos);
  run["cells"][0].erase("folder");
  std::ofstream(file) << run;
  CHECK(place.hvlab("stat two") == 2);
}

// Catches a result that does not say what it rests on, or calls a cost that was set a sourced one.
TEST_CASE("results say where their costs come from") {
  Place place;
  place.scenario("a.yaml", "off", "machine: {memory: 16MiB, costs: {vm_exit: 7}}\n");
  std::string text = content(place.path / "a.yaml");
  text.replace(text.find("machine: {memory: 16MiB}\n"), 25, "");
  std::ofstream(place.path / "a.yaml") << text;
  REQUIRE(place.hvlab("run a.yaml --json") == 0);
  const nlohmann::json groups = place.printed()["costs"];
  REQUIRE(groups.size() == 1);
  const nlohmann::json stats = nlohmann::json::parse(content(place.path / "runs/a/latest/stats.json"));
  CHECK(groups[0]["costs"] == stats["costs"]);
  CHECK(nlohmann::json::parse(content(place.path / "runs/a/latest/results.json"))["costs"] == groups);
  size_t set = 0, assumed = 0;
  for (const auto& cost : groups[0]["costs"]) {
    set += cost["origin"] == "set";
    assumed += cost["origin"] == "assumed";
    if (cost["origin"] == "set") CHECK(cost["name"] == "vm_exit");
    if (cost["origin"] == "sourced") CHECK(cost["source"].get<std::string>().find("assumed") != 0);
  }
  CHECK(set == 1);
  CHECK(assumed > 0);
  REQUIRE(place.hvlab("run a.yaml --set machine.slice=1000") == 0);
  const std::string out = content(place.path / "out");
  CHECK(out.find("costs of amd-zen2: ") != std::string::npos);
  CHECK(out.find("hvlab sweep a.yaml --set 'machine.slice=1000' --assumed\n") != std::string::npos);
  REQUIRE(place.hvlab("run a.yaml --json --set machine.timing=functional") == 0);
  CHECK(place.printed()["costs"][0]["costs"].empty());
}

// Catches --set of an axis that leaves the file's own values, or expectations of cells that are gone, and one
// of a key that every cell has its own value of, which would say nothing.
TEST_CASE("what a scenario varies can be chosen from") {
  Place place;
  place.scenario("a.yaml", "off",
                 "vary: {machine.cores: [1, 2]}\nexpect: [{metric: time, in: {machine.cores: 2}, against: "
                 "{machine.cores: 1}, at_most: 0}]\n");
  CHECK(place.hvlab("run a.yaml") == 1);
  CHECK(place.hvlab("run a.yaml --json --set 'vary.machine.cores=[2, 3]'") == 0);
  const nlohmann::json cells = place.printed()["cells"];
  REQUIRE(cells.size() == 2);
  CHECK(cells[1]["cell"] == "cores=3");
  CHECK(place.hvlab("run a.yaml --json --set 'vary.seed=[1, 2, 3]'") == 1);
  CHECK(place.printed()["cells"].size() == 6);
  CHECK(place.hvlab("run a.yaml --set vary.machine.core=[1]") == 3);
  CHECK(place.hvlab("run a.yaml --set machine.cores=2") == 3);
  CHECK(content(place.path / "err").find("--set 'vary.machine.cores=[2]'") != std::string::npos);
}

TEST_CASE("blessed numbers have to be met") {
  Place place;
  place.scenario("a.yaml", "off", "");
  CHECK(place.hvlab("regress a.yaml --update") == 0);
  CHECK(place.hvlab("regress a.yaml") == 0);
  std::string blessed = content(place.path / "a.blessed.json");
  blessed.replace(blessed.find("\"cycles\": "), 10, "\"cycles\": 1");
  std::ofstream(place.path / "a.blessed.json") << blessed;
  CHECK(place.hvlab("regress a.yaml") == 1);
  std::ofstream(place.path / "a.blessed.json") << "{";
  CHECK(place.hvlab("regress a.yaml") == 2);
}

TEST_CASE("one cell can be run, and values set") {
  Place place;
  place.scenario("a.yaml", "off",
                 "vary: {machine.cores: [1, 2], machine.disks: [[{size: 1MiB}, {size: 1MiB}]]}\n");
  CHECK(place.hvlab("run a.yaml --cell 'cores=2,disks=#1' --json --set machine.memory=32MiB") == 0);
  CHECK(place.printed()["cells"].size() == 1);
  CHECK(place.hvlab("run a.yaml --cell cores=3") == 2);
  CHECK(place.hvlab("run a.yaml --set machine.memory=32") == 3);
}

TEST_CASE("init writes a scenario that is valid, and nothing over another file") {
  Place place;
  CHECK(place.hvlab("init new") == 0);
  CHECK(place.hvlab("validate new.yaml") == 0);
  CHECK(place.hvlab("init new") == 2);
}

}  // namespace hvlab
