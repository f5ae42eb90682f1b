// `hvlab inspect`: recorded runs, run again up to a moment.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "sim/record/run_reader.hpp"
#include "temporary_folder.hpp"

namespace hvlab {
namespace {

namespace fs = std::filesystem;
using namespace record;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Output {
  int status;
  std::string text;
};

Output hvlab(const test::TemporaryFolder& folder, const std::string& arguments) {
  const std::string file = (folder.path / "output").string();
  const int ended = std::system(("cd " + folder.path.string() + " && " + HVLAB_PROGRAM + " " + arguments +
                                 " </dev/null >" + file + " 2>&1")
                                    .c_str());
  return {WEXITSTATUS(ended), content(file)};
}

/// A virtual machine for some milliseconds, recorded as `run`.
void record_run(const test::TemporaryFolder& folder, const std::string& run, const std::string& more = "") {
  const std::string models = HVLAB_MODELS;
  fs::copy(models + "/monolithic/monolithic.elf", folder.path / "kernel.elf",
           fs::copy_options::skip_existing);
  const Output made = hvlab(
      folder, "boot --reproducible --kernel kernel.elf --initrd " + models + "/kernel/kernel.elf --module " +
                  models +
                  "/kernel/programs.tar --append 'vm1=vcpus:1,memory:48,disk:none,net:none -- panic=off "
                  "run=/bin/smp --threads 1 --quick barrier' --memory 112M --max-time 17ms --record ./" +
                  run + "/ " + more);
  REQUIRE(made.status == 124);
}

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) files[entry.path().string()] = content(entry.path());
  return files;
}

/// A Multiboot image of `code`, entered at 1 MiB + 32.
void write_kernel(const fs::path& file, const std::vector<u8>& code) {
  constexpr u32 kMagic = 0x1BADB002, kFlags = 0x10000, kBase = 0x100000;
  const u32 header[] = {kMagic, kFlags, 0u - kMagic - kFlags, kBase, kBase, 0, 0, kBase + 32};
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(header), sizeof header);
  out.write(reinterpret_cast<const char*>(code.data()), static_cast<std::streamsize>(code.size()));
}

u64 number(const Json& json) { return std::stoull(json.get<std::string>(), nullptr, 16); }

/// Each instruction of a processor begins where the one before it ends.
void check_chain(const Json& list) {
  std::map<u64, u64> next;  // of each processor
  const u64 hertz = list["frequency_hz"].get<u64>();
  for (const Json& one : list["instructions"]) {
    const u64 processor = one["processor"].get<u64>(), time = one["time"].get<u64>();
    const auto found = next.find(processor);
    const bool follows = found == next.end() || (time + 1 >= found->second && time <= found->second + 1);
    if (!follows) FAIL_CHECK("not where the one before ends: " << one.dump());
    if (one["cycles"].is_null()) {
      next.erase(processor);
    } else {
      next[processor] = time + static_cast<u64>(static_cast<__int128>(one["cycles"].get<u64>()) *
                                                1'000'000'000'000 / hertz);
    }
  }
}

}  // namespace

// Catches instructions that are left out, told twice, or told at another time than theirs.
TEST_CASE("the instructions of a small program are listed one by one") {
  const test::TemporaryFolder folder("inspect-listing");
  write_kernel(folder.path / "kernel", {0xB9, 3, 0, 0, 0,  // mov ecx, 3
                                        0x49,              // again: dec ecx
                                        0x75, 0xFD,        // jnz again
                                        0xF3, 0x90,        // pause
                                        0xB0, 0x07,        // mov al, 7
                                        0xE6, 0xF4});      // out 0xf4, al: ends the run
  hvlab(folder,
        "boot --reproducible --kernel kernel --debug-exit --max-time 1ms --record-level full --record ./a/");
  const Output told = hvlab(folder, "inspect ./a --at 0s --instructions 100 --json");
  CAPTURE(told.text);
  REQUIRE(told.status == 0);
  const Json list = Json::parse(told.text);
  CHECK(list["schema"] == "hvlab.instructions/1");
  static constexpr u64 kRips[] = {0x100020, 0x100025, 0x100026, 0x100025, 0x100026,
                                  0x100025, 0x100026, 0x100028, 0x10002A, 0x10002C};
  static constexpr const char* kTexts[] = {"mov ecx", "dec ecx", "jnz",   "dec ecx", "jnz",
                                           "dec ecx", "jnz",     "pause", "mov al",  "out"};
  REQUIRE(list["instructions"].size() == std::size(kRips));
  for (size_t i = 0; i < std::size(kRips); ++i) {
    const Json& one = list["instructions"][i];
    CAPTURE(one.dump());
    CHECK(number(one["rip"]) == kRips[i]);
    CHECK(one["text"].get<std::string>().starts_with(kTexts[i]));
    CHECK(one["processor"] == 0);
    CHECK(one["cpl"] == 0);
    CHECK(one["in_guest"] == false);
  }
  CHECK(list["instructions"][0]["time"] == 0);
  check_chain(list);
  // The end of the run is an event of its last instruction.
  Record end;
  const TraceReader trace = RunReader((folder.path / "a").string()).trace();
  trace.each(0, kNever, [&](const Record& r) {
    if (trace.name(NameTable::Kind, r.kind) == "debug-exit") end = r;
    return true;
  });
  REQUIRE(list["events"].back()["kind"] == "debug-exit");
  CHECK(list["events"].back()["time"] == end.time);
  const u64 out = list["instructions"].back()["time"].get<u64>();
  CHECK(end.time >= out);
  // From the middle on it is the end of the same list; a limit cuts it.
  const Json part = Json::parse(
      hvlab(folder, "inspect ./a --at " + std::to_string(out) + "ps --instructions 5 --json").text);
  REQUIRE(part["instructions"].size() == 1);
  CHECK(part["instructions"][0] == list["instructions"].back());
  const Json few = Json::parse(hvlab(folder, "inspect ./a --at 0s --instructions 4 --json").text);
  REQUIRE(few["instructions"].size() == 4);
  CHECK(few["instructions"][3] == list["instructions"][3]);
  CHECK(few["until"] == list["instructions"][4]["time"]);
  CHECK(hvlab(folder, "inspect ./a --at 0s --instructions 4").text.find("dec ecx") != std::string::npos);
}

