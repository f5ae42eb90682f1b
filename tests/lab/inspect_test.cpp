// `hvlab inspect`: recorded runs, run again up to a moment.
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

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

}  // namespace

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
  refused("./none --at 1ms", "", 6);
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
