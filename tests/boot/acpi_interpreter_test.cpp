// Would catch: AML that a real interpreter refuses or evaluates to something else. Runs ACPICA's own
// interpreter (acpiexec) and disassembler (iasl) of package acpica-tools.
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>

#include "sim/boot/acpi.hpp"
#include "temporary_folder.hpp"

using namespace hvlab;
using namespace hvlab::boot;
using Catch::Contains;

namespace {

std::string output(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1 </dev/null").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> part{};
  while (const size_t count = fread(part.data(), 1, part.size(), pipe)) text.append(part.data(), count);
  pclose(pipe);
  return text;
}

}  // namespace

TEST_CASE("ACPICA loads the DSDT and finds processors, links and the sleep state") {
  const test::TemporaryFolder folder("acpi");
  const std::string dsdt = folder.file("dsdt.aml", make_dsdt(4));
  const auto evaluate = [&](const std::string& object) {
    return output("cd " + folder.path.string() + " && acpiexec -b 'evaluate " + object + "' " + dsdt);
  };
  CHECK_THAT(evaluate("\\_SB.C003._STA"), Contains("[Integer] = 000000000000000F"));
  CHECK_THAT(evaluate("\\_SB.C004._STA"), Contains("[Integer] = 0000000000000000"));
  CHECK_THAT(evaluate("\\_S5"), Contains("[Package] Contains 4 Elements"));
  // Extended interrupt descriptor: consumer, level, active high, shared; three interrupts: 5, 10, 11.
  CHECK_THAT(evaluate("\\_SB.LNKD._PRS"), Contains("89 0E 00 09 03 05 00 00 00 0A 00 00 00 0B 00 00"));
  CHECK_THAT(evaluate("\\_SB.LNKB._CRS"), !Contains("ACPI Error") && Contains("89 06 00 09 01"));
}

TEST_CASE("the disassembler finds nothing wrong with the tables") {
  const test::TemporaryFolder folder("acpi");
  for (const auto& [name, table] :
       {std::pair{"apic", make_madt(8)}, std::pair{"facp", make_fadt(0x1000, 0x2000)},
        std::pair{"hpet", make_hpet()}, std::pair{"dsdt", make_dsdt(8)}}) {
    INFO(name);
    const std::string file = folder.file(std::string(name) + ".dat", table);
    CHECK_THAT(output("iasl -d " + file), !Contains("rror") && !Contains("arning") && !Contains("nvalid"));
    std::ifstream text(folder.path / (std::string(name) + ".dsl"));
    const std::string source((std::istreambuf_iterator<char>(text)), {});
    CHECK(source.size() > 500);
    CHECK_THAT(source, !Contains("incorrect") && !Contains("Unknown") && !Contains("truncated"));
  }
}
