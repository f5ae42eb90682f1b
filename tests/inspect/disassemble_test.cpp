// Code as text, and the instructions in front of RIP.
#include "sim/decode/disassemble.hpp"

#include <catch2/catch.hpp>

#include "guest_machine.hpp"
#include "sim/inspect/code_listing.hpp"

using namespace hvlab;
using namespace hvlab::test;

TEST_CASE("an instruction is told in Intel's syntax, with where it leads") {
  const u8 call[] = {0xE8, 0xFB, 0x0F, 0x00, 0x00};
  const auto found = decode::disassemble(call, sizeof call, 8, 0x1000);
  REQUIRE(found);
  CHECK(found->text == "call 0x2000");
  CHECK(found->length == 5);
  CHECK(found->target == 0x2000);
  const u8 load[] = {0x48, 0x8B, 0x05, 0x10, 0x00, 0x00, 0x00};  // MOV RAX, [RIP+10h]
  CHECK(decode::disassemble(load, sizeof load, 8, 0x1000)->target == 0x1017);
  CHECK_FALSE(decode::disassemble(call, 3, 8, 0x1000));  // not all there
  const u8 none[] = {0x0F, 0xFF, 0xFF};
  const u8 wide[] = {0xB8, 0x34, 0x12};
  CHECK(decode::disassemble(wide, 3, 2, 0)->text == "mov ax, 0x1234");
  (void)none;
}

// Catches lines that begin in the middle of an instruction, and a marker at the wrong one.
TEST_CASE("code around RIP begins at instructions") {
  GuestMachine m;
  const u8 code[] = {0x90, 0xB8, 1, 0, 0, 0, 0x48, 0x83, 0xC0, 0x08, 0x0F, 0x01, 0xD9, 0xF4};
  std::fill_n(m.bus.ram.data() + kCode - 200, 200, u8{0x90});
  m.write(kCode, code);
  m.cpu().rip = kCode + 10;
  const auto lines = inspect::code_around(
      m.cpu(), 3, 2, [](const cpu::Cpu&, u64 address) { return address == kCode + 13 ? "end" : ""; });
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].text == "nop");
  CHECK(lines[1].text == "mov eax, 0x1");
  CHECK(lines[2].text == "add rax, 0x8");
  CHECK(lines[3].text == "vmmcall");
  CHECK(lines[3].current);
  CHECK(lines[4].symbol == "end");
  m.poke<u64>(m.pte_address(kCode), 0);
  const auto gone = inspect::code_around(m.cpu(), 3, 2, nullptr);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].text == "(not mapped to memory)");
}
