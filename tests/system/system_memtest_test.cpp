// Memtest86+ on the bare machine, by the Linux boot protocol: an independent witness for memory, string
// instructions and vector stores, processors started by a program that is no operating system, and a keyboard
// and screen that it expects.
#include <catch2/catch.hpp>
#include <regex>

#include "guest_run.hpp"

using namespace hvlab::test;

TEST_CASE("memtest86+ finds no error") {
  struct Variant {
    const char *program, *processors, *time;
    std::vector<std::string> tests;  // that the time is enough for
  };
  const Variant variant =
      GENERATE(Variant{"memtest86+x64.bin",
                       "1",
                       "10s",
                       {"#0  [Address test", "[Moving inversions", "[Random number sequence]"}},
               Variant{"memtest86+x64.bin", "4", "4s", {"#0  [Address test"}},
               Variant{"memtest86+ia32.bin", "1", "4s", {"#0  [Address test"}});
  static const bool there = (need_systems({"memtest"}), true);
  REQUIRE(there);
  const GuestRun run = run_guest({"--kernel", debian_cache() + "/memtest86+/root/boot/" + variant.program,
                                  "--cpus", variant.processors, "--memory", "16M", "--append",
                                  "console=ttyS0,115200", "--max-time", variant.time});
  INFO(variant.program);
  INFO(run.errors);
  CHECK(run.status == 124);
  for (const std::string& test : variant.tests) {
    INFO(test);
    CHECK(run.console.find(test) != std::string::npos);
  }
  CHECK(run.console.find("Errors: 0") != std::string::npos);
  CHECK(!std::regex_search(run.console, std::regex("Errors: +[1-9]")));
}
