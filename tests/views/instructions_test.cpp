// Lists of instructions: what is asked for covers what is shown; each pixel has its instruction.
#include <catch2/catch.hpp>

#include "sim/base/user_error.hpp"
#include "sim/views/instructions.hpp"

namespace hvlab::views {
namespace {

using record::Json;

Json listed(u64 time, u64 processor, const Json& cycles, const char* text) {
  return {{"time", time},
          {"processor", processor},
          {"rip", "0x0000000000100020"},
          {"cpl", 3},
          {"cycles", cycles},
          {"text", text},
          {"in_guest", true},
          {"vm", 1},
          {"vcpu", 2},
          {"completed", false}};
}

// At 1 GHz: a cycle is 1000 ps.
Json document() {
  return {{"schema", "hvlab.instructions/1"},
          {"frequency_hz", 1'000'000'000},
          {"processors", 2},
          {"from", 1000},
          {"until", 20'000},
          {"instructions",
           {listed(1000, 0, 2, "mov eax, 1"), listed(3000, 0, 1, "rep movsb"), listed(3500, 1, 4, "nop"),
            listed(4000, 0, nullptr, "hlt")}}};
}

}  // namespace

// Catches instructions that go to another processor, or end elsewhere than where the next begins.
TEST_CASE("a list of instructions is read") {
  const InstructionList list = instruction_list(document());
  REQUIRE(list.processors.size() == 2);
  const std::vector<Instruction>& own = list.processors[0];
  REQUIRE(own.size() == 3);
  CHECK(own[0].end == 3000);
  CHECK(own[1].end == 4000);
  CHECK(own[2].end == 20'000);  // halted: until when is not known
  CHECK_FALSE(own[2].cycles);
  CHECK(own[0].rip == 0x100020);
  CHECK(own[0].vm == 1);
  CHECK(own[0].vcpu == 2);
  CHECK_FALSE(own[0].completed);
  CHECK(own[0].mnemonic() == "mov");
  CHECK(own[1].mnemonic() == "rep movsb");
  CHECK(own[2].mnemonic() == "hlt");
  REQUIRE(list.processors[1].size() == 1);
  CHECK(list.processors[1][0].end == 7500);  // its cycles
  CHECK(instruction_at(own, 999) == nullptr);
  CHECK(instruction_at(own, 1000) == &own[0]);
  CHECK(instruction_at(own, 2999) == &own[0]);
  CHECK(instruction_at(own, 3000) == &own[1]);
  CHECK(instruction_at(list.processors[1], 7500) == nullptr);
}

// Catches a viewer that goes down with what it was told.
TEST_CASE("what is no list of instructions is refused") {
  CHECK_THROWS_AS(instruction_list(Json()), UserError);
  CHECK_THROWS_AS(instruction_list(Json::array()), UserError);
  CHECK_THROWS_AS(instruction_list(Json{{"schema", "hvlab.machine/1"}}), UserError);
  for (const char* name : {"from", "until", "processors", "frequency_hz", "instructions"}) {
    Json damaged = document();
    damaged.erase(name);
    CHECK_THROWS_AS(instruction_list(damaged), UserError);
    damaged[name] = "x";
    CHECK_THROWS_AS(instruction_list(damaged), UserError);
  }
  Json damaged = document();
  damaged["instructions"][0]["time"] = "soon";
  CHECK_THROWS_AS(instruction_list(damaged), UserError);
  damaged = document();
  damaged["instructions"][0]["processor"] = 7;
  CHECK(instruction_list(damaged).processors[0].size() == 2);
}

// Catches a span part of which nobody asks for, and a question for each step of panning.
TEST_CASE("a stretch of instructions has all of the span, and the same for spans near it") {
  for (Picoseconds from = 0; from < 5 * kMicrosecond; from += 12'345) {
    for (const Picoseconds span : {Picoseconds{1000}, kMicrosecond / 5, kMicrosecond / 2, 2 * kMicrosecond}) {
      const auto stretch = instruction_stretch(from, from + span);
      REQUIRE(stretch);
      CHECK(stretch->at <= from);
      CHECK(stretch->until >= from + span);
    }
  }
  CHECK(instruction_stretch(3'100'000, 3'200'000) == instruction_stretch(3'300'000, 3'400'000));
  CHECK_FALSE(instruction_stretch(0, 9 * kMicrosecond));
  CHECK(instruction_question("runs/a", {0, 5}) == std::vector<std::string>{"inspect", "runs/a", "--at", "0",
                                                                           "--until", "5ps", "--instructions",
                                                                           "20000", "--json"});
}

// Catches lists that are asked for all the time, or never.
TEST_CASE("instructions fit where a cycle has two pixels") {
  CHECK(instructions_fit(200'000, 1200, 3'000'000'000));
  CHECK_FALSE(instructions_fit(200'001, 1200, 3'000'000'000));
}

// Catches cells that do not lie where their instructions are, and more of them than pixels.
TEST_CASE("cells lie where their instructions are, and are no more than pixels") {
  const InstructionList list = instruction_list(document());
  const auto cells = instruction_cells(list.processors[0], 0, 10'000, 100);
  REQUIRE(cells.size() == 3);
  CHECK(cells[0].left == Approx(10));
  CHECK(cells[0].right == Approx(30));
  CHECK(cells[1].right == Approx(40));
  CHECK(cells[2].right == Approx(200));
  CHECK(instruction_cells(list.processors[0], 3000, 4000, 10).size() == 1);
  CHECK(instruction_cells(list.processors[0], -5000, 1000, 10).empty());
  // In two columns of 5000 ps all three begin in the first.
  const auto few = instruction_cells(list.processors[0], 0, 10'000, 2);
  REQUIRE(few.size() == 1);
  CHECK(few[0].count == 3);
}

}  // namespace hvlab::views