// Catches a listing that disturbs whose turn it is: all events, of both processors, have to be where the
// recorded run had them, while each instruction is executed alone.
TEST_CASE("two processors do under the list of instructions what they did without") {
  const test::TemporaryFolder folder("inspect-two");
  const std::string models = HVLAB_MODELS;
  const Output made = hvlab(
      folder, "boot --reproducible --kernel " + models + "/monolithic/monolithic.elf --initrd " + models +
                  "/kernel/kernel.elf --module " + models +
                  "/kernel/programs.tar --append 'vm1=vcpus:2,memory:48,disk:none,net:none "
                  "vm2=vcpus:1,memory:48,disk:none,net:none -- panic=off run=/bin/smp --threads 2 --quick "
                  "barrier -- panic=off run=/bin/smp --threads 1 --quick barrier' --memory 160M --cpus 2 "
                  "--max-time 17ms --record-level full --record ./a/");
  REQUIRE(made.status == 124);
  const TraceReader trace = RunReader((folder.path / "a").string()).trace();
  const std::string ask = "inspect ./a --at 16ms --instructions 20000 --json";
  const Output told = hvlab(folder, ask);
  REQUIRE(told.status == 0);
  const Json list = Json::parse(told.text);
  const u64 from = list["from"].get<u64>(), until = list["until"].get<u64>();
  REQUIRE(until > from);
  using Told = std::tuple<u64, u64, std::string, u64, u64, u64>;
  std::multiset<Told> recorded, listed;
  trace.each(from, until, [&](const Record& r) {
    const std::string kind = trace.name(NameTable::Kind, r.kind);
    const bool state = r.kind == trace_kind::kState || r.kind == trace_kind::kHeld;
    if (!state && r.time >= from && r.time < until && kind != "vm-exit-detail" && kind != "mark-detail")
      recorded.insert({r.time, r.core, kind, r.a, r.b, r.rip});
    return true;
  });
  size_t exits = 0;
  for (const Json& e : list["events"]) {
    const std::string kind = e["kind"].get<std::string>();
    listed.insert({e["time"].get<u64>(), e["processor"].get<u64>(), kind, number(e["a"]), number(e["b"]),
                   number(e["rip"])});
    exits += kind == "vm-exit" ? 1 : 0;
  }
  CHECK(exits > 10);
  CHECK(listed == recorded);
  check_chain(list);
  // Each exit belongs to the instruction that left the guest.
  std::set<std::tuple<u64, u64, u64>> ran;
  std::set<u64> processors;
  for (const Json& one : list["instructions"]) {
    ran.insert({one["time"].get<u64>(), one["processor"].get<u64>(), number(one["rip"])});
    processors.insert(one["processor"].get<u64>());
  }
  CHECK(processors == std::set<u64>{0, 1});
  for (const Json& e : list["events"]) {
    if (e["kind"] != "vm-exit" || e["text"] != "io") continue;
    CAPTURE(e.dump());
    CHECK(ran.contains({e["time"].get<u64>(), e["processor"].get<u64>(), number(e["rip"])}));
  }
  // One processor's list is its part of the whole one.
  const Json alone =
      Json::parse(hvlab(folder, "inspect ./a --at 16ms --instructions 50 --cpu 1 --json").text);
  size_t next = 0;
  for (const Json& one : list["instructions"]) {
    if (one["processor"] != 1 || next == alone["instructions"].size()) continue;
    CHECK(one == alone["instructions"][next++]);
  }
  CHECK(next == 50);
  // A state at an instruction of one has all processors only if that is asked for.
  const std::string at = "inspect ./a --json --at " + std::to_string(alone["from"].get<u64>()) + "ps --cpu 1";
  CHECK(Json::parse(hvlab(folder, at).text)["processors"].size() == 1);
  const Json all = Json::parse(hvlab(folder, at + " --all-cpus").text)["processors"];
  REQUIRE(all.size() == 2);
  CHECK(all[1]["registers"]["general"][16]["value"] == alone["instructions"][0]["rip"]);
}

