// Runs the built program on kernels of a few bytes. Catches ends of a run that are mistaken for one another,
// statistics that do not add up, and runs that differ.
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/types.hpp"

namespace hvlab {
namespace {

namespace fs = std::filesystem;

struct Scratch {
  fs::path folder = fs::temp_directory_path() / ("hvlab-endings-" + std::to_string(::getpid()));
  Scratch() { fs::create_directories(folder); }
  ~Scratch() { fs::remove_all(folder); }
};

// A Multiboot 0.6.96 image whose header gives its addresses: header, then code, loaded and entered at 1 MiB.
std::string kernel_file(const fs::path& file, const std::vector<u8>& code) {
  constexpr u32 kMagic = 0x1BADB002, kFlags = 0x10000, kBase = 0x100000;
  const u32 header[] = {kMagic, kFlags, 0u - kMagic - kFlags, kBase, kBase, 0, 0, kBase + 32};
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(header), sizeof header);
  out.write(reinterpret_cast<const char*>(code.data()), static_cast<std::streamsize>(code.size()));
  return file.string();
}

struct Result {
  int status = -1;
  std::string output;  // standard output
  std::string errors;
  nlohmann::json statistics;
};

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result run(const std::vector<u8>& code, const std::string& options, const std::string& input = "") {
  const Scratch scratch;
  const std::string folder = scratch.folder.string();
  std::ofstream(scratch.folder / "in") << input;
  const std::string command = std::string(HVLAB_PROGRAM) + " boot --kernel " +
                              kernel_file(scratch.folder / "kernel", code) + " --stats " + folder +
                              "/stats " + options + " <" + folder + "/in >" + folder + "/out 2>" + folder +
                              "/err";
  const int ended = std::system(command.c_str());
  Result result{WEXITSTATUS(ended), content(scratch.folder / "out"), content(scratch.folder / "err"), {}};
  REQUIRE(WIFEXITED(ended));
  CAPTURE(result.errors);
  if (result.status != 2) result.statistics = nlohmann::json::parse(content(scratch.folder / "stats"));
  return result;
}

void require_exact_ledger(const nlohmann::json& statistics) {
  u64 sum = 0;
  for (const auto& [account, cycles] : statistics["ledger"].items()) sum += cycles.get<u64>();
  REQUIRE(sum == statistics["cycles"].get<u64>());
}

const std::vector<u8> kPowerOff = {0x66, 0xba, 0x04, 0x06, 0x66,
                                   0xb8, 0x00, 0x20, 0x66, 0xef};  // PM1a_CNT: S5
const std::vector<u8> kForever = {0xeb, 0xfe};

}  // namespace

TEST_CASE("power-off ends with 0 and says nothing") {
  const Result result = run(kPowerOff, "");
  REQUIRE(result.status == 0);
  REQUIRE(result.errors.empty());
  REQUIRE(result.statistics["end"]["why"] == "power-off");
  REQUIRE(result.statistics["end"]["status"] == 0);
  REQUIRE(result.statistics["exits"].empty());
  REQUIRE(result.statistics["instructions"] == 3);
  require_exact_ledger(result.statistics);
}

TEST_CASE("characters still on the wire at power-off are printed") {
  std::vector<u8> code = {0x66, 0xba, 0xf8, 0x03};  // mov $0x3f8, %dx
  for (const char c : std::string("drained")) code.insert(code.end(), {0xb0, static_cast<u8>(c), 0xee});
  code.insert(code.begin(), {0x66, 0xba, 0xfa, 0x03, 0xb0, 0x01, 0xee});  // FIFOs on
  code.insert(code.end(), kPowerOff.begin(), kPowerOff.end());
  const Result result = run(code, "");
  REQUIRE(result.status == 0);
  REQUIRE(result.output == "drained");
}

TEST_CASE("a write to port F4h ends with (v << 1) | 1, if asked for") {
  const std::vector<u8> code = {0xb0, 0x15, 0xe6, 0xf4, 0xfa, 0xf4};  // out; cli; hlt
  REQUIRE(run(code, "--debug-exit").status == 0x2b);
  REQUIRE(run(code, "").status == 116);
}

TEST_CASE("every other end has its status, and says where the guest was") {
  struct End {
    std::vector<u8> code;
    std::string options;
    int status;
    const char* why;
  };
  const End ends[] = {
      {{0x0f, 0x0b}, "", 118, "triple-fault"},                   // UD2 without an IDT
      {{0xfa, 0xf4}, "", 116, "hang"},                           // cli; hlt
      {{0xb0, 0xfe, 0xe6, 0x64, 0xeb, 0xfe}, "", 120, "reset"},  // the keyboard controller's reset line
      {{0x66, 0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee, 0xeb, 0xfe}, "", 120, "reset"},  // port CF9h
      {kForever, "--max-time 1ms", 124, "time-limit"},
      {{0xfb, 0xf4, 0xeb, 0xfd}, "--max-time 10s", 124, "time-limit"},  // sti; hlt: idle until then
      {kForever, "--max-instructions 1000", 124, "instruction-limit"},
  };
  for (const End& end : ends) {
    const Result result = run(end.code, end.options);
    CAPTURE(end.why, result.errors);
    CHECK(result.status == end.status);
    CHECK(result.statistics["end"]["why"] == end.why);
    CHECK(result.errors.find(std::string("ended by ") + end.why) != std::string::npos);
    CHECK(result.errors.find("processor 0 was at 0010:000000000010") != std::string::npos);
    require_exact_ledger(result.statistics);
  }
}

