// Would catch: a resolved file that is not valid, says something else than what it was made of, or lacks a
// key; a value without its origin.
#include <catch2/catch.hpp>

#include "sample.hpp"
#include "sim/scenario/print.hpp"

using namespace hvlab;
using namespace hvlab::scenario;

namespace {

constexpr const char* kMuch = R"(title: "odd: # \"title\""
seed: 0x10
clock: 2025-02-28
machine:
  processor: intel-skylake
  without: [svm, x2apic]
  costs: {vm_exit: 1000, vm_entry: 1}
  cores: 3
  memory: 1GiB
  timing: functional
  disks:
    - {size: 4MiB, interface: ide}
    - image: "a: b.img"
  nics: [{link: ethernet-100m}]
software:
  kernel: {file: kernel.elf, sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
  initrds: [{file: one}, {file: two, arguments: "- x"}]
  loader: pvh
  append: 'console=ttyS0, "quoted"'
limits: {time: 2min, instructions: 1_000}
ending: reset
expect:
  - {console: "a\tb\\", at_most: 0}
  - metric: memory.each
    reference: {value: 2.5, within: 0.25, source: "A, B: C"}
)";

constexpr const char* kVms = R"(title: VMs
software: {way: kvm}
vms:
  - {vcpus: 2, memory: 256MiB, shares: 50, limit: 0.5, cores: "0"}
  - {}
events:
  - {at: 500ms, pause: 1}
  - {at: 1.5s, resume: 1}
)";

std::string resolved(const std::string& text, size_t cell, bool origins = false) {
  std::string report;
  const auto scenario = test::read(text, report);
  INFO(report);
  REQUIRE(scenario);
  REQUIRE(cell < scenario->cells.size());
  return print_cell(*scenario, scenario->cells[cell], origins);
}

}  // namespace

TEST_CASE("a resolved file is valid and resolves to itself") {
  for (const char* text : {kMuch, kVms, test::kGood}) {
    const std::string once = resolved(text, 0);
    CAPTURE(once);
    CHECK(resolved(once, 0) == once);
    CHECK(resolved(resolved(text, 0, true), 0) == once);
  }
  CHECK(resolved(resolved(test::kGood, 3), 0) == resolved(test::kGood, 3));
}

TEST_CASE("a resolved file says what the file says") {
  const std::string text = resolved(kMuch, 0);
  for (const char* line : {"title: \"odd: # \\\"title\\\"\"\n", "seed: 16\n", "clock: 2025-02-28\n",
                           "  without: [svm, x2apic]\n", "  costs: {vm_exit: 1000, vm_entry: 1}\n",
                           "  - size: 4MiB\n", "    interface: ide\n", "    image: \"a: b.img\"\n",
                           "  time: 120s\n", "  instructions: 1000\n", "ending: reset\n"}) {
    CAPTURE(line, text);
    CHECK_THAT(text, Catch::Contains(line) || Catch::Contains(std::string(line).replace(2, 2, "- ")));
  }
}

TEST_CASE("partitions divide the processors, virtual machines share them") {
  const std::string two =
      ", vary: {software.model: [monolithic, partition]}, machine: {cores: 6}, vms: [{}, {}]}\n";
  CHECK(resolved("{title: T, software: {model: monolithic}" + two, 0).find("vcpus: 6") != std::string::npos);
  CHECK(resolved("{title: T, software: {model: monolithic}" + two, 1).find("vcpus: 3") != std::string::npos);
}

TEST_CASE("a text that looks like a number stays a text") {
  CHECK(resolved(kVms, 0).find("cores: \"0\"\n") != std::string::npos);
}

TEST_CASE("every line says where its value came from") {
  const std::string text = resolved(test::kGood, 2, true);
  using Catch::Contains;
  CHECK_THAT(text, Contains("# folder/file.yaml:1\n") && Contains("# default\n") && Contains("# way kvm\n"));
  CHECK_THAT(text, Contains("cores: 1 ") && Contains("# folder/file.yaml:7\n"));
}

TEST_CASE("one cell's file has what is expected of this cell alone") {
  const std::string bare = resolved(test::kGood, 0), kvm = resolved(test::kGood, 2);
  CHECK(bare.find("against") == std::string::npos);
  CHECK(bare.find("exits.hlt") == std::string::npos);
  CHECK(kvm.find("exits.hlt") != std::string::npos);
  CHECK(kvm.find("same:") == std::string::npos);
}

// Catches shadow paging that is AMD's alone, and a processor that is asked to do without what it never had.
TEST_CASE("a way without nested paging takes off what the processor calls it") {
  const auto machine = [](const std::string& processor) {
    return resolved("{title: T, machine: {processor: " + processor + "}, software: {way: kvm-shadow}}", 0);
  };
  using Catch::Contains;
  CHECK_THAT(machine("amd-zen2"), Contains("without: [npt]\n"));
  CHECK_THAT(machine("intel-skylake"), Contains("without: [ept]\n"));
  CHECK_THAT(machine("intel-penryn"), Contains("without: []\n"));
  CHECK_THAT(resolved("{title: T, software: {way: kvm-shadow}}", 0), Contains("without: [npt]\n"));
  CHECK_THAT(resolved("{title: T, software: {way: kvm}}", 0), Contains("without: []\n"));
}