// Catches a state that is not that of the moment, and anything left in the run's directory.
TEST_CASE("the state at a moment of a recorded run is had again") {
  const test::TemporaryFolder folder("inspect");
  record_run(folder, "a");
  const auto before = files_of(folder.path / "a");
  // At the moment of an exit the guest stands at the instruction that left it.
  const TraceReader trace = RunReader((folder.path / "a").string()).trace();
  Record exit;
  trace.each(0, kNever, [&](const Record& r) {
    if (trace.name(NameTable::Kind, r.kind) == "vm-exit") exit = r;
    return true;
  });
  REQUIRE(exit.time != 0);
  const Output told = hvlab(
      folder, "inspect ./a --at " + std::to_string(exit.time) + "ps --json --address 0xffffffff80100000");
  CAPTURE(told.text);
  REQUIRE(told.status == 0);
  const Json state = Json::parse(told.text);
  CHECK(state["schema"] == "hvlab.machine/1");
  CHECK(state["compared_events"].get<u64>() > 10);
  const Json& processor = state["processors"][0];
  CHECK(processor["in_guest"] == true);
  CHECK(processor["guest"]["vm"] == 1);
  char rip[32];
  std::snprintf(rip, sizeof rip, "0x%016llx", static_cast<unsigned long long>(exit.rip));
  CHECK(processor["registers"]["general"][16] == Json{{"name", "rip"}, {"value", rip}});
  CHECK(processor["walk"]["second_stage"] == true);
  CHECK(processor["walk"]["steps"].size() == 4);
  CHECK(state["control_blocks"][0]["runs_on"] == 0);
  // Devices have their registers: the serial port that was printed on, at 115200 baud.
  const auto device = [&](const std::string& name) {
    for (const Json& one : state["devices"])
      if (one["name"] == name) return one;
    return Json::object();
  };
  CHECK(device("com1")["state"].dump().find("115200 baud") != std::string::npos);
  CHECK(device("host-bridge")["place"] == "PCI 00:00.0");
  CHECK(files_of(folder.path / "a") == before);
  // Two answers to one question are one.
  CHECK(hvlab(folder,
              "inspect ./a --at " + std::to_string(exit.time) + "ps --json --address 0xffffffff80100000")
            .text == told.text);
  const Output text = hvlab(folder, "inspect ./a --at 16ms");
  CHECK(text.status == 0);
  CHECK(text.text.find("Control block") != std::string::npos);
}

// Catches a run that is taken for another.
TEST_CASE("a run that cannot be had again is refused in one line") {
  const test::TemporaryFolder folder("inspect-refused");
  record_run(folder, "a");
  const auto refused = [&](const std::string& arguments, const std::string& why, int status = 2) {
    const Output told = hvlab(folder, "inspect " + arguments);
    CAPTURE(arguments, told.text);
    CHECK(told.status == status);
    CHECK(told.text.find(why) != std::string::npos);
    CHECK(std::count(told.text.begin(), told.text.end(), '\n') == 1);
  };
  refused("./a --at 18ms", "the run ended before");
  refused("./a", "--at TIME is missing");
  refused("./a --at soon", "give a time");
  refused("./a --at 1ms --cpu 1", "counted from 0");
  refused("./a --at 18ms --instructions 5", "the run ended before");
  refused("./a --at 1ms --instructions 0", "--instructions");
  refused("./a --at 1ms --until 2ms", "goes with --instructions");
  refused("./a --at 2ms --until 1ms --instructions 5", "not behind --at");
  refused("./none --at 1ms", "", 6);
  // Damaged where it is read while the machine runs.
  record_run(folder, "c", "--record-level full");
  const fs::path damaged = folder.path / "c" / "trace.hvt";
  const std::vector<Chunk> chunks = TraceReader(damaged.string()).chunks();
  REQUIRE(chunks.size() > 1);
  std::fstream(damaged, std::ios::in | std::ios::out | std::ios::binary)
          .seekp(static_cast<std::streamoff>(chunks.back().offset) + 200)
      << "damage";
  refused("./c --at 17ms", "damaged");
  Json about = RunReader((folder.path / "c").string()).run();
  about["folder"] = 5;
  std::ofstream(folder.path / "c" / "run.json") << about;
  refused("./c --at 17ms", "run.json is damaged");
  // Another seed is another run, though all its files are there.
  record_run(folder, "b", "--cost vm_exit=1234");
  fs::copy(folder.path / "b" / "trace.hvt", folder.path / "a" / "trace.hvt",
           fs::copy_options::overwrite_existing);
  refused("./a --at 17ms", "it is another run now");
  std::ofstream(folder.path / "kernel.elf", std::ios::app) << "x";
  refused("./a --at 1ms", "kernel was");
  fs::remove(folder.path / "kernel.elf");
  refused("./a --at 1ms", "is gone");
}

}  // namespace hvlab