TEST_CASE("the instruction limit is exact, with several processors too") {
  for (const char* more : {"", " --cpus 4", " --timing functional"}) {
    const Result result = run(kForever, std::string("--max-instructions 123457") + more);
    REQUIRE(result.statistics["instructions"] == 123457);
    require_exact_ledger(result.statistics);
  }
}

TEST_CASE("time that is idle is charged as such, on every processor") {
  const Result result = run({0xfb, 0xf4, 0xeb, 0xfd}, "--cpus 2 --max-time 100ms --cpu amd-zen2");
  const u64 idle = result.statistics["ledger"]["idle"];
  const u64 cycles = result.statistics["cycles"];
  REQUIRE(cycles - idle < 1000);
  REQUIRE(result.statistics["seconds"].get<double>() == Approx(0.1).margin(1e-6));
}

TEST_CASE("two runs see the same events, whatever the slice of a single processor") {
  const std::vector<u8> code = {0xb0, 0x36, 0xe6, 0x43, 0xb0, 0x10, 0xe6, 0x40, 0xe6, 0x40,  // the PIT runs
                                0xe4, 0x40, 0xe6, 0x80, 0xeb, 0xfa};  // and is read forever
  const Result first = run(code, "--max-time 3ms --reproducible");
  REQUIRE(first.statistics["events"]["port-read"].get<u64>() > 100);
  for (const char* slice : {"10000", "7", "123456"}) {
    const Result again = run(code, std::string("--max-time 3ms --reproducible --slice ") + slice);
    REQUIRE(again.statistics == first.statistics);
  }
}

TEST_CASE("typing reaches the guest's serial port") {
  // Waits for a character (line status bit 0), sends it back, and once it is sent (bit 6) powers off.
  std::vector<u8> code = {0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74,
                          0xfb, 0x66, 0xba, 0xf8, 0x03, 0xec, 0xee};
  code.insert(code.end(), kPowerOff.begin(), kPowerOff.end());
  REQUIRE(run(code, "--max-time 1s", "Q").output == "Q");
  REQUIRE(run(code, "--max-time 1s --reproducible", "Q").status == 124);
}

TEST_CASE("INIT and start-up IPI start a second processor, which can end the run") {
  const std::vector<u8> code = {
      0xc7, 0x05, 0x00, 0x80, 0x00, 0x00, 0xb0, 0x21, 0xe6, 0xf4,  // at 8000h: mov $0x21, %al; out %al, $0xf4
      0xc7, 0x05, 0x10, 0x03, 0xe0, 0xfe, 0x00, 0x00, 0x00, 0x01,  // ICR high: APIC id 1
      0xc7, 0x05, 0x00, 0x03, 0xe0, 0xfe, 0x00, 0x45, 0x00, 0x00,  // ICR low: INIT
      0xc7, 0x05, 0x00, 0x03, 0xe0, 0xfe, 0x08, 0x46, 0x00, 0x00,  // SIPI, vector 08h
      0xfa, 0xf4};                                                 // no hang: the other one runs
  const Result result = run(code, "--cpus 2 --debug-exit");
  REQUIRE(result.status == 0x43);
  REQUIRE(result.errors.find("processor 1 was at 0800:0000000000000004, real mode") != std::string::npos);
  REQUIRE(run(code, "--cpus 1 --debug-exit").status == 116);
}

TEST_CASE("mistakes in files end with 2 and one line") {
  for (const std::string& arguments :
       {std::string("boot --kernel /no/such/file"), std::string("boot --kernel /etc/hostname"),
        std::string("boot --kernel " HVLAB_PROGRAM), std::string("boot --kernel / --memory 4M"),
        std::string("boot --kernel /etc/hostname --cpu pentium-9"),
        std::string("boot --kernel /etc/hostname --disk /no/such/disk"),
        std::string("boot --kernel /etc/hostname --stats /no/such/folder/stats"), std::string("launch"),
        std::string("")}) {
    const Scratch scratch;
    const std::string errors = (scratch.folder / "err").string();
    const int ended = std::system(
        (std::string(HVLAB_PROGRAM) + " " + arguments + " 2>" + errors + " >" + errors + ".out").c_str());
    const std::string text = content(errors);
    CAPTURE(arguments, text);
    CHECK(WEXITSTATUS(ended) == 2);
    CHECK(std::count(text.begin(), text.end(), '\n') == 1);
    CHECK(text.starts_with("hvlab: "));
    CHECK(content(errors + ".out").empty());
  }
}

}  // namespace hvlab
